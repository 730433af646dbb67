"""The program that an import writes."""

from __future__ import annotations

import ast
import subprocess
import sys

import pytest

from kubiya_pulumi.api import Runner
from kubiya_pulumi.importing.candidates import Candidate
from kubiya_pulumi.importing.program_text import program_text
from kubiya_pulumi.importing.python_source import string_literal
from kubiya_pulumi.testing import MemoryClient, Mocks, run_program

HOSTILE = [
    "runner-prod",
    "runner_prod",
    "Runner Prod",
    "1st",
    "class",
    "match",
    "print",
    "pulumi",
    "KubiyaRunner",
    "эльф",
    "日本語の名前" * 6,
    "\"); import os; os.system('x') #",
    "it's",
    "both \" and '",
    "back\\slash",
    "line\nbreak\r\ttab",
    "bidi\u202e\u2066\u200b",
    "lone\ud800",
    "nul\x00",
    "x" * 300,
    "{name}",
]


def candidates(*, names: list[str] = HOSTILE) -> list[Candidate]:
    return [
        Candidate(
            resource_name=name,
            runner=Runner(name=name if number % 2 else f"runner-{number}", description=name),
        )
        for number, name in enumerate(names)
    ]


@pytest.mark.parametrize("protect", [False, True])
@pytest.mark.parametrize("deployment", [False, True])
def test_the_program_is_formatted_and_declares_each_runner_once(
    *, deployment: bool, protect: bool
) -> None:
    text = program_text(candidates(), deployment=deployment, protect=protect)
    assert all(character.isprintable() for character in text.replace("\n", ""))
    for arguments in (["format", "--check"], ["check", "--select=A,E9,F,N,W"]):
        result = subprocess.run(
            [sys.executable, "-m", "ruff", *arguments, "--isolated", "-"],
            input=text,
            capture_output=True,
            text=True,
        )
        assert result.returncode == 0, result.stdout + result.stderr
    calls = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Assign)]
    assert [ast.literal_eval(call.value.args[0]) for call in calls] == HOSTILE
    variables = [call.targets[0].id for call in calls]
    assert len(set(variables)) == len(HOSTILE)
    assert all(name.isidentifier() and name.isascii() for name in variables)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_literal_is_the_text(text: str) -> None:
    assert ast.literal_eval(string_literal(text)) == text


def test_the_program_runs() -> None:
    names = ["runner-prod", "1st", "class"]
    text = program_text(candidates(names=names), deployment=False, protect=True)
    mocks = Mocks(MemoryClient())
    run_program(lambda: exec(compile(text, "program", "exec"), {}), mocks)
    assert [(item.name, item.inputs["name"]) for item in mocks.resources] == [
        ("runner-prod", "runner-0"),
        ("1st", "1st"),
        ("class", "runner-2"),
    ]


def test_an_empty_description_stays_unmanaged() -> None:
    runner = Candidate(resource_name="a", runner=Runner(name="a", description=""))
    assert 'a = KubiyaRunner("a")\n' in program_text([runner], deployment=False, protect=False)
