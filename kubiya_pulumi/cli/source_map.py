"""Where in a manifest each of its objects begins."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import yaml

from kubiya_pulumi.review import KubernetesObject
from kubiya_pulumi.review.kubernetes.references import reference_to

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def object_lines(text: str, objects: Sequence[KubernetesObject]) -> dict[str, int]:
    """The first line of each object, counted from 1, by the object as text.

    Args:
        text: a manifest.
        objects: as `parse_manifest` found them in it.
    """
    documents = yaml.compose_all(text, Loader=_Loader)
    lines = [line for node in documents if node is not None for line in _lines(node)]
    if len(lines) != len(objects):
        return {}  # such as a list that only a merge key (`<<`) makes one
    found: dict[str, int] = {}
    for item, line in zip(objects, lines, strict=True):
        found.setdefault(str(reference_to(item)), line)
    return found


def _lines(node: yaml.Node) -> Iterator[int]:
    """An object's line, or those of the objects in a list."""
    entries = {key.value: value for key, value in node.value if isinstance(key, yaml.ScalarNode)} \
        if isinstance(node, yaml.MappingNode) else {}  # fmt: skip
    items = entries.get("items")
    if isinstance(items, yaml.SequenceNode):
        for item in items.value:
            yield from _lines(item)
    elif isinstance(node, yaml.MappingNode):
        yield node.start_mark.line + 1
