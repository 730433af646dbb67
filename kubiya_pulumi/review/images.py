"""The container images that the objects of a manifest run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from kubiya_pulumi.review.objects import KubernetesObject

_CONTAINERS = ("containers", "initContainers", "ephemeralContainers")


def images(objects: Iterable[KubernetesObject]) -> tuple[str, ...]:
    """Each image once, sorted, as written in the manifest (`registry/name:tag`)."""
    return tuple(sorted({image for item in objects for image in _images(_pod_spec(item))}))


def _pod_spec(item: KubernetesObject) -> Mapping[str, Any]:
    """The pod specification inside a workload, or an empty mapping for any other object."""
    steps = {"Pod": ("spec",), "CronJob": ("spec", "jobTemplate", "spec", "template", "spec")}
    node: Any = item.body
    for step in steps.get(item.kind, ("spec", "template", "spec")):
        node = node.get(step) if isinstance(node, Mapping) else None
    return node if isinstance(node, Mapping) else {}


def _images(pod: Mapping[str, Any]) -> Iterator[str]:
    for key in _CONTAINERS:
        containers = pod.get(key)
        for container in containers if isinstance(containers, list) else ():
            image = container.get("image") if isinstance(container, Mapping) else None
            if isinstance(image, str) and image:
                yield image
