"""Limits on the size of a manifest and on the work that its review causes."""

from __future__ import annotations

import json

from kubiya_pulumi.review.errors import ManifestError

MAX_DOCUMENTS = 5_000
MAX_NODES = 1_000_000
"""Scalars, keys, lists and mappings. An alias counts as often as what it refers to."""
MAX_DEPTH = 200
"""Nested lists and mappings. Each level needs some of Python's stack."""
TOO_DEEP = f"nests lists and mappings more than {MAX_DEPTH} levels deep"
MAX_KEY_LENGTH = 1_000
"""Characters of a key in JSON. YAML parsers accept no more than 1,024 before the colon."""
MAX_PODS = 10_000
"""Pods of all objects. A volume that a pod shares with others of its object counts as well."""
MAX_GRANTS = 200_000
"""Rows of the grants table. Each row also counts once per workload that it lists."""
MAX_RULE_VALUES = 2_000_000
"""Verbs, API groups, resources, names and URLs of rules. They count once per role or binding that
has the rule, and in the grants table once per row."""
MAX_PERMISSIONS = 1_000_000
"""Single permissions (one verb on one resource) when two sets of grants are compared."""
MAX_SELECTOR_COMPARISONS = 500_000
"""Comparisons of the labels of a ClusterRole with a selector of an aggregated ClusterRole."""
MAX_SCHEMA_STEPS = 20_000_000
"""Steps to validate all objects against their schemas: keywords applied to values."""


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


def value_budget() -> Budget:
    """Return the budget for the values of one manifest."""
    return Budget(MAX_NODES, f"has more than {MAX_NODES:,} values after expanding its aliases")


def rule_value_budget() -> Budget:
    """Return the budget for the values of the rules that one step of a review reads."""
    return Budget(MAX_RULE_VALUES, f"has rules with more than {MAX_RULE_VALUES:,} values")


def exceeds_alias_ratio(values: int, values_in_aliases: int) -> bool:
    """Return whether Kubernetes' parser refuses a document because of its aliases.

    Up to 400,000 values, 99 % may come from aliases. The share falls to 10 % at 4,000,000.

    Args:
        values: the values read up to now.
        values_in_aliases: those of them that an alias repeats.
    """
    if values_in_aliases <= 100 or values <= 1_000:
        return False
    position = min(max((values - 400_000) / 3_600_000, 0), 1)
    return values_in_aliases / values > 0.99 - 0.89 * position


def check_key_length(key: str) -> None:
    """Check that a key can be written as JSON in a YAML document.

    Raises:
        ManifestError: the key is too long.
    """
    max_escaped = len(r"\u0000")
    if len(key) * max_escaped > MAX_KEY_LENGTH and len(json.dumps(key)) > MAX_KEY_LENGTH:
        raise ManifestError(f"has a key of more than {MAX_KEY_LENGTH:,} characters")


def check_depth(depth: int) -> None:
    """Check how deep lists and mappings are nested.

    Raises:
        ManifestError: they are nested more than `MAX_DEPTH` levels deep.
    """
    if depth > MAX_DEPTH:
        raise ManifestError(TOO_DEEP)


def check_json_limits(value: object, budget: Budget) -> None:
    """Check the depth and the number of values of JSON data.

    Args:
        value: the data.
        budget: the number of values that the manifest may still have.

    Raises:
        ManifestError: a limit is exceeded.
    """
    pending = [(value, 1)]
    while pending:
        item, depth = pending.pop()
        budget.spend(1)
        if isinstance(item, dict | list):
            check_depth(depth)
            children = item.values() if isinstance(item, dict) else item
            for key in item if isinstance(item, dict) else ():
                check_key_length(key)
            pending.extend((child, depth + 1) for child in children)
