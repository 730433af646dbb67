"""Parsing a manifest into Kubernetes objects, and the hash that identifies it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import yaml

from kubiya_pulumi.review.errors import ManifestError
from kubiya_pulumi.review.kubernetes.limits import MAX_SCALAR_LENGTH, check_yaml_limits

SafeLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""PyYAML's loader. libyaml is about ten times as fast, but PyYAML may be built without it."""

# Kubernetes ends a document at such a line, YAML does not.
_AMBIGUOUS_SEPARATOR = re.compile(r"^---(?=[^ \t\r\n])[^\S\n]*(#|$)", re.MULTILINE)

# Scalars that Kubernetes reads as booleans or numbers and PyYAML does not.
_KUBERNETES_SCALARS = {
    "bool": (re.compile("[yYnN]$"), "yYnN"),
    "int": (re.compile("[-+]?0[oOxXbB][0-9a-fA-F_]+$"), "-+0"),
    "float": (re.compile(r"[-+]?(\.\d+|\d+(\.\d*)?)[eE][-+]?\d+$", re.ASCII), "-+.0123456789"),
}

_CONVERTED_TYPES = ("bool", "int", "float", "timestamp")

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


class _Loader(SafeLoader):  # type: ignore[misc]
    """PyYAML's loader, which reads plain scalars as Kubernetes does.

    A scalar that cannot be converted is a YAML error.
    """

    bool_values = SafeLoader.bool_values | {"y": True, "n": False}


def _bounded(convert: Callable[[Any, yaml.ScalarNode], object]) -> Callable[..., object]:
    def convert_bounded(loader: Any, node: yaml.ScalarNode) -> object:
        # Some conversions take quadratic time: "1:1:1" is a number to base 60.
        if len(node.value) <= MAX_SCALAR_LENGTH:
            with suppress(ValueError, LookupError, AttributeError, OverflowError):
                return convert(loader, node)
        raise yaml.constructor.ConstructorError(problem_mark=node.start_mark)

    return convert_bounded


for _tag in (f"tag:yaml.org,2002:{name}" for name in _CONVERTED_TYPES):
    _Loader.add_constructor(_tag, _bounded(SafeLoader.yaml_constructors[_tag]))

for _name, (_pattern, _first) in _KUBERNETES_SCALARS.items():
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_name}", _pattern, list(_first))


def sha256_of(text: str) -> str:
    """Return the SHA-256 of a manifest in UTF-8, as 64 hexadecimal digits."""
    return hashlib.sha256(text.encode()).hexdigest()


def parse_manifest(text: str) -> tuple[KubernetesObject, ...]:
    """Parse multi-document Kubernetes YAML.

    As in Pulumi's Kubernetes provider, lists are expanded and empty documents are skipped. Any
    object with a list of `items` is a list, whatever its kind.

    Args:
        text: the manifest.

    Returns:
        The objects, in the order of the text.

    Raises:
        ManifestError: the text is empty, a web page, not YAML or too large, or a document is not
            a Kubernetes object.
    """
    if not text.strip():
        raise ManifestError("is empty")
    if text.lstrip("\ufeff \t\r\n").startswith("<"):
        raise ManifestError("is a web page (HTML or XML), not Kubernetes YAML")
    if separator := _AMBIGUOUS_SEPARATOR.search(text):
        line = text.count("\n", 0, separator.start()) + 1
        raise ManifestError(
            f"is not Kubernetes YAML: line {line} begins with --- without a space after it, "
            "which only some parsers read as the end of a document"
        )
    objects = tuple(
        item
        for number, document in enumerate(_documents(text), start=1)
        if document is not None
        for item in _objects(document, f"document {number}")
    )
    if not objects:
        raise ManifestError("contains no Kubernetes objects, only empty documents")
    return objects


def _documents(text: str) -> Iterator[Any]:
    try:
        check_yaml_limits(text, _Loader)
        yield from yaml.load_all(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        # The message of the error quotes the manifest, so only the position is kept.
        mark = error.problem_mark
        where = f" (line {mark.line + 1}, column {mark.column + 1})" if mark else ""
        raise ManifestError(f"is not valid YAML{where}") from None
    except (yaml.YAMLError, ValueError, RecursionError):
        raise ManifestError("is not valid YAML") from None


def _objects(document: object, where: str) -> Iterator[KubernetesObject]:
    if not isinstance(document, Mapping):
        raise ManifestError(f"is not Kubernetes YAML: {where} is not an object")
    items = document.get("items")
    if isinstance(items, list):
        for number, item in enumerate(items, start=1):
            yield from _objects(item, f"item {number} of {where}")
        return
    metadata = document.get("metadata")
    metadata = metadata if isinstance(metadata, Mapping) else {}
    namespace = metadata.get("namespace")
    yield KubernetesObject(
        api_version=_required_str(document, "apiVersion", where),
        kind=_required_str(document, "kind", where),
        namespace=namespace if isinstance(namespace, str) else "",
        name=_required_str(metadata, "name", where, path="metadata.name"),
        body=document,
    )


def _required_str(mapping: Body, key: str, where: str, *, path: str = "") -> str:
    value = mapping.get(key)
    if not isinstance(value, str) or not value:
        raise ManifestError(f"is not Kubernetes YAML: {where} has no {path or key}")
    return value
