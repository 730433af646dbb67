"""One YAML document as Kubernetes reads it.

The meaning of tags, merge keys and anchors follows `go.yaml.in/yaml/v2`, the parser of kubectl and
of Pulumi's Kubernetes provider. What cannot be read alike is refused.
"""

from __future__ import annotations

import math
from typing import Any

from kubiya_pulumi.review.errors import ManifestError
from kubiya_pulumi.review.kubernetes.coerce import is_number
from kubiya_pulumi.review.kubernetes.limits import (
    Budget,
    check_depth,
    check_key_length,
    exceeds_alias_ratio,
)
from kubiya_pulumi.review.kubernetes.yaml_nodes import (
    AliasNode,
    ListNode,
    MappingNode,
    Node,
    ScalarNode,
    parse_yaml,
    refuse,
)
from kubiya_pulumi.review.kubernetes.yaml_scalars import (
    MERGE_TAG,
    Scalar,
    ScalarError,
    json_number,
    key_text,
    resolve,
)


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
    root = parse_yaml(text, first_line)
    return None if root is None else _Constructor(lines, budget).value_of(root)


class _Constructor:
    """Constructs the value of one document, and bounds the work that its aliases cause."""

    def __init__(self, lines: dict[int, int], budget: Budget) -> None:
        self._lines = lines
        self._budget = budget
        self._depth = 0
        self._open_aliases: list[Node] = []
        self._values = 0
        self._values_in_aliases = 0

    def value_of(self, node: Node) -> Any:
        """Return the value of a node, as plain JSON data."""
        self._count()
        value: Any
        match node:
            case ScalarNode():
                return _json_scalar(node)
            case AliasNode():
                self._open(node)
                value = self.value_of(node.target)
                self._open_aliases.pop()
            case MappingNode():
                value = self._mapping(node)
            case ListNode():
                self._enter()
                value = [self.value_of(child) for child in node.children]
                self._depth -= 1
        return value

    def _enter(self) -> None:
        self._depth += 1
        check_depth(self._depth)

    def _mapping(self, node: MappingNode) -> dict[str, Any]:
        mapping: dict[str, Any] = {}
        self._lines[id(mapping)] = node.line
        self._fill(mapping, {}, node)
        return mapping

    def _fill(self, mapping: dict[str, Any], keys: dict[str, Scalar], node: MappingNode) -> None:
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

    def _key(self, node: Node, keys: dict[str, Scalar]) -> str:
        self._count()
        scalar_node = node.target if isinstance(node, AliasNode) else node
        if not isinstance(scalar_node, ScalarNode):
            refuse(node.line, "a key is a list or a mapping")
        key = _scalar(scalar_node)
        try:
            text = key_text(key)
        except ScalarError as error:
            refuse(node.line, str(error))
        check_key_length(text)
        # In Kubernetes it is a matter of chance which of the two values counts.
        first = keys.setdefault(text, key)
        if first is not key and (type(first) is not type(key) or first != key):
            refuse(node.line, "a key is twice in a mapping, as a string and as another type")
        return text

    def _merge(self, mapping: dict[str, Any], keys: dict[str, Scalar], node: Node) -> None:
        # Of several mappings, the first one has precedence.
        sources = list(reversed(node.children)) if isinstance(node, ListNode) else [node]
        for source in sources:
            self._count()
            target = source
            if isinstance(source, AliasNode):
                self._open(source)
                self._count()
                target = source.target
            if not isinstance(target, MappingNode):
                refuse(source.line, "the value of a merge key (`<<`) is not a mapping")
            self._fill(mapping, keys, target)
            if isinstance(source, AliasNode):
                self._open_aliases.pop()

    def _open(self, alias: AliasNode) -> None:
        if alias in self._open_aliases:
            refuse(alias.line, "a value contains itself")
        self._open_aliases.append(alias)

    def _count(self) -> None:
        self._values += 1
        self._values_in_aliases += bool(self._open_aliases)
        self._budget.spend(1)
        if exceeds_alias_ratio(self._values, self._values_in_aliases):
            raise ManifestError("repeats too many values with aliases; Kubernetes refuses it")


def _is_merge(node: Node) -> bool:
    if not isinstance(node, ScalarNode) or node.text != "<<":
        return False
    return node.is_plain or node.tag == MERGE_TAG


def _scalar(node: ScalarNode) -> Scalar:
    if not node.tag and not node.is_plain:
        return node.text
    try:
        return resolve(node.text, node.tag)
    except ScalarError as error:
        refuse(node.line, str(error))


def _json_scalar(node: ScalarNode) -> Scalar:
    """Return the value of a scalar, in the precision and range of JSON."""
    value = _scalar(node)
    if not is_number(value):
        return value
    if not math.isfinite(value):
        refuse(node.line, "JSON has no infinite number and no NaN; quote the value")
    return json_number(value)
