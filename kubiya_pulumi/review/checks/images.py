"""The container images that the objects of a manifest run, and whether they can change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain

from kubiya_pulumi.review.findings import Category, Finding, Rule, Severity
from kubiya_pulumi.review.kubernetes.coerce import text
from kubiya_pulumi.review.kubernetes.inventory import Inventory
from kubiya_pulumi.review.kubernetes.manifest import KubernetesObject
from kubiya_pulumi.review.kubernetes.scope import reference
from kubiya_pulumi.review.kubernetes.workloads import Workload, workload
from kubiya_pulumi.text import join_quoted

_URL = "https://kubernetes.io/docs/concepts/containers/images/"

LATEST_TAG = Rule(
    "image-latest-tag",
    Severity.WARNING,
    Category.EXCESSIVE,
    "An image has the tag `latest`, or no tag, which means the same: what runs is whatever was "
    "pushed last.",
    _URL + "#image-names",
)
WITHOUT_DIGEST = Rule(
    "image-without-digest",
    Severity.NOTE,
    Category.EXCESSIVE,
    "An image has a tag and no digest (`@sha256:…`): its registry can move the tag to another "
    "image.",
    _URL + "#image-pull-policy",
)
RULES = (LATEST_TAG, WITHOUT_DIGEST)


def images(objects: Iterable[KubernetesObject]) -> tuple[str, ...]:
    """Each image once, sorted, as written in the manifest (`registry/name:tag`)."""
    found = (workload(reference(each), each.body) for each in objects)
    return images_of(each for each in found if each is not None)


def images_of(workloads: Iterable[Workload]) -> tuple[str, ...]:
    """Each image that the workloads run, once and sorted."""
    containers = chain.from_iterable(each.containers for each in workloads)
    return tuple(sorted({image for each in containers if (image := text(each.get("image")))}))


def full_name(image: str) -> str:
    """The image with its registry: `docker.io/library/nginx:1` for `nginx:1`."""
    first, slash, _ = image.partition("/")
    if not slash:
        return f"docker.io/library/{image}"
    is_registry = "." in first or ":" in first or first == "localhost"
    return image if is_registry else f"docker.io/{image}"


def findings(inventory: Inventory) -> Iterator[Finding]:
    """Images that can be another one tomorrow."""
    for each in inventory.workloads:
        mutable = [image for image in images_of([each]) if "@sha256:" not in image]
        latest = [image for image in mutable if _tag(image) in ("", "latest")]
        tagged = [image for image in mutable if image not in latest]
        if latest:
            yield LATEST_TAG.found(
                each.reference, f"Runs whatever was pushed last as {join_quoted(latest)}."
            )
        if tagged:
            yield WITHOUT_DIGEST.found(
                each.reference, f"Runs {join_quoted(tagged)} by tag, without a digest."
            )


def _tag(image: str) -> str:
    return image.partition("@")[0].rpartition("/")[2].partition(":")[2]
