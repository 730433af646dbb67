"""The registry of all rules and of the checks that apply them."""

from __future__ import annotations

from collections.abc import Mapping

from kubiya_pulumi.review.checks import (
    access,
    allowlists,
    cluster_objects,
    cluster_state,
    dangling_references,
    images,
    object_validity,
    plaintext_secrets,
    pod_security_baseline,
    pod_security_restricted,
    unreviewed_objects,
)
from kubiya_pulumi.review.findings import Rule

_CHECK_MODULES = (
    access,
    pod_security_baseline,
    pod_security_restricted,
    images,
    plaintext_secrets,
    cluster_objects,
    cluster_state,
    unreviewed_objects,
    dangling_references,
    object_validity,
)

CHECKS = tuple(module.findings for module in _CHECK_MODULES)
"""The checks: functions from an inventory to its findings."""

ALLOW_LISTS = frozenset(rule.name for rule in allowlists.RULES)
"""The rules that apply only if the policy sets an allow-list, and are then always denied."""

RULES: Mapping[str, Rule] = {
    rule.name: rule for module in (*_CHECK_MODULES, allowlists) for rule in module.RULES
}
"""Every rule by its name."""
