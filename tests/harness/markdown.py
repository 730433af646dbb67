"""The Markdown pages of the repository: their links, their anchors and their blocks of code."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

from tests.harness.toolchain import ROOT

PAGES = sorted(
    [
        *ROOT.glob("*.md"),
        *ROOT.glob("docs/**/*.md"),
        *ROOT.glob("examples/*/*.md"),
        *ROOT.glob("tools/*.md"),
    ]
)
"""Every page that somebody reads in the repository or on the docs site."""
_PARSER = MarkdownIt("commonmark").enable("table")


@dataclass(frozen=True)
class CodeBlock:
    """A block of code of a page."""

    page: Path
    """The page."""
    line: int
    """The number of the line with its first fence, from 1."""
    language: str
    """The word after the fence, such as `python`; empty if there is none."""
    text: str
    """The code."""

    @property
    def place(self) -> str:
        """The page and the line, for a message: `docs/testing.md:6`."""
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def code_blocks(page: Path, language: str) -> list[CodeBlock]:
    """Return the blocks of a page in one language, in order."""
    return [
        CodeBlock(page, token.map[0] + 1, language, token.content)
        for token in _PARSER.parse(page.read_text("utf-8"))
        if token.type == "fence" and token.info.strip() == language and token.map
    ]


def links(page: Path) -> list[str]:
    """Return the targets of all links and images of a page, in order."""
    return [
        str(child.attrs[attribute])
        for child in _inline(page)
        for attribute in ("href", "src")
        if attribute in child.attrs
    ]


def anchors(page: Path) -> set[str]:
    """Return the anchors of the headings of a page, as GitHub and the docs site make them."""
    found: set[str] = set()
    tokens = _PARSER.parse(page.read_text("utf-8"))
    for before, token in pairwise(tokens):
        if before.type != "heading_open":
            continue
        text = "".join(
            child.content for child in token.children or () if child.type in {"text", "code_inline"}
        )
        anchor = re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")
        number, unique = 0, anchor
        while unique in found:
            number += 1
            unique = f"{anchor}-{number}"
        found.add(unique)
    return found


def _inline(page: Path) -> list[Token]:
    tokens = _PARSER.parse(page.read_text("utf-8"))
    return [child for token in tokens for child in token.children or ()]
