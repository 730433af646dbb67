"""The arguments of the command line: one parser for each command, configured on first use."""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Sequence
from typing import Any

from kubiya_pulumi.version import VERSION

PROGRAM = "kubiya-pulumi"

COMMANDS = {
    "completion": ("completion_command", "print a script that completes commands in a shell"),
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


class CommandParser(argparse.ArgumentParser):
    """The parser of one command, configured by the command's module on first use."""

    def __init__(self, *, module: str, **options: Any) -> None:
        super().__init__(**options, allow_abbrev=False)
        self._module: str | None = module

    def load(self) -> None:
        """Import the command and add its arguments, unless that has been done."""
        if self._module is not None:
            command = importlib.import_module(f"kubiya_pulumi.cli.{self._module}")
            self._module = None
            command.configure(self)
            self.set_defaults(run=command.run)

    def parse_known_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: Any = None
    ) -> tuple[Any, list[str]]:
        """Configure the parser, and reject unknown arguments with the command's own usage."""
        self.load()
        options, unknown = super().parse_known_args(args, namespace)
        if unknown:
            self.error(f"unrecognized arguments: {' '.join(unknown)}")
        return options, []


def command_line_parsers() -> tuple[argparse.ArgumentParser, list[CommandParser]]:
    """Return the parser of the command line, and the parser of each command."""
    parser = argparse.ArgumentParser(
        prog=PROGRAM,
        description="Kubiya runners as code.",
        epilog="For details, run kubiya-pulumi COMMAND --help.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {VERSION}")
    commands = parser.add_subparsers(
        title="commands", metavar="COMMAND", required=True, parser_class=CommandParser
    )
    return parser, [
        commands.add_parser(name, module=module, help=help_text)
        for name, (module, help_text) in COMMANDS.items()
    ]
