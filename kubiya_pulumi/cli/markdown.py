"""Build Markdown comments: untrusted text is never markup, and tables fit the size limit."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from kubiya_pulumi.text import join_limited, remove_control_characters


@dataclass(frozen=True)
class Table:
    """A table under a heading."""

    title: str
    """The heading, in plain text."""
    header: tuple[str, ...]
    """The names of the columns."""
    rows: Sequence[tuple[str, ...]]
    """The cells, in Markdown. Untrusted text in them must be formatted by `code`."""
    note: str = ""
    """A paragraph above the rows, in Markdown."""
    folded: bool = False
    """Whether the table is collapsed until the reader clicks the heading."""


def code(text: str, max_length: int = 200) -> str:
    """Format untrusted text as a code span on one line: it cannot contain markup or mentions.

    Args:
        text: the untrusted text.
        max_length: the number of characters to show. Longer text is truncated.
    """
    content = remove_control_characters(" ".join(text.split())) or " "
    content = content if len(content) <= max_length else content[: max_length - 1] + "…"
    fence = "`" * (_max_backtick_run(content) + 1)
    padding = " " if content[0] == "`" or content[-1] == "`" else ""
    return f"{fence}{padding}{content}{padding}{fence}"


def codes(texts: Iterable[str]) -> str:
    """Format up to 10 texts as code spans: `a`, `b` and 3 more."""
    return join_limited(texts, 10, code)


def code_block(text: str, max_length: int) -> str:
    """Format untrusted text as a code block, up to its last `max_length` characters."""
    lines = text.strip().splitlines()
    content = "\n".join(remove_control_characters(line.expandtabs()) for line in lines)
    content = content if len(content) <= max_length else "…" + content[1 - max_length :]
    fence = "`" * max(3, _max_backtick_run(content) + 1)
    return f"{fence}text\n{content}\n{fence}"


def render_document(
    paragraphs: Sequence[str], tables: Sequence[Table], max_bytes: int | None = None
) -> str:
    """Render paragraphs and tables. Whole rows are omitted if the size limit is exceeded.

    Args:
        paragraphs: the paragraphs before the tables. They are never cut.
        tables: the tables. The rows of earlier tables take precedence.
        max_bytes: the size limit in bytes of UTF-8. Default: no limit.
    """
    row_counts = [len(table.rows) for table in tables]
    if max_bytes is not None:
        frames = [_render_table(table, 0) for table in tables]
        room = max_bytes - _byte_length("\n\n".join([*paragraphs, *frames])) - 1
        for number, table in enumerate(tables):
            row_counts[number], room = _count_fitting_rows(table, room)
    rendered = [
        _render_table(table, count) for table, count in zip(tables, row_counts, strict=True)
    ]
    return "\n\n".join([*paragraphs, *rendered]) + "\n"


def _count_fitting_rows(table: Table, room: int) -> tuple[int, int]:
    """Return how many rows fit in the room, in bytes, and how much room remains."""
    for count, row in enumerate(table.rows):
        size = _byte_length(_render_row(row)) + 1
        if size > room:
            return count, room
        room -= size
    return len(table.rows), room


def _render_table(table: Table, row_count: int) -> str:
    omitted = len(table.rows) - row_count
    lines = [_render_row(table.header), _render_row(["---"] * len(table.header))]
    lines += [_render_row(row) for row in table.rows[:row_count]]
    parts = [table.note, "\n".join(lines)]
    if omitted:
        rows = "row is" if omitted == 1 else "rows are"
        parts.append(
            f"**{omitted:,} more {rows} omitted: the comment has reached its size limit.**"
        )
    body = "\n\n".join(filter(None, parts))
    if table.folded:
        summary = f"<summary>{table.title} ({len(table.rows):,})</summary>"
        return f"<details>\n{summary}\n\n{body}\n\n</details>"
    return f"#### {table.title}\n\n{body}"


def _render_row(cells: Iterable[str]) -> str:
    # A pipe without a backslash ends a cell, even inside a code span.
    return "| " + " | ".join(re.sub(r"(\\*)\|", r"\1\1\\|", cell) for cell in cells) + " |"


def _max_backtick_run(text: str) -> int:
    return max(map(len, re.findall("`+", text)), default=0)


def _byte_length(text: str) -> int:
    return len(text.encode())
