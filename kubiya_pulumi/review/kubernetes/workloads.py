"""Workloads: the objects that contain a pod or a pod template, and their security contexts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from kubiya_pulumi.review.kubernetes.coerce import as_mapping, as_mappings, as_str, get_path
from kubiya_pulumi.review.kubernetes.manifest import Body
from kubiya_pulumi.review.kubernetes.references import ObjectReference
from kubiya_pulumi.text import join_quoted

CONFINING_PROFILES = ("RuntimeDefault", "Localhost")
"""The types of seccomp and AppArmor profiles that confine a container."""

_POD_PATHS: Mapping[str, tuple[str, ...]] = {
    "Pod": (),
    "PodTemplate": ("template",),
    "CronJob": ("spec", "jobTemplate", "spec", "template"),
}
# Deployments and all other workloads, including custom kinds.
_DEFAULT_POD_PATH = ("spec", "template")

Container = Mapping[str, Any]
ContextOwner = Mapping[str, Any]
"""What can have a `securityContext`: the specification of a pod, or a container."""


@dataclass(frozen=True)
class Workload:
    """An object that runs pods."""

    reference: ObjectReference
    template: Mapping[str, Any]
    """The pod or pod template, with `metadata` and `spec`."""

    @cached_property
    def spec(self) -> ContextOwner:
        """The specification of the pod."""
        return as_mapping(self.template.get("spec"))

    @cached_property
    def annotations(self) -> Mapping[str, Any]:
        """The annotations of the pod."""
        return as_mapping(get_path(self.template, "metadata", "annotations"))

    @cached_property
    def containers(self) -> tuple[Container, ...]:
        """All containers of the pod, including init and ephemeral containers."""
        return tuple(
            container
            for key in ("initContainers", "containers", "ephemeralContainers")
            for container in as_mappings(self.spec.get(key))
        )

    @cached_property
    def service_account(self) -> str:
        """The name of the ServiceAccount that the pod runs as."""
        return (
            as_str(self.spec.get("serviceAccountName"))
            or as_str(self.spec.get("serviceAccount"))
            or "default"
        )

    @property
    def is_in_user_namespace(self) -> bool:
        """Whether root in the pod is an unprivileged user on the node (`hostUsers: false`)."""
        return self.spec.get("hostUsers") is False

    @property
    def is_windows(self) -> bool:
        """Whether the pod runs on Windows, which has no Linux security features."""
        return as_str(get_path(self.spec, "os", "name")) == "windows"


def workload_in(reference: ObjectReference, body: Body) -> Workload | None:
    """Return the workload that an object is, or None if it runs no pods."""
    template = as_mapping(get_path(body, *_POD_PATHS.get(reference.kind, _DEFAULT_POD_PATH)))
    # Other kinds may have other content under spec.template.spec; only a pod has containers there.
    has_containers = isinstance(get_path(template, "spec", "containers"), list)
    return Workload(reference, template) if has_containers else None


def security_context_field(owner: ContextOwner, *path: str) -> Any:
    """Return the value at a path in the `securityContext`, or None if there is none."""
    return get_path(owner, "securityContext", *path)


@dataclass(frozen=True)
class Offenders:
    """The pod and the containers of a workload that violate a rule. False if there are none."""

    pod: bool = False
    containers: tuple[str, ...] = ()
    """The names of the containers."""
    values: tuple[str, ...] = ()
    """The values that violate the rule, each once, in the order of the manifest."""

    def __bool__(self) -> bool:
        return self.pod or bool(self.containers)

    def sentence(self, verb: str, predicate: str) -> str:
        """Return a sentence such as `Containers "a", "b" set hostPort 80.`

        Args:
            verb: a regular verb in the plural, such as `set`.
            predicate: the rest of the sentence, without a full stop.

        Returns:
            The sentence, or an empty string without offenders.
        """
        if not self:
            return ""
        count = len(self.containers)
        container = f"container{'s' if count > 1 else ''} {join_quoted(self.containers)}"
        parts = (["the pod"] if self.pod else []) + ([container] if count else [])
        subject = " and ".join(parts)
        ending = "" if self.pod + count > 1 else "s"
        return f"{subject[0].upper()}{subject[1:]} {verb}{ending} {predicate}."


def offenders(workload: Workload, violations: Callable[[ContextOwner], Iterable[str]]) -> Offenders:
    """Return the pod and the containers that violate a rule.

    Args:
        workload: the workload to check.
        violations: returns the values of a pod's specification, or of a container, that violate
            the rule.
    """
    of_pod = tuple(violations(workload.spec))
    containers = offending_containers(workload, violations)
    values = tuple(dict.fromkeys((*of_pod, *containers.values)))
    return Offenders(bool(of_pod), containers.containers, values)


def offending_containers(
    workload: Workload, violations: Callable[[Container], Iterable[str]]
) -> Offenders:
    """Return the containers that violate a rule; see `offenders`."""
    names: list[str] = []
    values: dict[str, None] = {}
    for container in workload.containers:
        if violating := dict.fromkeys(violations(container)):
            names.append(_name(container))
            values |= violating
    return Offenders(containers=tuple(names), values=tuple(values))


def containers_missing(
    workload: Workload, is_set: Callable[[ContextOwner], bool | None]
) -> Offenders:
    """Return the containers that lack a setting which the pod can provide for them.

    Args:
        workload: the workload to check.
        is_set: returns whether a pod's specification, or a container, has the setting. None means
            unset: then the pod decides for the container.
    """

    def is_missing(container: Container) -> bool:
        own = is_set(container)
        return not (is_set(workload.spec) if own is None else own)

    return Offenders(containers=tuple(_name(c) for c in workload.containers if is_missing(c)))


def _name(container: Container) -> str:
    return as_str(container.get("name")) or "unnamed"
