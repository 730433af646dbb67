"""The command `completion`: print the script that completes commands and arguments in a shell."""

from __future__ import annotations

import argparse

from kubiya_pulumi.cli.command_parsers import command_line_parsers
from kubiya_pulumi.cli.files import write_message, write_text

SHELLS = ("bash", "zsh", "tcsh")

_FILE_METAVARS = frozenset({"FILE", "KUBECONFIG", "PATH"})
"""The arguments that the shell completes with names of files."""

_EPILOG = """\
Load it in every new shell:
  bash:  kubiya-pulumi completion bash > ~/.local/share/bash-completion/completions/kubiya-pulumi
  zsh:   kubiya-pulumi completion zsh > DIRECTORY/_kubiya-pulumi, where DIRECTORY is in $fpath
  tcsh:  kubiya-pulumi completion tcsh > ~/.kubiya-pulumi.tcsh, which ~/.tcshrc sources
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.description = "Print a script that completes commands and arguments in a shell."
    parser.epilog = _EPILOG
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("shell", choices=SHELLS, help="the shell to complete in")


def run(options: argparse.Namespace) -> int:
    """Print the script.

    Args:
        options: the parsed arguments.

    Returns:
        The exit status: 0 for success, 2 without the package shtab.

    Raises:
        FileError: the output cannot be written.
    """
    try:
        import shtab
    except ModuleNotFoundError as error:
        if error.name != "shtab":
            raise
        write_message("completion: the script requires an extra: pip install 'kubiya-pulumi[cli]'")
        return 2
    parser, commands = command_line_parsers()
    for command in commands:
        command.load()
        for action in command._actions:
            if action.metavar in _FILE_METAVARS:
                # shtab reads this attribute.
                action.complete = shtab.FILE  # type: ignore[attr-defined]
    script = shtab.complete(parser, options.shell)
    write_text(script if script.endswith("\n") else f"{script}\n")
    return 0
