"""The Kubernetes objects of a stack before and after an update."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from kubiya_pulumi.preview_report.changes import Changes
from kubiya_pulumi.preview_report.hidden import (
    Hidden,
    assume_unchanged,
    hidden_paths,
    known_entries,
)
from kubiya_pulumi.preview_report.object_shape import is_rbac
from kubiya_pulumi.preview_report.preview import Preview
from kubiya_pulumi.preview_report.steps import PropertyMap, State, Step, Urn
from kubiya_pulumi.review import KubernetesObject, ObjectReference, images
from kubiya_pulumi.review.kubernetes.coerce import as_list, as_mapping, as_str, get_path
from kubiya_pulumi.review.kubernetes.references import reference_to

# The name of a default provider includes the version of its package, if the version is known.
_DEFAULT_PROVIDER_NAME = re.compile(r"default(_\d.*)?")
_TYPE_PREFIX = "kubernetes:"
PATCH_SUFFIX = "Patch"
"""The end of the types whose resources change an object that another owner has created."""

_RELEASE = re.compile(r"kubernetes:helm\.sh/[^:]*:Release")

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

    Unchanged objects are in both, if the preview lists them. Objects that stay in the cluster are
    in both, too: those that are only removed from the stack, and those of a component that is
    unknown until the update. A hidden property counts as unchanged.
    """
    unchanged = [step for step in preview.steps if step.operation == "same"]
    staying = [*changes.kept, *changes.spurious_deletes]
    before: dict[Urn, list[KubernetesObject]] = defaultdict(list)
    after: dict[Urn, list[KubernetesObject]] = defaultdict(list)
    for step in (*unchanged, *changes.applied, *changes.deleted, *staying):
        _add(before, step, step.old)
        _add(after, step, step.old if step in staying else step.new)
    return _freeze(before), _freeze(after)


def image_changes(changes: Changes) -> tuple[ImageChange, ...]:
    """Return the workloads that are added or removed with images, or whose images change."""
    image_changes = []
    for step in (*changes.applied, *changes.deleted):
        before, after = kubernetes_object(step, step.old), kubernetes_object(step, step.new)
        old_images, new_images = _images(before), _images(after)
        workload = after or before
        if workload and old_images != new_images:
            removed = tuple(image for image in old_images if image not in new_images)
            added = tuple(image for image in new_images if image not in old_images)
            image_changes.append(ImageChange(reference_to(workload), removed, added))
    return tuple(sorted(image_changes, key=lambda change: str(change.workload)))


def is_release(type_: str) -> bool:
    """Return whether the resources of a type are releases of Helm, which has its own objects."""
    return _RELEASE.fullmatch(type_) is not None


def is_object(step: Step) -> bool:
    """Return whether the resource of a step is one object of Kubernetes."""
    type_ = step.urn.type
    return type_.startswith(_TYPE_PREFIX) and not (step.urn.is_component or is_release(type_))


def kubernetes_object(step: Step, state: State | None) -> KubernetesObject | None:
    """Return the object of a state of a step; None if it has no state or is not an object.

    A hidden property counts as unchanged. The entries of rules and subjects that are hidden are
    left out. Neither is a hidden part of the name or namespace: it is shown as hidden.
    """
    if state is None or not is_object(step):
        return None
    old = step.old.inputs if step.old and state is not step.old else {}
    body = assume_unchanged(state.inputs, old)
    api_version, kind = type_of(step, body)
    if is_rbac(api_version):
        body = _known_rbac(step, state, body, old)
    metadata = body.get("metadata")
    name = as_str(get_path(metadata, "name"))
    if not name or isinstance(name, Hidden):
        # The object cannot be the one that another object refers to by name.
        name = f"{step.urn.name} {Hidden.UNKNOWN}"
    namespace = metadata if isinstance(metadata, Hidden) else get_path(metadata, "namespace")
    return KubernetesObject(api_version, kind, as_str(namespace), name, body)


def type_of(step: Step, body: PropertyMap) -> tuple[str, str]:
    """Return the API version and the kind of an object: its own, or those of its Pulumi type."""
    declared = declared_type(step)
    shown = [as_str(body.get(key)) for key in ("apiVersion", "kind")]
    own = ["" if isinstance(value, Hidden) else value for value in shown]
    return own[0].removeprefix("core/") or declared[0], own[1] or declared[1]


def declared_type(step: Step) -> tuple[str, str]:
    """Return the API version and the kind of the Pulumi type of an object."""
    api_version, _, kind = step.urn.type.removeprefix(_TYPE_PREFIX).rpartition(":")
    return api_version.removeprefix("core/"), kind.removesuffix(PATCH_SUFFIX)


def _known_rbac(step: Step, state: State, body: PropertyMap, old: PropertyMap) -> dict[str, Any]:
    """Return an object of RBAC with the entries that are known; a hidden subject has no name."""
    known = dict(body)
    for key in known.keys() & {"rules", "subjects"}:
        known[key] = known_entries(body[key], old.get(key))
    if any(hidden_paths(state.inputs.get("subjects"))):
        known["subjects"] = [
            *as_list(known["subjects"]),
            {"name": f"{Hidden.UNKNOWN} of {step.urn.name}"},
        ]
    aggregation = as_mapping(body.get("aggregationRule"))
    if "clusterRoleSelectors" in aggregation:
        selectors = known_entries(
            aggregation["clusterRoleSelectors"],
            get_path(old, "aggregationRule", "clusterRoleSelectors"),
        )
        known["aggregationRule"] = {**aggregation, "clusterRoleSelectors": selectors}
    return known


def _images(workload: KubernetesObject | None) -> tuple[str, ...]:
    return images([workload]) if workload else ()


def _add(clusters: dict[Urn, list[KubernetesObject]], step: Step, state: State | None) -> None:
    if state and (added := kubernetes_object(step, state)):
        clusters[_cluster(state.provider)].append(added)


def _freeze(clusters: Mapping[Urn, Iterable[KubernetesObject]]) -> ClusterObjects:
    return {cluster: tuple(objects) for cluster, objects in clusters.items()}


def _cluster(provider: Urn) -> Urn:
    return DEFAULT_PROVIDER if _DEFAULT_PROVIDER_NAME.fullmatch(provider.name) else provider
