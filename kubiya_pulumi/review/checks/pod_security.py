"""What the profiles of the Pod Security Standards have in common.

Each control is a rule, named after its profile and itself. The controls are those of the Pod
Security admission controller of Kubernetes 1.35.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from kubiya_pulumi.review.findings import Category, Finding, Rule, Severity
from kubiya_pulumi.review.kubernetes.coerce import as_str
from kubiya_pulumi.review.kubernetes.inventory import Inventory
from kubiya_pulumi.review.kubernetes.workloads import (
    CONFINING_PROFILES,
    Container,
    ContextOwner,
    Workload,
    offenders,
    offending_containers,
    security_context_field,
)
from kubiya_pulumi.text import join_quoted

Control = tuple[Rule, Callable[[Workload], str]]
"""A rule, and the function that returns its message about a workload, or an empty string."""


def control_rule(
    rule_id: str,
    name: str,
    control: str,
    description: str,
    remediation: str,
    cis: Sequence[str] = (),
) -> Rule:
    """Return the rule of a control.

    Args:
        rule_id: the identifier of the rule.
        name: the name of the rule, which starts with the profile (`baseline-`, `restricted-`).
        control: the name of the control in the Pod Security Standards.
        description: see `Rule`.
        remediation: see `Rule`.
        cis: the numbers of the same recommendation in the CIS Kubernetes Benchmark.
    """
    profile = name.partition("-")[0]
    return Rule(
        id=rule_id,
        name=name,
        severity=Severity.ERROR if profile == "baseline" else Severity.WARNING,
        category=Category.EXCESSIVE,
        description=description,
        remediation=remediation,
        url=f"https://kubernetes.io/docs/concepts/security/pod-security-standards/#{profile}",
        references=(
            f"{profile.capitalize()}: {control}",
            *(f"CIS {number}" for number in cis),
        ),
    )


def control_findings(controls: Sequence[Control], inventory: Inventory) -> Iterator[Finding]:
    """Yield a finding for each workload and each control that it violates."""
    for workload in inventory.workloads:
        for rule, check in controls:
            if message := check(workload):
                yield rule.finding(workload.reference, workload.locate(message))


def unconfined_profiles(field: str) -> Callable[[ContextOwner], list[str]]:
    """Return a function that finds the type of a profile which does not confine containers.

    Args:
        field: the field of the security context: `seccompProfile` or `appArmorProfile`.
    """

    def violations(owner: ContextOwner) -> list[str]:
        profile = security_context_field(owner, field)
        if not isinstance(profile, Mapping) or profile.get("type") in CONFINING_PROFILES:
            return []
        return [as_str(profile.get("type"))]

    return violations


def unconfined_seccomp(workload: Workload) -> str:
    """Return the message about seccomp profiles that do not filter system calls."""
    owners = offenders(workload, unconfined_profiles("seccompProfile"))
    return owners.sentence(
        "set",
        f"securityContext.seccompProfile.type: {join_quoted(owners.values)}; set it to "
        "RuntimeDefault or Localhost",
    )


def unmasked_proc_mount(workload: Workload) -> str:
    """Return the message about containers that mount /proc without masks."""

    def proc_mounts(container: Container) -> list[str]:
        value = security_context_field(container, "procMount")
        return [] if value in (None, "Default") else [as_str(value)]

    containers = offending_containers(workload, proc_mounts)
    return containers.sentence(
        "set", f"securityContext.procMount: {join_quoted(containers.values)}; set it to Default"
    )
