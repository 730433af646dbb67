"""The allow-lists of a policy: images, namespaces and kinds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase

from kubiya_pulumi.review.checks.images import full_name, images_where
from kubiya_pulumi.review.findings import Category, Finding, Rule, Severity
from kubiya_pulumi.review.kubernetes.api_groups import api_group
from kubiya_pulumi.review.kubernetes.inventory import Inventory
from kubiya_pulumi.review.kubernetes.references import DEFAULT_NAMESPACE, is_cluster_scoped
from kubiya_pulumi.text import join_quoted

IMAGE = Rule(
    id="KR-053",
    name="image-not-allowed",
    severity=Severity.ERROR,
    category=Category.EXCESSIVE,
    description="A container or a volume uses an image that matches no pattern in "
    "`allowed_images`.",
    remediation="Use an allowed image, or add a pattern for it to `allowed_images`.",
    url="https://kubernetes.io/docs/concepts/containers/images/#image-names",
)
NAMESPACE = Rule(
    id="KR-054",
    name="namespace-not-allowed",
    severity=Severity.ERROR,
    category=Category.EXCESSIVE,
    description="An object is in a namespace, or creates one, that matches no pattern in "
    "`allowed_namespaces`.",
    remediation="Move the object to an allowed namespace, or add a pattern for its namespace to "
    "`allowed_namespaces`.",
    url="https://kubernetes.io/docs/concepts/overview/working-with-objects/namespaces/",
)
KIND = Rule(
    id="KR-055",
    name="kind-not-allowed",
    severity=Severity.ERROR,
    category=Category.EXCESSIVE,
    description="An object has a kind that matches no pattern in `allowed_kinds`.",
    remediation="Remove the object, or add a pattern for its kind to `allowed_kinds`.",
    url="https://kubernetes.io/docs/concepts/overview/working-with-objects/",
)
RULES = (IMAGE, NAMESPACE, KIND)


def check_images(inventory: Inventory, patterns: Sequence[str]) -> Iterator[Finding]:
    """Yield a finding for each workload with an image that matches no pattern."""

    def is_not_allowed(image: str) -> bool:
        return not any(_matches_image(image, pattern) for pattern in patterns)

    for workload in inventory.workloads:
        offenders = images_where(workload, is_not_allowed)
        if message := offenders.sentence(
            "use",
            f"image {join_quoted(offenders.values)}, which matches no pattern in allowed_images; "
            "use an allowed image or add a pattern",
        ):
            yield IMAGE.finding(workload.reference, workload.locate(message))


def check_namespaces(inventory: Inventory, patterns: Sequence[str]) -> Iterator[Finding]:
    """Yield a finding for each object whose namespace matches no pattern.

    An object of a custom kind without a namespace is in the default one, unless the manifest
    defines its kind as cluster-scoped.
    """
    for item in inventory.items:
        reference = item.reference
        is_namespace = (api_group(reference), reference.kind) == ("core", "Namespace")
        field = "metadata.name" if is_namespace else "metadata.namespace"
        namespace = reference.name if is_namespace else reference.namespace
        kind = inventory.custom_kinds.get((api_group(reference), reference.kind))
        is_in_cluster = (
            kind.is_cluster_scoped
            if kind
            else is_cluster_scoped(reference.api_version, reference.kind)
        )
        if not (namespace or is_in_cluster):
            if not _matches(DEFAULT_NAMESPACE, patterns):
                yield NAMESPACE.finding(
                    reference,
                    f'The object sets no metadata.namespace, and "{DEFAULT_NAMESPACE}" matches no '
                    "pattern in allowed_namespaces; set it, or add the CustomResourceDefinition if "
                    "the kind is cluster-scoped.",
                )
        elif namespace and not _matches(namespace, patterns):
            yield NAMESPACE.finding(
                reference,
                f"The {field} is {join_quoted([namespace])}, which matches no pattern in "
                "allowed_namespaces; change it or add a pattern.",
            )


def check_kinds(inventory: Inventory, patterns: Sequence[str]) -> Iterator[Finding]:
    """Yield a finding for each object whose kind matches no pattern."""
    for item in inventory.items:
        kind = item.reference.kind
        versioned_kind = f"{item.reference.api_version}/{kind}"
        if not (_matches(kind, patterns) or _matches(versioned_kind, patterns)):
            yield KIND.finding(
                item.reference,
                f"The kind is {join_quoted([versioned_kind])}, which matches no pattern in "
                "allowed_kinds; remove the object or add a pattern.",
            )


def _matches_image(image: str, pattern: str) -> bool:
    """Compare full names: the `*` of a tag must not match a port and a path (`nginx:80/app`)."""
    full_pattern = pattern if pattern.startswith("*") else full_name(pattern)
    return fnmatchcase(full_name(image), full_pattern)


def _matches(name: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)
