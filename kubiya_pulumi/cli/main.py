"""The command line `kubiya-pulumi`: parse the arguments and run the command.

Each command is a module with two functions: `configure(parser)` adds the arguments, and
`run(options)` runs the command and returns the exit status. The module is imported only if its
command is used, so the requirements of one command neither slow down nor break another.

Status 1 has one meaning, which each command documents. An error of any other kind has status 2 and
one sentence on stderr.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
import traceback
from collections.abc import Sequence
from typing import Any

from kubiya_pulumi.cli.files import FileError, flush_output, use_utf8, write_message
from kubiya_pulumi.version import VERSION

DEBUG_VARIABLE = "KUBIYA_PULUMI_DEBUG"
"""The environment variable that makes an unexpected error print its traceback."""

_PROGRAM = "kubiya-pulumi"
_FAILED = 2
_INTERRUPTED = 130
"""The status of a shell for a program that SIGINT ended."""

_COMMANDS = {
    "emulator": ("emulator_command", "serve a local Runners API, for demos and tests"),
    "import": ("import_command", "write an import file that takes existing runners into a stack"),
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
        The exit status: the one of the command; 2 without arguments, if the output cannot be
        written, or after an unexpected error; 130 after an interrupt.

    Raises:
        SystemExit: with status 2 for invalid arguments, 0 after a help text or the version.
    """
    arguments = sys.argv[1:] if argv is None else list(argv)
    command = arguments[0] if arguments and arguments[0] in _COMMANDS else _PROGRAM
    try:
        use_utf8()
        try:
            return _run(arguments)
        finally:
            flush_output()
    except KeyboardInterrupt:
        write_message(f"{command}: interrupted")
        return _INTERRUPTED
    except FileError as error:
        write_message(f"{command}: {error}")
        return _FAILED
    except Exception as error:  # noqa: BLE001 - Python's own status for it is 1.
        if os.environ.get(DEBUG_VARIABLE):
            traceback.print_exc()
        # The message of the exception may quote a secret of the input.
        write_message(
            f"{command}: unexpected {type(error).__name__}: this is an error of kubiya-pulumi; "
            f"set {DEBUG_VARIABLE}=1, which shows its traceback, and report it."
        )
        return _FAILED


def _run(arguments: Sequence[str]) -> int:
    parser = _parser()
    if not arguments:
        parser.print_help(sys.stderr)
        return _FAILED
    options = parser.parse_args(arguments)
    status: int = options.run(options)
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=_PROGRAM,
        description="Kubiya runners as code.",
        epilog="For details, run kubiya-pulumi COMMAND --help.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {VERSION}")
    commands = parser.add_subparsers(
        title="commands", metavar="COMMAND", required=True, parser_class=_CommandParser
    )
    for name, (module, help_text) in _COMMANDS.items():
        commands.add_parser(name, module=module, help=help_text)
    return parser


if __name__ == "__main__":
    sys.exit(main())
