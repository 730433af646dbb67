"""The commands and programs of docs/get-started.md work as they are written, on the real engine."""

from __future__ import annotations

import shlex

import pytest

from kubiya_pulumi.emulator import Emulator
from tests.engine.conftest import Calls, MakeStack
from tests.harness.markdown import code_blocks
from tests.harness.toolchain import ROOT

PAGE = ROOT / "docs" / "get-started.md"

pytestmark = pytest.mark.engine


def pulumi_commands() -> list[list[str]]:
    """The arguments of the `pulumi` commands of the section about the emulator, in order."""
    blocks = code_blocks(PAGE, "sh")[:3]
    lines = [line for block in blocks for line in block.text.splitlines()]
    return [shlex.split(line)[1:] for line in lines if line.startswith("pulumi ")]


def test_the_first_runner(emulator: Emulator, bare_stack: MakeStack, calls: Calls) -> None:
    [project] = code_blocks(PAGE, "yaml")
    program = code_blocks(PAGE, "python")[0]
    stack = bare_stack(program.text)
    (stack.program / "Pulumi.yaml").write_text(project.text)
    done = []
    for command in pulumi_commands():
        command = [part.replace("http://127.0.0.1:8080", emulator.url) for part in command]
        command = [part.replace("any-key", emulator.api_key) for part in command]
        confirmed = ["--yes"] if command[0] in {"up", "destroy"} else []
        result = stack.run(*command, *confirmed)
        done.append(command[0])
        if command[0] == "up":
            assert list(emulator.runners) == ["runner-prod"]
            assert "full-access" in result.text
            calls()
        elif command[0] == "preview":
            assert calls() == []
    assert done == ["stack", "config", "config", "up", "preview", "destroy"]
    assert not emulator.runners
