"""Reading the security contexts of a pod and its containers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from kubiya_pulumi.review.kubernetes.coerce import inside, mapping, text
from kubiya_pulumi.review.kubernetes.workloads import Container, Workload, containers_named

GOOD_PROFILES = ("RuntimeDefault", "Localhost")
"""The types of seccomp and AppArmor profiles that confine a container."""


def context(owner: Mapping[str, Any]) -> Mapping[str, Any]:
    """The `securityContext` of a container or of the specification of a pod."""
    return mapping(owner.get("securityContext"))


def field(owner: Mapping[str, Any], *path: str) -> Any:
    """What stands at a path in the `securityContext`, or None."""
    return inside(owner, "securityContext", *path)


def setters(workload: Workload, is_bad: Callable[[Mapping[str, Any]], bool]) -> str:
    """Who sets something bad: `the pod and container "a"`; empty if nobody does.

    Args:
        workload: whose pod and containers are asked.
        is_bad: from the specification of the pod, or a container, to whether it does.
    """
    pod = "the pod" if is_bad(workload.spec) else ""
    return " and ".join(filter(None, (pod, workload.containers_that(is_bad))))


def without(workload: Workload, has: Callable[[Mapping[str, Any]], bool | None]) -> str:
    """The containers for which neither they nor the pod say what is good.

    Args:
        workload: whose pod and containers are asked.
        has: whether its owner says what is good; None where it says nothing, and the pod's word
            counts for the container.
    """

    def lacks(container: Container) -> bool:
        own = has(container)
        return not (has(workload.spec) if own is None else own)

    return containers_named(each for each in workload.containers if lacks(each))


def in_user_namespace(workload: Workload) -> bool:
    """Whether root in the pod is nobody on the node (`hostUsers: false`)."""
    return workload.spec.get("hostUsers") is False


def on_windows(workload: Workload) -> bool:
    """Whether the pod is one for Windows, which has none of what Linux confines pods with."""
    return text(inside(workload.spec, "os", "name")) == "windows"
