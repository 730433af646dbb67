"""The command `kubiya-pulumi`: finds the subcommand and hands over to it.

Each subcommand is a module with `run(arguments)` that returns the exit status. It is imported
only when it is asked for, so one command's requirements never slow or break another.
"""

import argparse
import importlib
import os
import sys
from collections.abc import Mapping, Sequence
from typing import Final

from kubiya_pulumi.version import package_version

__all__ = ["main"]

_COMMANDS: Final[Mapping[str, str]] = {
    "emulator": "a local Runners API over HTTP, for demos and tests",
    "preview-report": "a Markdown comment on what pulumi preview --json printed",
    "review": "what a manifest asks for, and what it lacks",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command line.

    Args:
        argv: the arguments after the program's name; those of the process by default.

    Returns:
        The exit status: 0 for success, 1 for a failure that was explained or output that
        nobody reads to its end, 2 where there are no arguments, after the help text on stderr.

    Raises:
        SystemExit: 2 for arguments that cannot be, 0 after a help text or the version.
    """
    listed = "\n".join(f"  {name:<16}{meaning}" for name, meaning in sorted(_COMMANDS.items()))
    parser = argparse.ArgumentParser(
        prog="kubiya-pulumi",
        description="Kubiya runners as code.",
        epilog=f"commands:\n{listed}\n\nkubiya-pulumi COMMAND --help says more about each.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {package_version()}")
    parser.add_argument("command", choices=sorted(_COMMANDS), metavar="COMMAND")
    parser.add_argument("arguments", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    given = sys.argv[1:] if argv is None else argv
    if not given:
        parser.print_help(sys.stderr)
        return 2
    parsed = parser.parse_args(given)
    module = importlib.import_module(f"kubiya_pulumi.cli.{parsed.command.replace('-', '_')}_command")
    try:
        status: int = module.run(parsed.arguments)
    except BrokenPipeError:
        # Whoever read the output wanted no more of it, and Python would try again at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return status


if __name__ == "__main__":
    sys.exit(main())
