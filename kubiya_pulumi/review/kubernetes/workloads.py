"""The workloads of a manifest: the objects that have a pod in them, or a template of one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from kubiya_pulumi.review.findings import ObjectReference
from kubiya_pulumi.review.kubernetes.coerce import inside, mapping, mappings, text
from kubiya_pulumi.review.kubernetes.manifest import Body
from kubiya_pulumi.text import join_quoted

_POD_PATHS: Mapping[str, tuple[str, ...]] = {
    "Pod": (),
    "PodTemplate": ("template",),
    "CronJob": ("spec", "jobTemplate", "spec", "template"),
}
# Deployments and all other workloads, those of custom kinds too.
_USUAL_PATH = ("spec", "template")

Container = Mapping[str, Any]


@dataclass(frozen=True)
class Workload:
    """An object that runs pods."""

    reference: ObjectReference
    template: Mapping[str, Any]
    """The pod, with `metadata` and `spec`."""

    @cached_property
    def spec(self) -> Mapping[str, Any]:
        """The specification of the pod."""
        return mapping(self.template.get("spec"))

    @cached_property
    def annotations(self) -> Mapping[str, Any]:
        """The annotations of the pod."""
        return mapping(inside(self.template, "metadata", "annotations"))

    @cached_property
    def containers(self) -> tuple[Container, ...]:
        """All containers of the pod, those for its start and for debugging among them."""
        return tuple(
            container
            for key in ("initContainers", "containers", "ephemeralContainers")
            for container in mappings(self.spec.get(key))
        )

    @cached_property
    def service_account(self) -> str:
        """The name of the ServiceAccount that the pod runs as."""
        return (
            text(self.spec.get("serviceAccountName"))
            or text(self.spec.get("serviceAccount"))
            or "default"
        )

    def containers_that(self, holds: Callable[[Container], bool]) -> str:
        """The containers of which something holds, for a message; empty where there are none."""
        return containers_named(each for each in self.containers if holds(each))


def workload(reference: ObjectReference, body: Body) -> Workload | None:
    """The workload that the object is, or None."""
    template = mapping(inside(body, *_POD_PATHS.get(reference.kind, _USUAL_PATH)))
    # Other kinds have other things under spec.template.spec; only a pod has containers there.
    runs = isinstance(inside(template, "spec", "containers"), list)
    return Workload(reference, template) if runs else None


def containers_named(containers: Iterable[Container]) -> str:
    """`container "a"` or `containers "a", "b"`; empty where there are none."""
    names = [text(each.get("name")) or "unnamed" for each in containers]
    return f"container{'s' if len(names) > 1 else ''} {join_quoted(names)}" if names else ""
