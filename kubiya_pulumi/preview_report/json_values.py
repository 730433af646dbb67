"""Decode the JSON in the output of the engine, and reject whatever is not wholly JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, NoReturn

from kubiya_pulumi.preview_report.errors import USAGE, PreviewError

MAX_DEPTH = 150
"""Values that are nested more deeply are rejected: the report reads them recursively."""

# The CLI may print lines before the JSON, such as "Installing policy pack …". JSON begins a line.
_START = re.compile(r"^[ \t]*(?=\{)", re.MULTILINE)
_SPACE = re.compile(r"[ \t\r\n]*")


def decode_objects(text: str) -> list[Mapping[str, Any]]:
    """Return the JSON objects of a text, in order. Lines before the first one are skipped.

    Raises:
        PreviewError: the text contains no JSON object, or anything else after the first one. The
            same applies to JSON that is truncated, nested too deeply, or has a key twice.
    """
    if not text.strip():
        raise PreviewError(f"is empty. {USAGE}")
    start = _START.search(text)
    if start is None:
        raise PreviewError(f"contains no JSON object. {USAGE}")
    decoder = json.JSONDecoder(object_pairs_hook=_unique_keys, parse_constant=_reject_constant)
    objects: list[Mapping[str, Any]] = []
    position = start.end()
    while position < len(text):
        value, position = _decode(decoder, text, position, is_first=not objects)
        if not isinstance(value, Mapping):
            raise PreviewError(f"is JSON, but not that of a preview. {USAGE}")
        objects.append(value)
        position = _skip_space(text, position)
    return objects


def _decode(
    decoder: json.JSONDecoder, text: str, position: int, *, is_first: bool
) -> tuple[object, int]:
    try:
        value, end = decoder.raw_decode(text, position)
    except RecursionError:
        raise PreviewError(f"is nested too deeply. {USAGE}") from None
    except ValueError:
        problem = "is not complete JSON" if is_first else "contains text after its JSON"
        raise PreviewError(f"{problem}. {USAGE}") from None
    if _is_deeper(value, MAX_DEPTH):
        raise PreviewError(f"is nested too deeply. {USAGE}")
    return value, end


def _skip_space(text: str, position: int) -> int:
    space = _SPACE.match(text, position)
    return space.end() if space else position


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    # Readers disagree on which of two equal keys counts.
    unique = dict(pairs)
    if len(unique) < len(pairs):
        raise PreviewError(f"has a key twice in one JSON object. {USAGE}")
    return unique


def _reject_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _is_deeper(value: object, depth: int) -> bool:
    if not isinstance(value, dict | list):
        return False
    children = value.values() if isinstance(value, dict) else value
    return depth == 0 or any(_is_deeper(child, depth - 1) for child in children)
