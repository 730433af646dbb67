"""Parse Markdown as GitHub does."""

from __future__ import annotations

from markdown_it import MarkdownIt
from markdown_it.token import Token


def tokens(markdown: str) -> list[Token]:
    """Return the block tokens of a comment and the inline tokens inside them."""
    parser = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    blocks = parser.parse(markdown)
    return [*blocks, *(inline for block in blocks for inline in block.children or ())]
