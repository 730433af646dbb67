"""The Kubernetes objects of a stack before and after an update."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from kubiya_pulumi.preview_report.changes import Changes
from kubiya_pulumi.preview_report.parser import Preview
from kubiya_pulumi.preview_report.plan import State, Urn
from kubiya_pulumi.review import KubernetesObject, ObjectReference, images
from kubiya_pulumi.review.kubernetes.coerce import as_str, get_path
from kubiya_pulumi.review.kubernetes.references import reference_to

# The name of a default provider includes the version of its package, if the version is known.
_DEFAULT_PROVIDER_NAME = re.compile(r"default(_\d.*)?")

DEFAULT_PROVIDER = Urn("default")
"""Represents the default provider, whose URN changes with each version of its package."""

ClusterObjects = Mapping[Urn, tuple[KubernetesObject, ...]]
"""The objects of each cluster, by the provider that connects to it."""


@dataclass(frozen=True)
class ImageChange:
    """A workload whose container images differ before and after."""

    workload: ObjectReference
    removed: tuple[str, ...]
    added: tuple[str, ...]


def objects_before_and_after(
    preview: Preview, changes: Changes
) -> tuple[ClusterObjects, ClusterObjects]:
    """Return the objects before the update, and the objects after it.

    Unchanged objects are in both, if the preview lists them. Objects of a component that is
    unknown until the update are in both, too.
    """
    steps = [step for step in preview.steps if step.operation == "same"]
    for changed in (changes.replaced, changes.deleted, changes.updated, changes.created):
        steps += changed
    steps += [*changes.imported, *changes.spurious_deletes]
    before = [step.old for step in steps]
    after = [step.new for step in steps]
    after += [step.old for step in changes.spurious_deletes]
    return _group_by_cluster(before), _group_by_cluster(after)


def image_changes(changes: Changes) -> tuple[ImageChange, ...]:
    """Return the workloads that are added or removed with images, or whose images change."""
    image_changes = []
    for steps in (changes.replaced, changes.deleted, changes.updated, changes.created):
        for step in steps:
            before, after = _object(step.old), _object(step.new)
            old_images, new_images = _images(before), _images(after)
            workload = after or before
            if workload and old_images != new_images:
                removed = tuple(image for image in old_images if image not in new_images)
                added = tuple(image for image in new_images if image not in old_images)
                image_changes.append(ImageChange(reference_to(workload), removed, added))
    return tuple(sorted(image_changes, key=lambda change: str(change.workload)))


def _images(workload: KubernetesObject | None) -> tuple[str, ...]:
    return images([workload]) if workload else ()


def _group_by_cluster(states: Iterable[State | None]) -> ClusterObjects:
    clusters: dict[Urn, list[KubernetesObject]] = defaultdict(list)
    for state in states:
        if state and (manifest_object := _object(state)):
            clusters[_cluster(state.provider)].append(manifest_object)
    return {cluster: tuple(objects) for cluster, objects in clusters.items()}


def _cluster(provider: Urn) -> Urn:
    return DEFAULT_PROVIDER if _DEFAULT_PROVIDER_NAME.fullmatch(provider.name) else provider


def _object(state: State | None) -> KubernetesObject | None:
    """Return the object of a state; None for a component or another provider's resource."""
    if state is None or not state.provider.type.startswith("pulumi:providers:kubernetes"):
        return None
    body = state.inputs
    api_version, kind = as_str(body.get("apiVersion")), as_str(body.get("kind"))
    name = as_str(get_path(body, "metadata", "name"))
    if not (api_version and kind and name):
        return None
    namespace = as_str(get_path(body, "metadata", "namespace"))
    return KubernetesObject(api_version, kind, namespace, name, body)
