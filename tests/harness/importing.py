"""Run `kubiya-pulumi import` for a stack, and read what it prints."""

from __future__ import annotations

import subprocess
import sys

from tests.harness.engine import Stack


def run_import(stack: Stack, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command as a user does: in the folder of the program, for the stack `dev`."""
    return subprocess.run(
        [sys.executable, "-m", "kubiya_pulumi", "import", "--stack", "dev", *arguments],
        cwd=stack.program,
        env=stack.environment(),
        capture_output=True,
        text=True,
        check=False,
    )


def next_steps(output: str) -> list[list[str]]:
    """Return the arguments of each `pulumi` command that the command prints."""
    lines = [line.partition("#")[0].split() for line in output.splitlines()]
    return [line[1:] for line in lines if line[:1] == ["pulumi"]]
