"""Find the line at which each object of a manifest begins."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import yaml

from kubiya_pulumi.review import KubernetesObject
from kubiya_pulumi.review.kubernetes.manifest import SafeLoader
from kubiya_pulumi.review.kubernetes.references import reference_to


def object_lines(text: str, objects: Sequence[KubernetesObject]) -> dict[str, int]:
    """Return the first line of each object, counted from 1, by `str(ObjectReference)`.

    Args:
        text: the manifest.
        objects: the objects that `parse_manifest` returned for it.

    Returns:
        The lines. Empty if the objects cannot be matched with the text, for example because a
        merge key (`<<`) adds the items of a list.
    """
    documents = yaml.compose_all(text, Loader=SafeLoader)
    lines = [line for node in documents if node is not None for line in _lines(node)]
    if len(lines) != len(objects):
        return {}
    line_of: dict[str, int] = {}
    for manifest_object, line in zip(objects, lines, strict=True):
        line_of.setdefault(str(reference_to(manifest_object)), line)
    return line_of


def _lines(node: yaml.Node) -> Iterator[int]:
    """Yield the line of an object, or the lines of the objects in a list."""
    if not isinstance(node, yaml.MappingNode):
        return
    items = _value_of(node, "items")
    if isinstance(items, yaml.SequenceNode):
        for item in items.value:
            yield from _lines(item)
    else:
        yield node.start_mark.line + 1


def _value_of(mapping: yaml.MappingNode, key: str) -> yaml.Node | None:
    """Return the value of a key. YAML parsers use the last one of duplicate keys."""
    values = [
        value
        for key_node, value in mapping.value
        if isinstance(key_node, yaml.ScalarNode) and key_node.value == key
    ]
    return values[-1] if values else None
