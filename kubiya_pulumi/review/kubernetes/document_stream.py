"""The documents of a manifest, divided as Kubernetes divides them.

It follows `NewYAMLOrJSONDecoder` of `k8s.io/apimachinery`, which kubectl and Pulumi's Kubernetes
provider use: JSON objects one after another, or YAML documents between lines of `---`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from typing import Any, NoReturn

from kubiya_pulumi.review.errors import ManifestError
from kubiya_pulumi.review.kubernetes.limits import (
    MAX_DOCUMENTS,
    TOO_DEEP,
    Budget,
    check_json_limits,
    value_budget,
)
from kubiya_pulumi.review.kubernetes.yaml_nodes import refuse
from kubiya_pulumi.review.kubernetes.yaml_reader import read_yaml
from kubiya_pulumi.review.kubernetes.yaml_scalars import json_number

_GO_SPACE = " \t\n\v\f\r\x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(
    map(chr, range(0x2000, 0x200B))
)
_BYTE_ORDER_MARK = "\ufeff"
_JSON_SPACE = " \t\r\n"
# The decoder of the provider reads so many bytes to see whether a manifest is JSON.
_LOOKAHEAD = 128
# After JSON, the decoder needs so many bytes to continue with YAML.
_MIN_REMAINDER = 4


@dataclass(frozen=True)
class Document:
    """A document of a manifest."""

    value: Any
    """Plain JSON data; None for an empty document."""
    line: int
    """The line at which the document begins, counted from 1."""
    lines: dict[int, int] = field(default_factory=dict, repr=False)
    """The line of each mapping, by its `id`. Empty for JSON."""


def read_documents(text: str) -> Iterator[Document]:
    """Read the documents of a manifest.

    Args:
        text: the manifest.

    Yields:
        The documents, in order, the empty ones included.

    Raises:
        ManifestError: Kubernetes refuses the text, or reads a construct differently from every
            other parser, or the text exceeds a limit.
    """
    for number, document in enumerate(_documents(text, value_budget()), start=1):
        if number > MAX_DOCUMENTS:
            raise ManifestError(f"has more than {MAX_DOCUMENTS:,} documents")
        yield document


def _documents(text: str, budget: Budget) -> Iterator[Document]:
    position = 0
    start = text[:_LOOKAHEAD].encode(errors="replace")[:_LOOKAHEAD].decode(errors="ignore")
    if start.lstrip(_GO_SPACE).startswith("{"):
        position = yield from _json_documents(text, budget)
    if position < len(text):
        yield from _yaml_documents(text[position:], _line_at(text, position), budget)


def _json_documents(text: str, budget: Budget) -> Generator[Document, None, int]:
    """Yield JSON objects, and return the position at which YAML begins."""
    count = end = 0
    line = 1
    while (position := _skip(text, end, _JSON_SPACE)) < len(text):
        line += text.count("\n", end, position)
        try:
            value, next_end = _decode_object(text, position)
        except RecursionError:
            raise ManifestError(TOO_DEEP) from None
        except (ValueError, TypeError):
            if count > 1:
                refuse(line, "JSON objects are followed by something else")
            return _start_of_yaml(text, end)
        check_json_limits(value, budget)
        _check_surrogates(value, line)
        yield Document(value, line)
        line += text.count("\n", position, next_end)
        count, end = count + 1, next_end
    return len(text)


def _decode_object(text: str, position: int) -> tuple[dict[str, Any] | None, int]:
    value, end = _DECODER.raw_decode(text, position)
    if not isinstance(value, dict | None):
        raise TypeError
    return value, end


def _check_surrogates(value: object, line: int) -> None:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        refuse(line, "a JSON string contains one half of a surrogate pair")


def _number(digits: str) -> int | float:
    number = float(digits)
    if math.isinf(number):
        raise ValueError(digits)
    return json_number(number)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


_DECODER = json.JSONDecoder(parse_int=_number, parse_float=_number, parse_constant=_no_constant)


def _skip(text: str, position: int, characters: str) -> int:
    while position < len(text) and text[position] in characters:
        position += 1
    return position


def _start_of_yaml(text: str, position: int) -> int:
    """Return where YAML begins after JSON: at the next line, or before that at other text."""
    end = _skip(text, position, _GO_SPACE.replace("\n", ""))
    if len(text[end : end + _MIN_REMAINDER].encode()) < _MIN_REMAINDER:
        refuse(_line_at(text, position), "is neither JSON nor YAML")
    return end + 1 if text[end] == "\n" else end


def _line_at(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1


def _yaml_documents(text: str, first_line: int, budget: Budget) -> Iterator[Document]:
    buffer: list[str] = []
    start = first_line
    for number, line in enumerate(_split_lines(text), start=first_line):
        if line.startswith("---"):
            comment = line.removeprefix("---").strip(_GO_SPACE)
            if comment and not comment.startswith("#"):
                refuse(
                    number, "a line that begins with `---` contains something else; end it there"
                )
            if buffer:
                yield _yaml_document(buffer, start, budget)
                buffer, start = [], number + 1
                continue
        buffer.append(f"{line}\n")
    if buffer:
        yield _yaml_document(buffer, start, budget)


def _split_lines(text: str) -> Iterator[str]:
    *lines, last = text.split("\n")
    for line in lines:
        yield line.removesuffix("\r")
    if last:
        yield last


def _yaml_document(buffer: list[str], line: int, budget: Budget) -> Document:
    lines: dict[int, int] = {}
    text = "".join(buffer).removeprefix(_BYTE_ORDER_MARK)
    if _BYTE_ORDER_MARK in text:
        refuse(
            line + text.count("\n", 0, text.index(_BYTE_ORDER_MARK)),
            "a byte order mark (U+FEFF) is not at the start of a document",
        )
    return Document(read_yaml(text, line, lines, budget), line, lines)
