"""The command line `kubiya-pulumi`: parse the arguments and run the command.

Each command is a module with two functions: `configure(parser)` adds the arguments, and
`run(options)` runs the command and returns the exit status. The module is imported only if its
command is used, so the requirements of one command neither slow down nor break another.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from typing import Any

from kubiya_pulumi.version import package_version

_COMMANDS = {
    "emulator": ("emulator_command", "serve a local Runners API, for demos and tests"),
    "preview-report": (
        "preview_report_command",
        "turn the output of pulumi preview --json into a Markdown comment",
    ),
    "review": ("review_command", "review what a manifest requests, and what it lacks"),
    "schema": ("schema_command", "print the Pulumi package schema of the resources"),
}
"""The module and the help text of each command."""


class _CommandParser(argparse.ArgumentParser):
    """The parser of one command, configured by the command's module on first use."""

    def __init__(self, *, module: str, **options: Any) -> None:
        super().__init__(**options, allow_abbrev=False)
        self._module = module

    def parse_known_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: Any = None
    ) -> tuple[Any, list[str]]:
        """Configure the parser, and reject unknown arguments with the command's own usage."""
        command = importlib.import_module(f"kubiya_pulumi.cli.{self._module}")
        command.configure(self)
        self.set_defaults(run=command.run)
        options, unknown = super().parse_known_args(args, namespace)
        if unknown:
            self.error(f"unrecognized arguments: {' '.join(unknown)}")
        return options, []


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        argv: the arguments after the program's name. Default: the arguments of the process.

    Returns:
        The exit status: the one of the command, 1 if the reader closed the output early, or 2
        without arguments, after the help text on stderr.

    Raises:
        SystemExit: with status 2 for invalid arguments, 0 after a help text or the version.
    """
    parser = _parser()
    arguments = sys.argv[1:] if argv is None else argv
    if not arguments:
        parser.print_help(sys.stderr)
        return 2
    options = parser.parse_args(arguments)
    try:
        status: int = options.run(options)
    except BrokenPipeError:
        # Python flushes stdout at exit, which would fail a second time.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="kubiya-pulumi",
        description="Kubiya runners as code.",
        epilog="For details, run kubiya-pulumi COMMAND --help.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {package_version()}")
    commands = parser.add_subparsers(
        title="commands", metavar="COMMAND", required=True, parser_class=_CommandParser
    )
    for name, (module, help_text) in _COMMANDS.items():
        commands.add_parser(name, module=module, help=help_text)
    return parser


if __name__ == "__main__":
    sys.exit(main())
