"""All the rules, and the checks that find what they are about."""

from __future__ import annotations

from collections.abc import Mapping

from kubiya_pulumi.review import (
    access,
    allowed,
    confidential,
    container_images,
    default_roles,
    references,
    standards,
)
from kubiya_pulumi.review.findings import Rule

_CHECKED = (access, default_roles, standards, container_images, confidential, references)

CHECKS = tuple(module.findings for module in _CHECKED)
"""From an inventory to findings."""

ALLOW_LISTS = frozenset(rule.name for rule in allowed.RULES)
"""The rules that are there only where a program gives a list, and then deny by themselves."""

RULES: Mapping[str, Rule] = {
    rule.name: rule for module in (*_CHECKED, allowed) for rule in module.RULES
}
"""Every rule by its name."""
