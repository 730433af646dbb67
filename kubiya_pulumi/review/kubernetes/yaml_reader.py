"""One YAML document as Kubernetes reads it.

PyYAML only parses the text into events. What they mean, with tags, merge keys and anchors, follows
`go.yaml.in/yaml/v2`, the parser of kubectl and of Pulumi's Kubernetes provider. What cannot be
read alike is refused.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import Any, NoReturn

import yaml

from kubiya_pulumi.review.errors import ManifestError
from kubiya_pulumi.review.kubernetes.limits import (
    MAX_DEPTH,
    MAX_KEY_LENGTH,
    MAX_NODES,
    Budget,
    exceeds_alias_ratio,
    too_deep,
)
from kubiya_pulumi.review.kubernetes.yaml_scalars import (
    MERGE_TAG,
    Scalar,
    ScalarError,
    json_number,
    key_text,
    resolve,
)

SafeLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""PyYAML's loader. libyaml is about ten times as fast, but PyYAML may be built without it."""

# PyYAML accepts this escape sequence in double quotes, Kubernetes does not. An anchor or a tag may
# stand before the quotes.
_ESCAPED_SLASH = re.compile(r'[^"]*"(?:[^\\]|\\[^/])*?\\/', re.DOTALL)
# A single exclamation mark makes a string of every scalar. libyaml does not report it.
_NON_SPECIFIC_TAG = re.compile(r"(?:&\S+\s+(?:#.*\s+)*)?!(?:\s|\Z)")
_COLON_AND_BRACKET = re.compile(r"\s*:[,\[\]{}]")


@dataclass(slots=True, eq=False)
class _Node:
    """A scalar, an alias, a list or a mapping of a document."""

    line: int
    """The line in the manifest, counted from 1."""


@dataclass(slots=True, eq=False)
class _Scalar(_Node):
    text: str
    tag: str
    is_plain: bool


@dataclass(slots=True, eq=False)
class _Alias(_Node):
    target: _Node


@dataclass(slots=True, eq=False)
class _List(_Node):
    children: list[_Node] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class _Mapping(_Node):
    children: list[_Node] = field(default_factory=list)
    """Alternately a key and its value."""


def read_yaml(text: str, first_line: int, lines: dict[int, int], budget: Budget) -> Any:
    """Read one YAML document.

    Args:
        text: the document.
        first_line: the line of the manifest at which the text begins.
        lines: receives the line of each mapping, by the `id` of the mapping.
        budget: the number of values that the manifest may still have.

    Returns:
        The value, as plain JSON data. None for an empty document.

    Raises:
        ManifestError: the text is not YAML, Kubernetes refuses it, or it exceeds a limit.
    """
    try:
        root = _parse(text, first_line)
    except yaml.MarkedYAMLError as error:
        # The message of the error quotes the manifest, so only the position is kept.
        mark = error.problem_mark
        where = f"line {mark.line + first_line}, column {mark.column + 1}" if mark else ""
        raise ManifestError(f"is not valid YAML ({where or f'line {first_line}'})") from None
    except (yaml.YAMLError, ValueError, RecursionError):
        raise ManifestError(f"is not valid YAML (line {first_line} or below)") from None
    return None if root is None else _Constructor(lines, budget).value_of(root)


def refuse(line: int, problem: str) -> NoReturn:
    """Refuse a manifest because of a construct.

    Args:
        line: the line of the construct, counted from 1.
        problem: a clause that names the construct.

    Raises:
        ManifestError: always.
    """
    raise ManifestError(f"is not Kubernetes YAML: line {line}: {problem}")


def _parse(text: str, first_line: int) -> _Node | None:
    """Parse a document into nodes; None if it has no content."""
    root: _Node | None = None
    anchors: dict[str, _Node] = {}
    parents: list[_List | _Mapping] = []
    nodes = 0
    event: Any
    for event in yaml.parse(text, Loader=SafeLoader):
        line = event.start_mark.line + first_line
        if isinstance(event, yaml.CollectionEndEvent):
            parents.pop()
        if isinstance(event, yaml.DocumentStartEvent) and root:
            refuse(line, "Kubernetes ignores a document that no line `---` separates")
        if not isinstance(event, yaml.NodeEvent):
            continue
        node = _node(event, line, anchors, text)
        if not isinstance(node, _Alias) and event.anchor:
            anchors[event.anchor] = node
        nodes += 1
        if nodes > MAX_NODES:
            raise ManifestError(f"has more than {MAX_NODES:,} values")
        if parents:
            parents[-1].children.append(node)
        else:
            root = node
        if isinstance(node, _List | _Mapping):
            parents.append(node)
            _check_depth(len(parents))
    return root


def _node(event: Any, line: int, anchors: dict[str, _Node], text: str) -> _Node:
    match event:
        case yaml.ScalarEvent():
            return _scalar_node(event, line, text)
        case yaml.AliasEvent():
            if event.anchor not in anchors:
                refuse(line, "an alias has no anchor above it")
            return _Alias(line, anchors[event.anchor])
        case yaml.MappingStartEvent():
            return _Mapping(line)
    return _List(line)


