"""What a reader's browser makes of a comment in Markdown."""

from __future__ import annotations

from markdown_it import MarkdownIt
from markdown_it.token import Token


def tokens(markdown: str) -> list[Token]:
    """What GitHub would see in the comment: blocks, and what is inside of lines."""
    parser = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    blocks = parser.parse(markdown)
    return [*blocks, *(inner for block in blocks for inner in block.children or ())]
