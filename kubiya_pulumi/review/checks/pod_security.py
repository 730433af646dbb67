"""The Pod Security Standards: what their baseline and restricted profiles forbid a pod.

Each control is a rule, named after its profile and itself. The controls are those of Kubernetes
1.35, as its own admission controller has them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from kubiya_pulumi.review.checks import pod_security_baseline, pod_security_restricted
from kubiya_pulumi.review.findings import Finding, Rule
from kubiya_pulumi.review.kubernetes.inventory import Inventory
from kubiya_pulumi.review.kubernetes.workloads import Workload

_CONTROLS: tuple[tuple[Rule, Callable[[Workload], str]], ...] = (
    *pod_security_baseline.CONTROLS,
    *pod_security_restricted.CONTROLS,
)
RULES = tuple(rule for rule, _ in _CONTROLS)


def findings(inventory: Inventory) -> Iterator[Finding]:
    """What the pods of a manifest have that a profile forbids."""
    for workload in inventory.workloads:
        for rule, problem in _CONTROLS:
            if message := problem(workload):
                yield rule.found(workload.reference, message)
