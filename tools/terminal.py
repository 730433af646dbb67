"""Commands shown as a person would type them, and then run."""

from __future__ import annotations

import shlex
import signal
import subprocess
import sys
from pathlib import Path


class CommandError(Exception):
    """A command failed. The message is a sentence, with what the command said if it was hidden."""


def show(*command: str, hint: str = "") -> None:
    """Print a command as it is typed, with a remark behind it."""
    print(f"\n  $ {shlex.join(command)}" + (f"    ({hint})" if hint else ""), flush=True)


def run(*command: str, cwd: Path | None = None, stdin: str = "") -> None:
    """Run a command to its end, its output on the terminal.

    Args:
        command: program and arguments.
        cwd: the folder to run in.
        stdin: what it reads from standard input.

    Raises:
        CommandError: it failed.
    """
    # In a process group of its own it gets one Ctrl-C, from here. A second one, from the
    # terminal, would make Pulumi stop without tidying up.
    with subprocess.Popen(
        command, cwd=cwd, stdin=subprocess.PIPE, text=True, process_group=0
    ) as process:
        try:
            process.communicate(stdin)
        except BaseException:
            process.send_signal(signal.SIGINT)
            process.wait()
            raise
    if process.returncode:
        raise CommandError(f"{shlex.join(command[:2])} failed; what it says is above")


def output(*command: str, cwd: Path | None = None) -> str:
    """Run a command and return what it prints; arguments and errors as for `run`."""
    done = subprocess.run(
        command, cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if done.returncode:
        said = (done.stderr or done.stdout).strip()
        raise CommandError(f"{shlex.join(command[:2])} failed: {said}")
    return done.stdout.strip()


def color() -> str:
    """Whether Pulumi is to use colour here, as the value of its `--color`."""
    return "always" if sys.stdout.isatty() else "never"