def _scalar_node(event: Any, line: int, text: str) -> _Scalar:
    """Return a scalar. Where PyYAML reads it differently from Kubernetes, the source decides."""
    start, end = event.start_mark.index, event.end_mark.index
    if event.style == '"' and _ESCAPED_SLASH.match(text, start, end):
        refuse(line, r"`\/` is not an escape sequence of YAML; write `/`")
    if not event.style and _COLON_AND_BRACKET.match(text, end):
        refuse(line, "a colon and a bracket or comma follow a plain scalar; quote the scalar")
    if not event.value.isascii():
        try:
            event.value.encode()
        except UnicodeEncodeError:
            refuse(line, "a string contains one half of a surrogate pair")
    is_non_specific = not event.tag and _NON_SPECIFIC_TAG.match(text, start)
    return _Scalar(
        line, event.value, "!" if is_non_specific else event.tag or "", event.implicit[0]
    )


def _check_depth(depth: int) -> None:
    if depth > MAX_DEPTH:
        raise too_deep()


class _Constructor:
    """Constructs the value of one document, and bounds the work that its aliases cause."""

    def __init__(self, lines: dict[int, int], budget: Budget) -> None:
        self._lines = lines
        self._budget = budget
        self._depth = 0
        self._open_aliases: list[_Node] = []
        self._values = 0
        self._values_in_aliases = 0

    def value_of(self, node: _Node) -> Any:
        """Return the value of a node, as plain JSON data."""
        self._count()
        value: Any
        match node:
            case _Scalar():
                return _json_scalar(node)
            case _Alias():
                self._open(node)
                value = self.value_of(node.target)
                self._open_aliases.pop()
            case _Mapping():
                value = self._mapping(node)
            case _List():
                self._enter()
                value = [self.value_of(child) for child in node.children]
                self._depth -= 1
        return value

    def _enter(self) -> None:
        self._depth += 1
        _check_depth(self._depth)

    def _mapping(self, node: _Mapping) -> dict[str, Any]:
        mapping: dict[str, Any] = {}
        self._lines[id(mapping)] = node.line
        self._fill(mapping, {}, node)
        return mapping

    def _fill(self, mapping: dict[str, Any], keys: dict[str, Scalar], node: _Mapping) -> None:
        """Set the entries of a node in a mapping. Each replaces an earlier one of its key.

        Args:
            mapping: receives the entries.
            keys: the keys of the mapping before their conversion to text.
            node: the entries. A merge key inserts those of other mappings where it stands.
        """
        self._enter()
        children = iter(node.children)
        for key_node, value_node in zip(children, children, strict=True):
            if _is_merge(key_node):
                self._merge(mapping, keys, value_node)
                continue
            key = self._key(key_node, keys)
            mapping[key] = self.value_of(value_node)
        self._depth -= 1

    def _key(self, node: _Node, keys: dict[str, Scalar]) -> str:
        self._count()
        scalar_node = node.target if isinstance(node, _Alias) else node
        if not isinstance(scalar_node, _Scalar):
            refuse(node.line, "a key is a list or a mapping")
        key = _scalar(scalar_node)
        try:
            text = key_text(key)
        except ScalarError as error:
            refuse(node.line, str(error))
        if len(text) > MAX_KEY_LENGTH:
            refuse(node.line, f"a key has more than {MAX_KEY_LENGTH:,} characters")
        # In Kubernetes it is a matter of chance which of the two values counts.
        first = keys.setdefault(text, key)
        if first is not key and (type(first) is not type(key) or first != key):
            refuse(node.line, "a key is twice in a mapping, as a string and as another type")
        return text

    def _merge(self, mapping: dict[str, Any], keys: dict[str, Scalar], node: _Node) -> None:
        # Of several mappings, the first one has precedence.
        sources = list(reversed(node.children)) if isinstance(node, _List) else [node]
        for source in sources:
            self._count()
            target = source
            if isinstance(source, _Alias):
                self._open(source)
                self._count()
                target = source.target
            if not isinstance(target, _Mapping):
                refuse(source.line, "the value of a merge key (`<<`) is not a mapping")
            self._fill(mapping, keys, target)
            if isinstance(source, _Alias):
                self._open_aliases.pop()

    def _open(self, alias: _Alias) -> None:
        if alias in self._open_aliases:
            refuse(alias.line, "a value contains itself")
        self._open_aliases.append(alias)

    def _count(self) -> None:
        self._values += 1
        self._values_in_aliases += bool(self._open_aliases)
        self._budget.spend(1)
        if exceeds_alias_ratio(self._values, self._values_in_aliases):
            raise ManifestError("repeats too many values with aliases; Kubernetes refuses it")


def _is_merge(node: _Node) -> bool:
    if not isinstance(node, _Scalar) or node.text != "<<":
        return False
    return node.is_plain or node.tag == MERGE_TAG


def _scalar(node: _Scalar) -> Scalar:
    if not node.tag and not node.is_plain:
        return node.text
    try:
        return resolve(node.text, node.tag)
    except ScalarError as error:
        refuse(node.line, str(error))


def _json_scalar(node: _Scalar) -> Scalar:
    """Return the value of a scalar, in the precision and range of JSON."""
    value = _scalar(node)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    if not math.isfinite(value):
        refuse(node.line, "JSON has no infinite number and no NaN; quote the value")
    return json_number(value)
