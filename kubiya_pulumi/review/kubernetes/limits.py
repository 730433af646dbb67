"""How large a manifest may be, found out before what it stands for is built in memory."""

from __future__ import annotations

from typing import Any

import yaml

from kubiya_pulumi.review.errors import ManifestError

MOST_DOCUMENTS = 5_000
MOST_NODES = 1_000_000
"""Values, keys, lists and mappings, each alias counted as all that it stands for."""
MOST_LEVELS = 200
"""Lists and mappings within each other. PyYAML takes its time, and Python's stack, for each."""
LONGEST_NUMBER = 4_300
"""Characters of a number, a date or a truth value; as many as Python reads of a whole number."""
MOST_RIGHTS = 200_000
"""Rows of the table of access, each counted with the workloads that it is for."""
MOST_SINGLE_RIGHTS = 1_000_000
"""One verb on one resource each, where two tables of access are compared."""
MOST_COMPARISONS = 500_000
"""Of a role's labels with a selector that gathers roles into another one."""


class Allowance:
    """How much more of something a review takes on.

    A manifest of a few thousand lines can stand for billions of rights: so many roles, rules and
    subjects as there are lines for each, multiplied.

    Args:
        most: how much there may be of it.
        refusal: what the error says, as the end of a sentence about the manifest.
    """

    def __init__(self, most: int, refusal: str) -> None:
        self._left = most
        self._refusal = refusal

    def take(self, count: int) -> None:
        """Count; raises `ManifestError` once there is more than there may be."""
        self._left -= count
        if self._left < 0:
            raise ManifestError(self._refusal)


def refuse_too_much(text: str, loader: Any) -> None:
    """Raise `ManifestError` for YAML that would grow beyond all measure when it is read.

    A few lines of aliases of aliases can stand for billions of values, and a merge key (`<<`)
    copies what it names. So the parser's events are counted first: they are as many as the text
    is long, whatever it stands for.

    Args:
        text: the manifest.
        loader: the class of PyYAML that parses it.

    Raises:
        ManifestError: it has too many documents, values or levels, or a value that contains
            itself.
        yaml.YAMLError: it is not YAML.
    """
    documents = 0
    sizes: dict[str, int] = {}
    open_anchors: list[tuple[str | None, int]] = []
    total = 0
    for event in yaml.parse(text, Loader=loader):
        match event:
            case yaml.DocumentStartEvent():
                documents += 1
                sizes.clear()
                if documents > MOST_DOCUMENTS:
                    raise ManifestError(f"has more than {MOST_DOCUMENTS:,} documents")
            case yaml.AliasEvent():
                if event.anchor not in sizes:
                    raise ManifestError("is not Kubernetes YAML: a value in it contains itself")
                total += sizes[event.anchor]
            case yaml.ScalarEvent():
                total += 1
                if event.anchor:
                    sizes[event.anchor] = 1
            case yaml.CollectionStartEvent():
                open_anchors.append((event.anchor, total))
                total += 1
                if len(open_anchors) > MOST_LEVELS:
                    raise ManifestError(f"has more than {MOST_LEVELS} levels of lists and mappings")
            case yaml.CollectionEndEvent():
                anchor, before = open_anchors.pop()
                if anchor:
                    sizes[anchor] = total - before
        if total > MOST_NODES:
            raise ManifestError(f"has more than {MOST_NODES:,} values, counting its aliases")
