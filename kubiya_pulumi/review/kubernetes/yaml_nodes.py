"""The nodes of a YAML document, as Kubernetes' parser sees them.

PyYAML parses the text into events, with or without libyaml. Where its events differ from those of
`go.yaml.in/yaml/v2`, the parser of kubectl and of Pulumi's Kubernetes provider, the source of the
scalar decides, or the document is refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, NoReturn

import yaml

from kubiya_pulumi.review.errors import ManifestError
from kubiya_pulumi.review.kubernetes.limits import MAX_NODES, check_depth

SafeLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""PyYAML's loader. libyaml is about ten times as fast, but PyYAML may be built without it."""

_BREAKS = r"\n\r\x85\u2028\u2029"
# PyYAML accepts this escape sequence in double quotes, Kubernetes does not. An anchor or a tag may
# stand before the quotes.
_ESCAPED_SLASH = re.compile(r'[^"]*"(?:[^\\]|\\[^/])*?\\/', re.DOTALL)
# An anchor may stand before a tag.
_ANCHOR = rf"(?:&\S+\s+(?:#[^{_BREAKS}]*[{_BREAKS}]\s*)*)?"
# A single exclamation mark makes a string of every scalar. libyaml does not report it.
_NON_SPECIFIC_TAG = re.compile(rf"{_ANCHOR}!(?:\s|\Z)")
# For libyaml, a comma between brackets ends a tag. For Kubernetes it is a part of the tag.
_COMMA_IN_TAG = re.compile(rf"{_ANCHOR}![^\s<]*,")
# Without libyaml, PyYAML accepts tabs where it expects the indentation of a block scalar.
_TAB_IN_INDENTATION = re.compile(
    rf"[^{_BREAKS}]*[|>][-+]?[ \t]*(?:#[^{_BREAKS}]*)?[{_BREAKS}](?: *[{_BREAKS}])* *\t"
)
_COLON_AND_BRACKET = re.compile(r"\s*:[,\[\]{}]")


@dataclass(slots=True, eq=False)
class Node:
    """A scalar, an alias, a list or a mapping of a document."""

    line: int
    """The line in the manifest, counted from 1."""


@dataclass(slots=True, eq=False)
class ScalarNode(Node):
    """A scalar before its value is resolved."""

    text: str
    tag: str
    is_plain: bool


@dataclass(slots=True, eq=False)
class AliasNode(Node):
    """A reference to an anchor."""

    target: Node


@dataclass(slots=True, eq=False)
class ListNode(Node):
    """A list."""

    is_flow: bool
    children: list[Node] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class MappingNode(Node):
    """A mapping."""

    is_flow: bool
    """Whether the collection is written with brackets."""
    children: list[Node] = field(default_factory=list)
    """Alternately a key and its value."""


def parse_yaml(text: str, first_line: int) -> Node | None:
    """Parse one YAML document.

    Args:
        text: the document.
        first_line: the line of the manifest at which the text begins.

    Returns:
        The root; None if the document has no content.

    Raises:
        ManifestError: the text is not YAML, Kubernetes refuses it, or it exceeds a limit.
    """
    try:
        return _parse(text, first_line)
    except yaml.MarkedYAMLError as error:
        # The message of the error quotes the manifest, so only the position is kept.
        mark = error.problem_mark
        where = f"line {mark.line + first_line}, column {mark.column + 1}" if mark else ""
        raise ManifestError(f"is not valid YAML ({where or f'line {first_line}'})") from None
    except (yaml.YAMLError, ValueError, RecursionError):
        raise ManifestError(f"is not valid YAML (line {first_line} or below)") from None


def refuse(line: int, problem: str) -> NoReturn:
    """Refuse a manifest because of a construct.

    Args:
        line: the line of the construct, counted from 1.
        problem: a clause that names the construct.

    Raises:
        ManifestError: always.
    """
    raise ManifestError(f"is not Kubernetes YAML: line {line}: {problem}")


def _parse(text: str, first_line: int) -> Node | None:
    root: Node | None = None
    anchors: dict[str, Node] = {}
    parents: list[ListNode | MappingNode] = []
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
        in_flow = bool(parents) and parents[-1].is_flow
        node = _node(event, line, anchors, text, in_flow=in_flow)
        if not isinstance(node, AliasNode) and event.anchor:
            anchors[event.anchor] = node
        nodes += 1
        if nodes > MAX_NODES:
            raise ManifestError(f"has more than {MAX_NODES:,} values")
        if parents:
            parents[-1].children.append(node)
        else:
            root = node
        if isinstance(node, ListNode | MappingNode):
            parents.append(node)
            check_depth(len(parents))
    return root


def _node(event: Any, line: int, anchors: dict[str, Node], text: str, *, in_flow: bool) -> Node:
    match event:
        case yaml.ScalarEvent():
            return _scalar_node(event, line, text, in_flow=in_flow)
        case yaml.AliasEvent():
            if event.anchor not in anchors:
                refuse(line, "an alias has no anchor above it")
            return AliasNode(line, anchors[event.anchor])
        case yaml.MappingStartEvent():
            return MappingNode(line, bool(event.flow_style))
    return ListNode(line, bool(event.flow_style))


def _scalar_node(event: Any, line: int, text: str, *, in_flow: bool) -> ScalarNode:
    """Return a scalar. Where PyYAML reads it differently from Kubernetes, the source decides."""
    start, end = event.start_mark.index, event.end_mark.index
    if event.style == '"' and _ESCAPED_SLASH.match(text, start, end):
        refuse(line, r"`\/` is not an escape sequence of YAML; write `/`")
    if not event.style and _COLON_AND_BRACKET.match(text, end):
        refuse(line, "a colon and a bracket or comma follow a plain scalar; quote the scalar")
    if in_flow and not event.style and "?" in event.value:
        refuse(line, "a plain scalar between brackets contains a question mark; quote the scalar")
    if in_flow and _COMMA_IN_TAG.match(text, start):
        refuse(line, "a comma follows a tag; write the value between them")
    if event.style in ("|", ">") and _TAB_IN_INDENTATION.match(text, start):
        refuse(line, "a tab is in the indentation of a block scalar; replace it with spaces")
    if not event.value.isascii():
        try:
            event.value.encode()
        except UnicodeEncodeError:
            refuse(line, "a string contains one half of a surrogate pair")
    is_non_specific = not event.tag and _NON_SPECIFIC_TAG.match(text, start)
    return ScalarNode(
        line, event.value, "!" if is_non_specific else event.tag or "", event.implicit[0]
    )
