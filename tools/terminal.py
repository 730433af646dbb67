"""Show commands as a user would type them, and run them."""

from __future__ import annotations

import re
import shlex
import signal
import subprocess
import sys
import tempfile
from pathlib import Path


class CommandError(Exception):
    """A command failed.

    The message is a sentence. It contains the output of the command unless it was already shown.
    """


def show(*command: str, hint: str = "") -> None:
    """Print a command as a user would type it, followed by a hint."""
    print(f"\n  $ {shlex.join(command)}" + (f"    ({hint})" if hint else ""), flush=True)


def run(*command: str, cwd: Path | None = None, stdin: str = "", quiet: bool = False) -> str:
    """Run a command and wait for it.

    Args:
        command: the program and its arguments.
        cwd: the folder to run in. Default: the current one.
        stdin: the text for standard input.
        quiet: whether to return the output of the command instead of showing it.

    Returns:
        The output if `quiet`, otherwise an empty text.

    Raises:
        CommandError: the command failed.
    """
    # A file, not a pipe: a plugin that outlives the command would keep a pipe open.
    with tempfile.TemporaryFile("w+") as log:
        target = log if quiet else None
        # The separate process group ensures that the command receives only one Ctrl-C, from here.
        # A second one, from the terminal, would make Pulumi stop without cleaning up.
        with subprocess.Popen(
            command,
            cwd=cwd,
            stdin=subprocess.PIPE,
            stdout=target,
            stderr=target,
            text=True,
            process_group=0,
        ) as process:
            try:
                process.communicate(stdin)
            except BaseException:
                process.send_signal(signal.SIGINT)
                process.wait()
                raise
        log.seek(0)
        text = log.read()
    if process.returncode:
        details = f":\n{text}" if quiet else "; see its output above"
        raise CommandError(f"{shlex.join(command[:2])} failed{details}")
    return text


def output(*command: str, cwd: Path | None = None) -> str:
    """Run a command and return its output; for arguments and errors see `run`."""
    result = subprocess.run(
        command, cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if result.returncode:
        message = (result.stderr or result.stdout).strip()
        raise CommandError(f"{shlex.join(command[:2])} failed: {message}")
    return result.stdout.strip()


def result_lines(text: str) -> list[str]:
    """Return the lines of a Pulumi command that say how many resources it changed, and how long."""
    _, found, end = text.rpartition("\nResources:\n")
    lines = [line.strip() for line in end.splitlines() if found and line.strip()]
    return [line for line in lines if re.match(r"[+~-]|\d|Duration:", line)]


def color() -> str:
    """Return the value for `--color` of Pulumi that fits this terminal."""
    return "always" if sys.stdout.isatty() else "never"
