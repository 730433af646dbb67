"""The restricted profile of the Pod Security Standards, as far as it goes beyond the baseline."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from kubiya_pulumi.review.checks.pod_security import (
    Control,
    control_findings,
    control_rule,
    unconfined_seccomp,
    unmasked_proc_mount,
)
from kubiya_pulumi.review.findings import Finding
from kubiya_pulumi.review.kubernetes.coerce import as_mappings, as_str, as_strs, is_number
from kubiya_pulumi.review.kubernetes.inventory import Inventory
from kubiya_pulumi.review.kubernetes.workloads import (
    CONFINING_PROFILES,
    Container,
    ContextOwner,
    Workload,
    containers_missing,
    offenders,
    offending_containers,
    security_context_field,
)
from kubiya_pulumi.text import join_names, join_quoted

_ALLOWED_VOLUMES = (
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "image",
    "persistentVolumeClaim",
    "projected",
    "secret",
)


def findings(inventory: Inventory) -> Iterator[Finding]:
    """Yield a finding for each violation of the restricted profile."""
    return control_findings(_CONTROLS, inventory)


def _volume_types(workload: Workload) -> str:
    names: list[str] = []
    types: set[str] = set()
    for volume in as_mappings(workload.spec.get("volumes")):
        # A volume without a type is an emptyDir.
        sources = {as_str(key) for key, source in volume.items() if isinstance(source, Mapping)}
        if sources and sources.isdisjoint(_ALLOWED_VOLUMES):
            names.append(as_str(volume.get("name")))
            types |= sources
    if not names:
        return ""
    return (
        f"The pod mounts volumes {join_quoted(names)} of type {join_quoted(sorted(types))}; use "
        f"only {join_names(_ALLOWED_VOLUMES, len(_ALLOWED_VOLUMES))}."
    )


def _privilege_escalation(workload: Workload) -> str:
    if workload.is_windows:
        return ""
    containers = containers_missing(
        workload,
        lambda owner: security_context_field(owner, "allowPrivilegeEscalation") is False,
    )
    return containers.sentence("lack", "securityContext.allowPrivilegeEscalation: false; set it")


def _run_as_non_root(workload: Workload) -> str:
    if workload.is_in_user_namespace:
        return ""

    def run_as_non_root(owner: ContextOwner) -> bool | None:
        value = security_context_field(owner, "runAsNonRoot")
        return value if isinstance(value, bool) else None

    may_be_root = offenders(
        workload, lambda owner: ["false"] if run_as_non_root(owner) is False else []
    )
    if may_be_root:
        return may_be_root.sentence("set", "securityContext.runAsNonRoot: false; set it to true")
    missing = containers_missing(workload, run_as_non_root)
    return missing.sentence(
        "lack", "securityContext.runAsNonRoot: true; set it for the container or the pod"
    )


def _run_as_user(workload: Workload) -> str:
    if workload.is_in_user_namespace:
        return ""

    def root_user(owner: ContextOwner) -> list[str]:
        user = security_context_field(owner, "runAsUser")
        return ["0"] if is_number(user) and user == 0 else []

    owners = offenders(workload, root_user)
    return owners.sentence("set", "securityContext.runAsUser: 0; set it to another user")


def _seccomp(workload: Workload) -> str:
    if workload.is_windows:
        return ""

    def is_confined(owner: ContextOwner) -> bool | None:
        profile = security_context_field(owner, "seccompProfile")
        return profile.get("type") in CONFINING_PROFILES if isinstance(profile, Mapping) else None

    missing = containers_missing(workload, is_confined)
    return unconfined_seccomp(workload) or missing.sentence(
        "lack",
        "securityContext.seccompProfile; set its type to RuntimeDefault for the container or the "
        "pod",
    )


def _capabilities(workload: Workload) -> str:
    if workload.is_windows:
        return ""

    def drops_all(owner: ContextOwner) -> bool:
        return "ALL" in as_strs(security_context_field(owner, "capabilities", "drop"))

    def added(container: Container) -> list[str]:
        names = as_strs(security_context_field(container, "capabilities", "add"))
        return [name for name in names if name != "NET_BIND_SERVICE"]

    keeping = containers_missing(workload, drops_all)
    adding = offending_containers(workload, added)
    sentences = (
        keeping.sentence("lack", 'securityContext.capabilities.drop: "ALL"; add it'),
        adding.sentence(
            "set",
            f"securityContext.capabilities.add: {join_quoted(adding.values)}; keep only "
            "NET_BIND_SERVICE",
        ),
    )
    return " ".join(filter(None, sentences))


_CONTROLS: tuple[Control, ...] = (
    (
        control_rule(
            "KR-035",
            "restricted-volume-types",
            "Volume Types",
            "A pod mounts volumes other than emptyDir, configuration, secrets, claims and images.",
            "Replace the volume with one of an allowed type, such as `persistentVolumeClaim`.",
        ),
        _volume_types,
    ),
    (
        control_rule(
            "KR-036",
            "restricted-privilege-escalation",
            "Privilege Escalation",
            "A container does not prevent its processes from gaining privileges.",
            "Set `securityContext.allowPrivilegeEscalation` to false in each container.",
            ("5.2.6",),
        ),
        _privilege_escalation,
    ),
    (
        control_rule(
            "KR-037",
            "restricted-run-as-non-root",
            "Running as Non-root",
            "A container is not required to run as a user other than root.",
            "Set `securityContext.runAsNonRoot` to true for the pod or in each container.",
            ("5.2.7",),
        ),
        _run_as_non_root,
    ),
    (
        control_rule(
            "KR-038",
            "restricted-run-as-user",
            "Running as Non-root user",
            "A container runs as root.",
            "Remove `securityContext.runAsUser`, or set it to a value other than 0.",
            ("5.2.7",),
        ),
        _run_as_user,
    ),
    (
        control_rule(
            "KR-039",
            "restricted-seccomp",
            "Seccomp",
            "A container does not set a seccomp profile that filters its system calls.",
            "Set `securityContext.seccompProfile.type` to RuntimeDefault or Localhost.",
            ("5.7.2",),
        ),
        _seccomp,
    ),
    (
        control_rule(
            "KR-040",
            "restricted-capabilities",
            "Capabilities",
            "A container keeps capabilities of root, or adds some.",
            'Set `securityContext.capabilities.drop` to ["ALL"], and add back only '
            "NET_BIND_SERVICE.",
            ("5.2.8", "5.2.9", "5.2.10"),
        ),
        _capabilities,
    ),
    (
        control_rule(
            "KR-041",
            "restricted-proc-mount",
            "/proc Mount Type",
            "A container mounts /proc without masking its sensitive paths, even if it is in a "
            "user namespace.",
            "Set `securityContext.procMount` to Default.",
        ),
        unmasked_proc_mount,
    ),
)
RULES = tuple(rule for rule, _ in _CONTROLS)
