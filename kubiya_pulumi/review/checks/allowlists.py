"""What stands outside the lists of a program: its images, namespaces and kinds of objects."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase

from kubiya_pulumi.review.checks.images import full_name, images_of
from kubiya_pulumi.review.findings import Category, Finding, Rule, Severity
from kubiya_pulumi.review.kubernetes.inventory import Inventory
from kubiya_pulumi.text import join_quoted

IMAGE = Rule(
    "image-not-allowed",
    Severity.ERROR,
    Category.EXCESSIVE,
    "A container runs an image that no pattern in `images` matches.",
    "https://kubernetes.io/docs/concepts/containers/images/#image-names",
)
NAMESPACE = Rule(
    "namespace-not-allowed",
    Severity.ERROR,
    Category.EXCESSIVE,
    "An object stands in a namespace, or is one, that no pattern in `namespaces` matches.",
    "https://kubernetes.io/docs/concepts/overview/working-with-objects/namespaces/",
)
KIND = Rule(
    "kind-not-allowed",
    Severity.ERROR,
    Category.EXCESSIVE,
    "An object is of a kind that no pattern in `kinds` matches.",
    "https://kubernetes.io/docs/concepts/overview/working-with-objects/",
)
RULES = (IMAGE, NAMESPACE, KIND)


def images_outside(inventory: Inventory, patterns: Sequence[str]) -> Iterator[Finding]:
    """Workloads with images that are not allowed."""
    for each in inventory.workloads:
        others = [
            image
            for image in images_of([each])
            if not (_matches(image, patterns) or _matches(full_name(image), patterns))
        ]
        if others:
            yield IMAGE.found(each.reference, f"Runs {join_quoted(others)}, which is not allowed.")


def namespaces_outside(inventory: Inventory, patterns: Sequence[str]) -> Iterator[Finding]:
    """Objects in namespaces that are not allowed, and such namespaces themselves."""
    for item in inventory.items:
        where = item.reference
        namespace = where.name if where.kind == "Namespace" else where.namespace
        if namespace and not _matches(namespace, patterns):
            verb = "Is" if where.kind == "Namespace" else "Stands in"
            yield NAMESPACE.found(
                where, f"{verb} the namespace {join_quoted([namespace])}, which is not allowed."
            )


def kinds_outside(inventory: Inventory, patterns: Sequence[str]) -> Iterator[Finding]:
    """Objects of kinds that are not allowed."""
    for item in inventory.items:
        kind = item.reference.kind
        versioned = f"{item.reference.api_version}/{kind}"
        if not (_matches(kind, patterns) or _matches(versioned, patterns)):
            yield KIND.found(item.reference, f"Is of the kind {join_quoted([versioned])}.")


def _matches(name: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)
