"""Objects that cannot be reviewed, or only in part."""

from __future__ import annotations

from collections.abc import Iterator

from kubiya_pulumi.review.findings import Category, Finding, Rule, Severity
from kubiya_pulumi.review.kubernetes.api_groups import api_group, is_custom
from kubiya_pulumi.review.kubernetes.inventory import Inventory
from kubiya_pulumi.review.kubernetes.pod_search import PodSearch
from kubiya_pulumi.text import join_quoted

POD = Rule(
    id="KR-070",
    name="unreviewed-pod",
    severity=Severity.WARNING,
    category=Category.EXCESSIVE,
    description="An object has a pod that the review cannot see as a whole: its controller adds "
    "the rest, or applies other objects that it contains.",
    remediation="Correct a malformed pod. For a custom kind, find out which pods and objects its "
    "controller creates, and waive the finding with that reason.",
    url="https://kubernetes.io/docs/concepts/extend-kubernetes/operator/",
)
KIND = Rule(
    id="KR-071",
    name="unreviewed-kind",
    severity=Severity.NOTE,
    category=Category.EXCESSIVE,
    description="An object has a kind that is not of Kubernetes itself, and no pod. Its controller "
    "may create pods or grant permissions, which the review cannot know.",
    remediation="Find out what the controller of the kind does, and waive the finding with that "
    "reason.",
    url="https://kubernetes.io/docs/concepts/extend-kubernetes/api-extension/custom-resources/",
)
RULES = (POD, KIND)


def findings(inventory: Inventory) -> Iterator[Finding]:
    """Yield a finding for each object that cannot be reviewed as a whole."""
    for item, search in zip(inventory.items, inventory.pod_searches, strict=True):
        if message := " ".join(_unreviewed_parts(search)):
            yield POD.finding(item.reference, message)
        elif is_custom(item.reference) and not search.workloads:
            kind, group = item.reference.kind, api_group(item.reference)
            yield KIND.finding(
                item.reference,
                f"The kind {join_quoted([kind])} of API group {join_quoted([group])} is not "
                "reviewed; find out whether its controller creates pods or grants permissions.",
            )


def _unreviewed_parts(search: PodSearch) -> Iterator[str]:
    if search.malformed:
        verb = "is" if len(search.malformed) == 1 else "are"
        ending = "has" if len(search.malformed) == 1 else "have"
        yield (
            f"The pod cannot be read, because {join_quoted(search.malformed)} {verb} missing or "
            f"{ending} the wrong type; correct it."
        )
    if search.loose:
        yield (
            f"The object sets {join_quoted(search.loose)} outside of a pod, and the rest of that "
            "pod is unknown; find out which pods its controller creates."
        )
    if search.embedded:
        yield (
            f"The object contains other objects in {join_quoted(search.embedded)}, which are not "
            "reviewed; find out which of them its controller applies."
        )
