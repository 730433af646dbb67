"""All the rules, and the checks that find what they are about."""

from __future__ import annotations

from collections.abc import Mapping

from kubiya_pulumi.review.checks import (
    allowlists,
    dangling_references,
    default_roles,
    images,
    plaintext_secrets,
    pod_security,
    rbac,
)
from kubiya_pulumi.review.findings import Rule

_CHECKED = (rbac, default_roles, pod_security, images, plaintext_secrets, dangling_references)

CHECKS = tuple(module.findings for module in _CHECKED)
"""From an inventory to findings."""

ALLOW_LISTS = frozenset(rule.name for rule in allowlists.RULES)
"""The rules that are there only where a program gives a list, and then deny by themselves."""

RULES: Mapping[str, Rule] = {
    rule.name: rule for module in (*_CHECKED, allowlists) for rule in module.RULES
}
"""Every rule by its name."""
