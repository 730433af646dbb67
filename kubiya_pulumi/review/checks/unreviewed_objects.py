"""Objects that cannot be reviewed, or only in part."""

from __future__ import annotations

from collections.abc import Iterator

from kubiya_pulumi.review.findings import Category, Finding, Rule, Severity
from kubiya_pulumi.review.kubernetes.api_groups import api_group, is_custom
from kubiya_pulumi.review.kubernetes.inventory import Inventory
from kubiya_pulumi.review.kubernetes.pod_search import PodSearch
from kubiya_pulumi.review.kubernetes.references import ObjectReference
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
    description="An object has a kind that is not of Kubernetes itself. Its controller may create "
    "other pods than those in the object, or grant permissions, which the review cannot know.",
    remediation="Find out what the controller of the kind does, and waive the finding with that "
    "reason.",
    url="https://kubernetes.io/docs/concepts/extend-kubernetes/api-extension/custom-resources/",
)
PERMISSIONS = Rule(
    id="KR-081",
    name="unreviewed-permissions",
    severity=Severity.WARNING,
    category=Category.EXCESSIVE,
    description="An object of a custom kind contains rules of a role, or names a role. Its "
    "controller may grant these permissions, which are not in the table of grants.",
    remediation="Find out which permissions its controller grants, and waive the finding with that "
    "reason.",
    url="https://kubernetes.io/docs/concepts/security/rbac-good-practices/#least-privilege",
)
RULES = (POD, KIND, PERMISSIONS)


def findings(inventory: Inventory) -> Iterator[Finding]:
    """Yield a finding for each object that cannot be reviewed as a whole."""
    for item, search in zip(inventory.items, inventory.pod_searches, strict=True):
        if search.permissions:
            fields = join_quoted(search.permissions)
            yield PERMISSIONS.finding(
                item.reference,
                f"The object contains rules or names of roles in {fields}, which are not "
                "reviewed; find out which permissions its controller grants.",
            )
        if message := " ".join(_unreviewed_parts(search)):
            yield POD.finding(item.reference, message)
        elif is_custom(item.reference):
            yield KIND.finding(item.reference, _kind_message(item.reference, search))


def _kind_message(reference: ObjectReference, search: PodSearch) -> str:
    kind = (
        f"kind {join_quoted([reference.kind])} of API group {join_quoted([api_group(reference)])}"
    )
    if search.workloads:
        return (
            f"Only the pods of the {kind} are reviewed; find out what else its controller creates, "
            "and whether it grants permissions."
        )
    return (
        f"The {kind} is not reviewed; find out whether its controller creates pods or grants "
        "permissions."
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
