"""The Pod Security Standards, control by control."""

from __future__ import annotations

from typing import Any

import pytest

from kubiya_pulumi.review import RULES, KubernetesObject, review
from tests.review.manifest_objects import (
    Object,
    container,
    deployment,
    kubernetes_object,
    parsed,
    pod_spec,
)
from tests.review.pod_cases import POD_CASES, PodCase, secured

PROFILES = ("baseline-", "restricted-")


def broken(*objects: Object) -> set[str]:
    findings = review(parsed(*objects)).findings
    return {finding.rule for finding in findings if finding.rule.startswith(PROFILES)}


@pytest.mark.parametrize("case", POD_CASES, ids=lambda case: case.name)
def test_each_control_reports_its_violations_and_nothing_else(case: PodCase) -> None:
    assert broken(deployment(case.spec, annotations=case.annotations)) == case.breaks


def test_an_unmasked_proc_breaks_both_profiles() -> None:
    spec = pod_spec(secured(procMount="Unmasked"))
    assert broken(deployment(spec)) == {"baseline-proc-mount", "restricted-proc-mount"}


def test_every_control_is_covered() -> None:
    covered = {name for case in POD_CASES for name in case.breaks} | {"baseline-proc-mount"}
    assert covered == {name for name in RULES if name.startswith(PROFILES)}


@pytest.mark.parametrize("where", ["containers", "initContainers", "ephemeralContainers"])
def test_all_containers_are_checked(where: str) -> None:
    privileged = secured("bad", privileged=True)
    spec = pod_spec() | {where: [container("good"), privileged, secured("worse", privileged=True)]}
    [finding] = [
        finding
        for finding in review(parsed(deployment(spec))).findings
        if finding.rule == "baseline-privileged-containers"
    ]
    assert finding.message == (
        'Containers "bad", "worse" set securityContext.privileged: true; set it to false.'
    )


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("Pod", lambda spec: {"spec": spec}),
        ("PodTemplate", lambda spec: {"template": {"spec": spec}}),
        ("DaemonSet", lambda spec: {"spec": {"template": {"spec": spec}}}),
        ("Rollout", lambda spec: {"spec": {"template": {"spec": spec}}}),
        ("CronJob", lambda spec: {"spec": {"jobTemplate": {"spec": {"template": {"spec": spec}}}}}),
    ],
)
def test_pods_are_found_in_every_kind_of_workload(kind: str, content: Any) -> None:
    spec = pod_spec(hostNetwork=True)
    assert broken(kubernetes_object(kind, "app", **content(spec))) == {"baseline-host-namespaces"}


def test_a_template_without_containers_is_not_a_pod() -> None:
    machine = {"template": {"spec": {"hostNetwork": True}}}
    assert broken(kubernetes_object("MachineDeployment", "app", spec=machine)) == set()


@pytest.mark.parametrize("port", [-1, 65_536, 10**400, float("inf"), float("nan")])
def test_an_invalid_host_port_is_reported(port: float) -> None:
    spec = pod_spec(container(ports=[{"containerPort": 80, "hostPort": port}]))
    body = deployment(spec)
    item = KubernetesObject("apps/v1", "Deployment", "runners", "app", body)
    [finding] = [f for f in review([item]).findings if f.rule == "baseline-host-ports"]
    assert finding.message == 'Container "app" uses hostPort (invalid); remove hostPort.'
