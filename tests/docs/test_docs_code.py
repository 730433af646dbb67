"""The Python code of the pages compiles, and the complete programs pass the type checker.

A block that begins with an import is a complete program or module. Any other block is an excerpt,
which only has to compile. The blocks of docs/writing-a-dynamic-provider.md are the files of one
project, which has tests of its own.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from mypy import api

from tests.harness.markdown import PAGES, CodeBlock, code_blocks
from tests.harness.toolchain import ROOT
from tests.harness.tutorial import PAGE as TUTORIAL

BLOCKS = [block for page in PAGES for block in code_blocks(page, "python")]
PROGRAMS = [
    block for block in BLOCKS if re.match(r"(import|from) ", block.text) and block.page != TUTORIAL
]


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.place)
def test_a_block_compiles(block: CodeBlock) -> None:
    ast.parse(block.text, block.place)


@pytest.mark.slow
def test_the_programs_pass_the_type_checker(tmp_path: Path) -> None:
    files = {f"block_{number}.py": block for number, block in enumerate(PROGRAMS)}
    for name, block in files.items():
        # A line for each line of the page, so that an error has the number of the line there.
        (tmp_path / name).write_text("\n" * block.line + block.text)
    report, errors, _ = api.run(
        [
            "--strict",
            "--allow-untyped-defs",
            "--allow-untyped-calls",
            "--config-file=",
            "--hide-error-context",
            # Kept, because the first check of the SDKs takes a minute.
            f"--cache-dir={ROOT / '.mypy_cache' / 'docs'}",
            *(str(tmp_path / name) for name in files),
        ]
    )
    assert errors == ""
    found = [
        re.sub(r"^.*?(block_\d+\.py):", lambda match: f"{pages(files, match[1])}:", line)
        for line in report.splitlines()
        if "error:" in line
    ]
    assert found == []


def pages(files: dict[str, CodeBlock], name: str) -> str:
    return str(files[name].page.relative_to(ROOT))


def test_programs_are_found() -> None:
    assert len(PROGRAMS) > 20
