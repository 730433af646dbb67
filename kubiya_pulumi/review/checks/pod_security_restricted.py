"""The controls of the restricted profile of the Pod Security Standards, on top of the baseline."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kubiya_pulumi.review.checks.pod_security_baseline import unmasked_proc
from kubiya_pulumi.review.findings import Category, Rule, Severity
from kubiya_pulumi.review.kubernetes.coerce import mappings, number, text, texts
from kubiya_pulumi.review.kubernetes.security_context import (
    GOOD_PROFILES,
    field,
    in_user_namespace,
    on_windows,
    setters,
    without,
)
from kubiya_pulumi.review.kubernetes.workloads import Container, Workload
from kubiya_pulumi.text import join_quoted

_ALLOWED_VOLUMES = (
    "configMap csi downwardAPI emptyDir ephemeral image persistentVolumeClaim projected secret"
)
_VOLUMES = frozenset(_ALLOWED_VOLUMES.split())


def _volume_types(workload: Workload) -> str:
    found: dict[str, set[str]] = {}
    for volume in mappings(workload.spec.get("volumes")):
        # A volume of no kind at all is an emptyDir.
        kinds = {text(key) for key, source in volume.items() if isinstance(source, Mapping)}
        if kinds and kinds.isdisjoint(_VOLUMES):
            found[text(volume.get("name"))] = kinds
    kinds = set().union(*found.values())
    return (
        f"Mounts volumes of the kinds {join_quoted(sorted(kinds))}: {join_quoted(found)}."
        if found
        else ""
    )


def _privilege_escalation(workload: Workload) -> str:
    if on_windows(workload):
        return ""
    who = workload.containers_that(lambda c: field(c, "allowPrivilegeEscalation") is not False)
    return who and f"Does not set allowPrivilegeEscalation to false: {who}."


def _run_as_non_root(workload: Workload) -> str:
    if in_user_namespace(workload):
        return ""
    allows_root = setters(workload, lambda each: field(each, "runAsNonRoot") is False)
    silent = without(workload, _says_non_root)
    who = allows_root or silent
    return who and f"Does not set runAsNonRoot to true, so it may run as root: {who}."


def _says_non_root(owner: Mapping[str, Any]) -> bool | None:
    value = field(owner, "runAsNonRoot")
    return value if isinstance(value, bool) else None


def _run_as_user(workload: Workload) -> str:
    if in_user_namespace(workload):
        return ""
    who = setters(workload, lambda each: number(field(each, "runAsUser")) == 0)
    return who and f"Runs as root (runAsUser: 0): {who}."


def _seccomp(workload: Workload) -> str:
    if on_windows(workload):
        return ""
    who = setters(workload, lambda each: _confined(each) is False)
    who = who or without(workload, _confined)
    return who and f"Does not confine its system calls with a seccompProfile: {who}."


def _confined(owner: Mapping[str, Any]) -> bool | None:
    profile = field(owner, "seccompProfile")
    return profile.get("type") in GOOD_PROFILES if isinstance(profile, Mapping) else None


def _capabilities(workload: Workload) -> str:
    if on_windows(workload):
        return ""

    def drops_all(container: Container) -> bool:
        return "ALL" in texts(field(container, "capabilities", "drop"))

    def adds_more(container: Container) -> bool:
        added = texts(field(container, "capabilities", "add"))
        return any(name != "NET_BIND_SERVICE" for name in added)

    keeping = workload.containers_that(lambda each: not drops_all(each))
    adding = workload.containers_that(adds_more)
    problems = (
        keeping and f"Does not drop all capabilities: {keeping}.",
        adding and f"Adds others than NET_BIND_SERVICE: {adding}.",
    )
    return " ".join(filter(None, problems))


def _rule(control: str, description: str) -> Rule:
    return Rule(
        f"restricted-{control}",
        Severity.WARNING,
        Category.EXCESSIVE,
        description,
        "https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted",
    )


CONTROLS = (
    (
        _rule(
            "volume-types",
            "A pod mounts volumes other than its own, configuration, secrets, claims and images.",
        ),
        _volume_types,
    ),
    (
        _rule("privilege-escalation", "A container does not forbid programs to gain privileges."),
        _privilege_escalation,
    ),
    (
        _rule("run-as-non-root", "A container is not required to run as another user than root."),
        _run_as_non_root,
    ),
    (_rule("run-as-user", "A container runs as root."), _run_as_user),
    (
        _rule("seccomp", "A container has no filter of system calls (seccomp) required."),
        _seccomp,
    ),
    (_rule("capabilities", "A container keeps capabilities that root has."), _capabilities),
    (
        _rule(
            "proc-mount",
            "A container mounts /proc without the masks over it, be it in a user namespace.",
        ),
        unmasked_proc,
    ),
)
"""Each rule with what it finds on a workload: a sentence, or an empty text."""
