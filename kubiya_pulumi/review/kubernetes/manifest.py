"""The objects of a manifest, its text for Kubernetes, and the hash that identifies it."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from kubiya_pulumi.review.errors import ManifestError
from kubiya_pulumi.review.kubernetes.document_stream import Document, read_documents

# JSON allows these characters in a string, YAML only as an escape sequence.
_NOT_IN_YAML = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")

_TYPE_NAMES = {
    bool: "a boolean",
    int: "a number",
    float: "a number",
    list: "a list",
    dict: "a mapping",
}

Body = Mapping[str, Any]
"""A Kubernetes object as plain data."""


@dataclass(frozen=True)
class KubernetesObject:
    """One object of a manifest."""

    api_version: str
    kind: str
    namespace: str
    """Empty if the manifest sets none, as for cluster-scoped objects."""
    name: str
    body: Body = field(repr=False, compare=False)
    """The whole object. It may contain secrets, so the `repr` omits it."""
    line: int = field(default=1, repr=False, compare=False)
    """The line of the manifest at which the object begins, counted from 1."""


def sha256_of(text: str) -> str:
    """Return the SHA-256 of a manifest in UTF-8, as 64 hexadecimal digits."""
    return hashlib.sha256(text.encode()).hexdigest()


def parse_manifest(text: str) -> tuple[KubernetesObject, ...]:
    """Parse the objects of a manifest as kubectl and Pulumi's Kubernetes provider do.

    Lists are expanded and empty documents are skipped. Any object with a list of `items` is a
    list, whatever its kind.

    Args:
        text: YAML documents, or JSON objects one after another.

    Returns:
        The objects, in the order of the text.

    Raises:
        ManifestError: the text is empty, a web page or too large, Kubernetes refuses it, or a
            document is not a Kubernetes object.
    """
    content = text.lstrip("\ufeff \t\r\n")
    if not content:
        raise ManifestError("is empty")
    if content.startswith("<"):
        raise ManifestError("is a web page (HTML or XML), not Kubernetes YAML")
    objects = tuple(
        item
        for number, document in enumerate(read_documents(text), start=1)
        if document.value is not None and document.value != {}
        for item in _objects(document.value, document, f"document {number}")
    )
    if not objects:
        raise ManifestError("contains no Kubernetes objects, only empty documents")
    return objects


def render_manifest(objects: Iterable[KubernetesObject]) -> str:
    """Return the objects as a manifest that every YAML parser reads alike.

    Each object is a document of its own, written as JSON: all strings are quoted.

    Args:
        objects: the result of `parse_manifest`.
    """
    return "".join(f"---\n{_render(item.body)}\n" for item in objects)


def _render(value: object, indent: str = "") -> str:
    deeper = f"{indent}  "
    match value:
        case dict() if value:
            lines = (f"{_render(key)}: {_render(entry, deeper)}" for key, entry in value.items())
            return _render_lines("{", lines, "}", indent)
        case list() if value:
            return _render_lines("[", (_render(entry, deeper) for entry in value), "]", indent)
        case float():
            # YAML parsers that follow YAML 1.1 want a point before the exponent.
            mantissa, separator, exponent = repr(value).partition("e")
            point = ".0" if separator and "." not in mantissa else ""
            return f"{mantissa}{point}{separator}{exponent}"
    text = json.dumps(value, ensure_ascii=False)
    return _NOT_IN_YAML.sub(lambda found: f"\\u{ord(found.group()):04x}", text)


def _render_lines(start: str, lines: Iterable[str], end: str, indent: str) -> str:
    separator = f",\n{indent}  "
    return f"{start}\n{indent}  {separator.join(lines)}\n{indent}{end}"


def _objects(value: object, document: Document, where: str) -> Iterator[KubernetesObject]:
    if not isinstance(value, Mapping):
        raise ManifestError(f"is not Kubernetes YAML: {where} is not an object")
    items = value.get("items")
    if isinstance(items, list):
        for number, item in enumerate(items, start=1):
            yield from _objects(item, document, f"item {number} of {where}")
        return
    metadata = value.get("metadata")
    metadata = metadata if isinstance(metadata, Mapping) else {}
    namespace = metadata.get("namespace")
    yield KubernetesObject(
        api_version=_required_str(value, "apiVersion", where),
        kind=_required_str(value, "kind", where),
        namespace=_str(namespace, "metadata.namespace", where) if namespace is not None else "",
        name=_required_str(metadata, "name", where, path="metadata.name"),
        body=value,
        line=document.lines.get(id(value), document.line),
    )


def _required_str(mapping: Body, key: str, where: str, *, path: str = "") -> str:
    value = mapping.get(key)
    if value is None or value == "":
        raise ManifestError(f"is not Kubernetes YAML: {where} has no {path or key}")
    return _str(value, path or key, where)


def _str(value: object, path: str, where: str) -> str:
    if isinstance(value, str):
        return value
    raise ManifestError(
        f"is not Kubernetes YAML: {path} of {where} is {_TYPE_NAMES[type(value)]}, not a string; "
        "quote it"
    )
