"""From the text of a manifest to its Kubernetes objects."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import yaml

from kubiya_pulumi.review.errors import ManifestError
from kubiya_pulumi.review.kubernetes.limits import LONGEST_NUMBER, refuse_too_much

# libyaml's parser is some ten times as fast; a PyYAML that was built without it still works.
_SafeLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

# Kubernetes ends a document here as well, and YAML does not.
_HIDDEN_END = re.compile(r"^---(?=[^ \t\r\n])[^\S\n]*(#|$)", re.MULTILINE)

# What Kubernetes reads as a truth value or a number, beyond what PyYAML does.
_KUBERNETES_READS = {
    "bool": (re.compile("[yYnN]$"), "yYnN"),
    "int": (re.compile("[-+]?0[oOxXbB][0-9a-fA-F_]+$"), "-+0"),
    "float": (re.compile(r"[-+]?(\.\d+|\d+(\.\d*)?)[eE][-+]?\d+$", re.ASCII), "-+.0123456789"),
}

_CONVERTED = ("bool", "int", "float", "timestamp")

Body = Mapping[str, Any]
"""A Kubernetes object as it stands in YAML."""


@dataclass(frozen=True)
class KubernetesObject:
    """One object of a manifest."""

    api_version: str
    kind: str
    namespace: str
    """Empty where the manifest gives none: a cluster-wide object, or the default namespace."""
    name: str
    body: Body = field(repr=False, compare=False)
    """All of it. It may hold secrets, so it is not in the `repr`."""


class _Loader(_SafeLoader):  # type: ignore[misc]
    """PyYAML's, but plain values are what Kubernetes takes them for.

    One that the conversions cannot take is an error in the YAML.
    """

    bool_values = _SafeLoader.bool_values | {"y": True, "n": False}


def _in_bounds(convert: Callable[[Any, yaml.ScalarNode], object]) -> Callable[..., object]:
    def converted(loader: Any, node: yaml.ScalarNode) -> object:
        # Some time is squared in the length: "1:1:1" is a number to base 60.
        if len(node.value) <= LONGEST_NUMBER:
            with suppress(ValueError, LookupError, AttributeError, OverflowError):
                return convert(loader, node)
        raise yaml.constructor.ConstructorError(problem_mark=node.start_mark)

    return converted


for _tag in (f"tag:yaml.org,2002:{name}" for name in _CONVERTED):
    _Loader.add_constructor(_tag, _in_bounds(_SafeLoader.yaml_constructors[_tag]))

for _name, (_pattern, _first) in _KUBERNETES_READS.items():
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_name}", _pattern, list(_first))


def parse_manifest(text: str) -> tuple[KubernetesObject, ...]:
    """Read multi-document Kubernetes YAML.

    Lists are taken apart and empty documents passed over, as Pulumi's Kubernetes provider does:
    whatever has `items` is a list, of any kind.

    Raises:
        ManifestError: the text is empty, a web page, no YAML, too large, or holds a document
            that is no Kubernetes object.
    """
    if not text.strip():
        raise ManifestError("is empty")
    if text.lstrip("\ufeff \t\r\n").startswith("<"):
        raise ManifestError("is a web page (HTML or XML), not Kubernetes YAML")
    if hidden := _HIDDEN_END.search(text):
        line = text.count("\n", 0, hidden.start()) + 1
        raise ManifestError(
            f"is not Kubernetes YAML: line {line} begins with --- and no space after it, "
            "which ends a document for some readers and not for others"
        )
    objects = tuple(
        found
        for number, document in enumerate(_documents(text), start=1)
        if document is not None
        for found in _objects(document, f"document {number}")
    )
    if not objects:
        raise ManifestError("has no Kubernetes object in it, only empty documents")
    return objects


def _documents(text: str) -> Iterator[Any]:
    try:
        refuse_too_much(text, _Loader)
        yield from yaml.load_all(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        # The error's own text quotes the manifest, so only its place is passed on.
        mark = error.problem_mark
        where = f" (line {mark.line + 1}, column {mark.column + 1})" if mark else ""
        raise ManifestError(f"is not valid YAML{where}") from None
    except (yaml.YAMLError, ValueError, RecursionError):
        raise ManifestError("is not valid YAML") from None


def _objects(document: object, where: str) -> Iterator[KubernetesObject]:
    if not isinstance(document, Mapping):
        raise ManifestError(f"is not Kubernetes YAML: {where} is no object")
    items = document.get("items")
    if isinstance(items, list):
        for number, item in enumerate(items, start=1):
            yield from _objects(item, f"item {number} of {where}")
        return
    metadata = document.get("metadata")
    metadata = metadata if isinstance(metadata, Mapping) else {}
    namespace = metadata.get("namespace")
    yield KubernetesObject(
        api_version=_text(document, "apiVersion", where),
        kind=_text(document, "kind", where),
        namespace=namespace if isinstance(namespace, str) else "",
        name=_text(metadata, "name", where, shown="metadata.name"),
        body=document,
    )


def _text(mapping: Body, key: str, where: str, *, shown: str = "") -> str:
    value = mapping.get(key)
    if not isinstance(value, str) or not value:
        raise ManifestError(f"is not Kubernetes YAML: {where} has no {shown or key}")
    return value
