"""Limits on the size of a manifest and on the work that its review causes."""

from __future__ import annotations

from typing import Any

import yaml

from kubiya_pulumi.review.errors import ManifestError

MAX_DOCUMENTS = 5_000
MAX_NODES = 1_000_000
"""Scalars, keys, lists and mappings. An alias counts as often as what it refers to."""
MAX_DEPTH = 200
"""Nested lists and mappings. PyYAML spends time and Python's stack on each level."""
MAX_SCALAR_LENGTH = 4_300
"""Characters of a number, a date or a boolean; Python parses no longer integer."""
MAX_GRANTS = 200_000
"""Rows of the grants table. Each row also counts once per workload that it lists."""
MAX_SCHEMA_STEPS = 20_000_000
"""Steps to validate all objects against their schemas: keywords applied to values."""
MAX_PERMISSIONS = 1_000_000
"""Single permissions (one verb on one resource) when two sets of grants are compared."""
MAX_SELECTOR_COMPARISONS = 500_000
"""Comparisons of the labels of a ClusterRole with a selector of an aggregated ClusterRole."""


class Budget:
    """Bounds the work that one manifest can cause.

    A manifest of a few thousand lines can grant billions of permissions, because its roles, rules
    and subjects multiply.
    """

    def __init__(self, limit: int, error: str) -> None:
        """Create a budget.

        Args:
            limit: the total that may be spent.
            error: the error message: the end of a sentence that starts with the manifest's name.
        """
        self._remaining = limit
        self._error = error

    def spend(self, amount: int) -> None:
        """Spend a part of the budget.

        Raises:
            ManifestError: the budget is exceeded.
        """
        self._remaining -= amount
        if self._remaining < 0:
            raise ManifestError(self._error)


def check_yaml_limits(text: str, loader: Any) -> None:
    """Check the size of a YAML text before objects are built from it.

    A few lines of nested aliases can expand to billions of values, and a merge key (`<<`) copies
    what it refers to. Parser events are linear in the length of the text, so they are counted
    first.

    Args:
        text: the manifest.
        loader: the PyYAML loader class that parses it.

    Raises:
        ManifestError: the text has too many documents, values or levels, or a value that contains
            itself.
        yaml.YAMLError: the text is not YAML.
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
                if documents > MAX_DOCUMENTS:
                    raise ManifestError(f"has more than {MAX_DOCUMENTS:,} documents")
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
                if len(open_anchors) > MAX_DEPTH:
                    raise ManifestError(
                        f"nests lists and mappings more than {MAX_DEPTH} levels deep"
                    )
            case yaml.CollectionEndEvent():
                anchor, before = open_anchors.pop()
                if anchor:
                    sizes[anchor] = total - before
        if total > MAX_NODES:
            raise ManifestError(f"has more than {MAX_NODES:,} values after expanding its aliases")
