"""Container images: which ones a manifest runs, and whether they are pinned."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from kubiya_pulumi.review.findings import Category, Finding, Rule, Severity
from kubiya_pulumi.review.kubernetes.coerce import as_str
from kubiya_pulumi.review.kubernetes.inventory import Inventory
from kubiya_pulumi.review.kubernetes.manifest import KubernetesObject
from kubiya_pulumi.review.kubernetes.pod_search import find_pods, pod_budget
from kubiya_pulumi.review.kubernetes.references import reference_to
from kubiya_pulumi.review.kubernetes.workloads import (
    Container,
    Offenders,
    Workload,
    offending_containers,
)
from kubiya_pulumi.text import join_quoted

_URL = "https://kubernetes.io/docs/concepts/containers/images/"

LATEST_TAG = Rule(
    id="KR-042",
    name="image-latest-tag",
    severity=Severity.WARNING,
    category=Category.EXCESSIVE,
    description="An image has the tag `latest`, or no tag, which means the same: the container "
    "runs whatever was pushed last.",
    remediation="Set a version tag, or better a digest (`name@sha256:…`).",
    url=_URL + "#image-names",
)
WITHOUT_DIGEST = Rule(
    id="KR-043",
    name="image-without-digest",
    severity=Severity.NOTE,
    category=Category.EXCESSIVE,
    description="An image has a tag and no digest (`@sha256:…`): its registry can move the tag to "
    "another image.",
    remediation="Add the digest of the image to its name (`name:tag@sha256:…`).",
    url=_URL + "#image-pull-policy",
)
RULES = (LATEST_TAG, WITHOUT_DIGEST)

# The digest of an image, by any algorithm: `@sha256:…`, `@sha512:…`.
_DIGEST = re.compile(r"@[a-z0-9]+(?:[+._-][a-z0-9]+)*:[A-Za-z0-9=_-]+$")

# The same, without a host and its port, as in a URL with credentials.
_WHOLE_DIGEST = re.compile(r"@[a-z0-9+._-]+:[A-Za-z0-9=_-]{32,}$")
_QUERY = re.compile(r"[?#]")


def images(objects: Iterable[KubernetesObject]) -> tuple[str, ...]:
    """Return the images of a manifest, each once and sorted, as written (`registry/name:tag`).

    Credentials in an image, which the author may have written as a URL, are replaced with `***`.

    Args:
        objects: the result of `parse_manifest`.

    Raises:
        ManifestError: the objects run more pods than a review can process.
    """
    budget = pod_budget()
    searches = (find_pods(reference_to(item), item.body, budget) for item in objects)
    return images_of(workload for search in searches for workload in search.workloads)


def images_of(workloads: Iterable[Workload]) -> tuple[str, ...]:
    """Return the images of workloads, each once and sorted, without credentials."""
    names: set[str] = set()
    for workload in workloads:
        names.update(map(_image, workload.containers))
        names.update(image for _, image in workload.image_volumes)
    return tuple(sorted({_without_credentials(name) for name in names if name}))


def images_where(workload: Workload, is_offending: Callable[[str], bool]) -> Offenders:
    """Return the containers and the volumes whose image violates a rule.

    Args:
        workload: the workload to check.
        is_offending: returns whether an image violates the rule.

    Returns:
        The offenders. Their values are the images without credentials.
    """

    def images_in(container: Container) -> list[str]:
        image = _image(container)
        return [image] if image and is_offending(image) else []

    containers = offending_containers(workload, images_in)
    volumes = [(name, image) for name, image in workload.image_volumes if is_offending(image)]
    found = (*containers.values, *(image for _, image in volumes))
    values = dict.fromkeys(map(_without_credentials, found))
    return replace(containers, volumes=tuple(name for name, _ in volumes), values=tuple(values))


def full_name(image: str) -> str:
    """Return an image with its registry: `docker.io/library/nginx:1` for `nginx:1`."""
    first, slash, _ = image.partition("/")
    if not slash:
        return f"docker.io/library/{image}"
    # The name of an image has no upper-case letters, so they are in the name of a registry.
    is_registry = "." in first or ":" in first or first == "localhost" or first != first.lower()
    return image if is_registry else f"docker.io/{image}"


def findings(inventory: Inventory) -> Iterator[Finding]:
    """Yield a finding for each workload with images that are not pinned."""
    for workload in inventory.workloads:
        latest = images_where(workload, _is_latest)
        if latest:
            yield LATEST_TAG.finding(
                workload.reference,
                workload.locate(
                    latest.sentence(
                        "use",
                        f"image {join_quoted(latest.values)} with the tag latest or without a "
                        "tag; set a version tag or a digest",
                    )
                ),
            )
        tagged = images_where(workload, _has_only_tag)
        if tagged:
            yield WITHOUT_DIGEST.finding(
                workload.reference,
                workload.locate(
                    tagged.sentence(
                        "use",
                        f"image {join_quoted(tagged.values)} without a digest; append its digest",
                    )
                ),
            )


def _is_latest(image: str) -> bool:
    return _is_mutable(image) and _tag(image) in ("", "latest")


def _has_only_tag(image: str) -> bool:
    return _is_mutable(image) and not _is_latest(image)


def _without_credentials(image: str) -> str:
    """Return an image with `***` for what may be a credential, as in a URL."""
    digest = _WHOLE_DIGEST.search(image)
    name = image[: digest.start()] if digest else image
    scheme = "".join(name.partition("://")[:2]) if "://" in name else ""
    rest = name.removeprefix(scheme)
    query = _QUERY.search(rest)
    user, separator, host = rest.rpartition("@")
    if query and separator:
        return f"{scheme}***"  # Where the credentials end is uncertain.
    if query:
        return f"{scheme}{rest[: query.end()]}***"
    if separator and (scheme or ":" in user or "/" in host):
        return f"{scheme}***@{host}{image[len(name) :]}"
    return image


def _image(container: Container) -> str:
    return as_str(container.get("image"))


def _is_mutable(image: str) -> bool:
    return _DIGEST.search(image) is None


def _tag(image: str) -> str:
    return image.partition("@")[0].rpartition("/")[2].partition(":")[2]
