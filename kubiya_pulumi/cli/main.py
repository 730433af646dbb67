"""The command line `kubiya-pulumi`: parse the arguments and run the command.

Each command is a module with two functions: `configure(parser)` adds the arguments, and
`run(options)` runs the command and returns the exit status. `command_parsers.py` imports the module
only if its command is used, so the requirements of one command neither slow down nor break another.

Status 1 has one meaning, which each command documents. An error of any other kind has status 2 and
one sentence on stderr.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence

from kubiya_pulumi.cli.command_parsers import COMMANDS, PROGRAM, command_line_parsers
from kubiya_pulumi.cli.files import FileError, flush_output, use_utf8, write_message

DEBUG_VARIABLE = "KUBIYA_PULUMI_DEBUG"
"""The environment variable that makes an unexpected error print its traceback."""

_FAILED = 2
_INTERRUPTED = 130
"""The status of a shell for a program that SIGINT ended."""


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
    command = arguments[0] if arguments and arguments[0] in COMMANDS else PROGRAM
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
    parser, _ = command_line_parsers()
    if not arguments:
        parser.print_help(sys.stderr)
        return _FAILED
    options = parser.parse_args(arguments)
    status: int = options.run(options)
    return status
