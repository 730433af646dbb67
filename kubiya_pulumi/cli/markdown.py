"""Markdown for comments: foreign text that stays text, and tables that fit in the room there is."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Table:
    """A table under a heading.

    Args:
        title: its heading, in plain words.
        header: the columns' names.
        rows: cells in Markdown, in which foreign text stands in `code` only.
        note: a paragraph above the rows, in Markdown.
        folded: whether only the heading is seen until it is clicked.
    """

    title: str
    header: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    note: str = ""
    folded: bool = False


def code(text: str, most: int = 200) -> str:
    """Foreign text on one line, as a span of code: no markup, link or mention comes of it.

    Args:
        text: what somebody else wrote.
        most: the most characters of it that are shown.
    """
    content = _visible(" ".join(text.split())) or " "
    content = content if len(content) <= most else content[: most - 1] + "…"
    fence = "`" * (_longest_run(content) + 1)
    pad = " " if content[0] == "`" or content[-1] == "`" else ""
    return f"{fence}{pad}{content}{pad}{fence}"


def codes(texts: Iterable[str], most: int = 10) -> str:
    """Several of them: `a`, `b` and 3 more."""
    texts = list(texts)
    shown = ", ".join(code(text) for text in texts[:most])
    return f"{shown} and {len(texts) - most} more" if len(texts) > most else shown


def code_block(text: str, most: int) -> str:
    """Foreign text on several lines, of which the last `most` characters are shown."""
    content = "\n".join(_visible(line.expandtabs()) for line in text.strip().splitlines())
    content = content if len(content) <= most else "…" + content[1 - most :]
    fence = "`" * max(3, _longest_run(content) + 1)
    return f"{fence}text\n{content}\n{fence}"


def document(head: Sequence[str], tables: Sequence[Table], most_bytes: int | None = None) -> str:
    """Paragraphs and tables, cut by whole rows where they would not fit.

    Args:
        head: paragraphs that are never cut.
        tables: those that come first get their rows first.
        most_bytes: the room for all of it, in UTF-8. Default: no limit.
    """
    shown = [len(table.rows) for table in tables]
    if most_bytes is not None:
        frames = [_table(table, 0) for table in tables]
        room = most_bytes - _size("\n\n".join([*head, *frames])) - 1
        for number, table in enumerate(tables):
            shown[number], room = _fitting(table, room)
    parts = [*head, *(_table(table, count) for table, count in zip(tables, shown, strict=True))]
    return "\n\n".join(parts) + "\n"


def _fitting(table: Table, room: int) -> tuple[int, int]:
    """How many rows there is room for, and the room that is left then."""
    for count, row in enumerate(table.rows):
        size = _size(_row(row)) + 1
        if size > room:
            return count, room
        room -= size
    return len(table.rows), room


def _table(table: Table, shown: int) -> str:
    left_out = len(table.rows) - shown
    lines = [_row(table.header), _row(["---"] * len(table.header))]
    lines += [_row(row) for row in table.rows[:shown]]
    parts = [table.note, "\n".join(lines)]
    if left_out:
        rows = "row is" if left_out == 1 else "rows are"
        parts.append(f"**{left_out:,} more {rows} left out: a comment has no room for all.**")
    body = "\n\n".join(filter(None, parts))
    if table.folded:
        summary = f"<summary>{table.title} ({len(table.rows):,})</summary>"
        return f"<details>\n{summary}\n\n{body}\n\n</details>"
    return f"#### {table.title}\n\n{body}"


def _row(cells: Iterable[str]) -> str:
    # A table's cells end at each pipe that has no backslash, even inside a span of code.
    return "| " + " | ".join(re.sub(r"(\\*)\|", r"\1\1\\|", cell) for cell in cells) + " |"


def _visible(line: str) -> str:
    """Without control and format characters, which could hide or turn around what follows."""
    return "".join(c for c in line if unicodedata.category(c) not in ("Cc", "Cf", "Cs"))


def _longest_run(text: str) -> int:
    return max(map(len, re.findall("`+", text)), default=0)


def _size(text: str) -> int:
    return len(text.encode())
