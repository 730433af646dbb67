"""Workloads: the pods of the objects in a manifest, and their security contexts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from kubiya_pulumi.review.kubernetes.coerce import as_mappings, as_str, get_path
from kubiya_pulumi.review.kubernetes.references import DEFAULT_NAMESPACE, ObjectReference
from kubiya_pulumi.text import join_quoted, sanitize

CONFINING_PROFILES = ("RuntimeDefault", "Localhost")
"""The types of seccomp and AppArmor profiles that confine a container."""

CONTAINER_LISTS = ("initContainers", "containers", "ephemeralContainers")
"""The fields of a pod that list its containers."""

Container = Mapping[str, Any]
ContextOwner = Mapping[str, Any]
"""What can have a `securityContext`: the specification of a pod, or a container."""


@dataclass(frozen=True)
class Workload:
    """A pod that an object runs. An object of a custom kind may have several."""

    reference: ObjectReference
    """The object."""
    spec: ContextOwner
    """The specification of the pod."""
    containers: tuple[Container, ...]
    """All containers of the pod, including init and ephemeral containers."""
    annotations: Mapping[str, Any] = field(default_factory=dict)
    """The annotations of the pod."""
    location: str = ""
    """The path of the specification in an object of a custom kind, which may have others."""
    is_complete: bool = True
    """Whether the object has the whole pod. If not, its controller adds the rest, so what the
    object lacks says nothing about the pod."""

    def locate(self, message: str) -> str:
        """Return a message about the pod, which starts with the location if there is one."""
        return f"In {sanitize(self.location)}: {message}" if self.location else message

    @property
    def namespace(self) -> str:
        """The namespace of the pod. Pods have one even if that of a custom object is unknown."""
        return self.reference.namespace or DEFAULT_NAMESPACE

    @cached_property
    def service_account(self) -> str:
        """The name of the ServiceAccount that the pod runs as."""
        return (
            as_str(self.spec.get("serviceAccountName"))
            or as_str(self.spec.get("serviceAccount"))
            or "default"
        )

    @cached_property
    def image_volumes(self) -> tuple[tuple[str, str], ...]:
        """The name and the image of each volume that mounts an image."""
        return tuple(
            (as_str(volume.get("name")) or "unnamed", image)
            for volume in as_mappings(self.spec.get("volumes"))
            if (image := as_str(get_path(volume, "image", "reference")))
        )

    @property
    def is_in_user_namespace(self) -> bool:
        """Whether root in the pod is an unprivileged user on the node (`hostUsers: false`)."""
        return self.spec.get("hostUsers") is False

    @property
    def is_windows(self) -> bool:
        """Whether the pod runs on Windows, which has no Linux security features."""
        return as_str(get_path(self.spec, "os", "name")) == "windows"


def security_context_field(owner: ContextOwner, *path: str) -> Any:
    """Return the value at a path in the `securityContext`, or None if there is none."""
    return get_path(owner, "securityContext", *path)


@dataclass(frozen=True)
class Offenders:
    """The parts of a workload that violate a rule. False if there are none."""

    pod: bool = False
    containers: tuple[str, ...] = ()
    """The names of the containers."""
    volumes: tuple[str, ...] = ()
    """The names of the volumes."""
    values: tuple[str, ...] = ()
    """The values that violate the rule, each once, in the order of the manifest."""

    def __bool__(self) -> bool:
        return self.pod or bool(self.containers or self.volumes)

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
        parts = ["the pod"] if self.pod else []
        for noun, names in (("container", self.containers), ("volume", self.volumes)):
            if names:
                parts.append(f"{noun}{'s' if len(names) > 1 else ''} {join_quoted(names)}")
        subject = " and ".join(parts)
        ending = "" if self.pod + len(self.containers) + len(self.volumes) > 1 else "s"
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
    return Offenders(bool(of_pod), containers.containers, values=values)


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

    Returns:
        The containers; none if the workload is not complete.
    """
    if not workload.is_complete:
        return Offenders()

    def is_missing(container: Container) -> bool:
        own = is_set(container)
        return not (is_set(workload.spec) if own is None else own)

    return Offenders(containers=tuple(_name(c) for c in workload.containers if is_missing(c)))


def _name(container: Container) -> str:
    return as_str(container.get("name")) or "unnamed"
