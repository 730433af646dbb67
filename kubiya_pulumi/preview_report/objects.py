"""The Kubernetes objects of a stack, before and after."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from kubiya_pulumi.preview_report.changes import Changes
from kubiya_pulumi.preview_report.parser import Preview
from kubiya_pulumi.preview_report.plan import State, Urn
from kubiya_pulumi.review import KubernetesObject, ObjectReference, images
from kubiya_pulumi.review.kubernetes.coerce import inside, text
from kubiya_pulumi.review.kubernetes.scope import reference

# How the engine names default providers: with the version of their package, if it is known.
_OF_THE_ENGINE = re.compile(r"default(_\d.*)?")

DEFAULT = Urn("default")
"""Stands for the default provider, whose own URN changes with each version of its package."""

Objects = Mapping[Urn, tuple[KubernetesObject, ...]]
"""Objects by their provider, which stands for the cluster that they are in."""


@dataclass(frozen=True)
class ImageChange:
    """A workload whose container images differ before and after."""

    workload: ObjectReference
    removed: tuple[str, ...]
    added: tuple[str, ...]


def before_and_after(preview: Preview, changes: Changes) -> tuple[Objects, Objects]:
    """The objects as they are, and as the update would leave them.

    What stays as it is stands in both where the preview lists it; so does what is not known yet.
    """
    steps = [step for step in preview.steps if step.operation == "same"]
    for changed in (changes.replaced, changes.deleted, changes.updated, changes.created):
        steps += changed
    steps += [*changes.imported, *changes.not_deleted]
    before = [step.old for step in steps]
    after = [step.new for step in steps]
    after += [step.old for step in changes.not_deleted]
    return _objects(before), _objects(after)


def image_changes(changes: Changes) -> tuple[ImageChange, ...]:
    """The workloads that would run other images, or come with images, or go with them."""
    found = []
    for steps in (changes.replaced, changes.deleted, changes.updated, changes.created):
        for step in steps:
            before, after = _object(step.old), _object(step.new)
            old, new = _images(before), _images(after)
            workload = after or before
            if workload and old != new:
                removed = tuple(image for image in old if image not in new)
                added = tuple(image for image in new if image not in old)
                found.append(ImageChange(reference(workload), removed, added))
    return tuple(sorted(found, key=lambda change: str(change.workload)))


def _images(item: KubernetesObject | None) -> tuple[str, ...]:
    return images([item]) if item else ()


def _objects(states: Iterable[State | None]) -> Objects:
    found: dict[Urn, list[KubernetesObject]] = defaultdict(list)
    for state in states:
        if state and (item := _object(state)):
            found[_cluster(state.provider)].append(item)
    return {cluster: tuple(items) for cluster, items in found.items()}


def _cluster(provider: Urn) -> Urn:
    return DEFAULT if _OF_THE_ENGINE.fullmatch(provider.name) else provider


def _object(state: State | None) -> KubernetesObject | None:
    """The object that the state is of; None for a component, or another provider's resource."""
    if state is None or not state.provider.type.startswith("pulumi:providers:kubernetes"):
        return None
    body = state.inputs
    api_version, kind = text(body.get("apiVersion")), text(body.get("kind"))
    name = text(inside(body, "metadata", "name"))
    if not (api_version and kind and name):
        return None
    namespace = text(inside(body, "metadata", "namespace"))
    return KubernetesObject(api_version, kind, namespace, name, body)
