"""The tables of rules in docs/review.md. Run this module to print them."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping

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

SECTIONS: Mapping[str, tuple[Rule, ...]] = {
    "RBAC": access.RULES,
    "Pod security": (*pod_security_baseline.RULES, *pod_security_restricted.RULES),
    "Images": images.RULES,
    "Credentials": plaintext_secrets.RULES,
    "Cluster objects": (*cluster_objects.RULES, *cluster_state.RULES),
    "Unreviewed objects": unreviewed_objects.RULES,
    "Missing objects": dangling_references.RULES,
    "Invalid objects": object_validity.RULES,
    "Allow-lists": allowlists.RULES,
}
"""The rules of each section, by its heading."""

_HEADER = (
    "| ID | Rule | Severity | What it finds | Remediation | References |\n"
    "| --- | --- | --- | --- | --- | --- |\n"
)


def rules_table(rules: Iterable[Rule]) -> str:
    """Return a Markdown table of rules."""
    return _HEADER + "".join(map(_row, rules))


def _row(rule: Rule) -> str:
    cells = (
        rule.id,
        f"[`{rule.name}`]({rule.url})",
        rule.severity.value,
        rule.description,
        rule.remediation,
        "<br>".join(rule.references),
    )
    return f"| {' | '.join(cells)} |\n"


if __name__ == "__main__":
    for title, rules in SECTIONS.items():
        sys.stdout.write(f"### {title}\n\n{rules_table(rules)}\n")
