"""The Pod Security Standards, control by control."""

import pytest

from kubiya_pulumi.review import RULES, review
from tests.review.manifest_objects import container, deployment, kubernetes_object, parsed, pod_spec
from tests.review.pod_cases import POD_CASES, secured

PROFILES = ("baseline-", "restricted-")


def broken(*objects):
    return {
        each.rule for each in review(parsed(*objects)).findings if each.rule.startswith(PROFILES)
    }


@pytest.mark.parametrize("case", POD_CASES, ids=lambda case: case.name)
def test_each_control_finds_what_it_forbids_and_nothing_else(case):
    assert broken(deployment(case.spec, annotations=case.annotations)) == case.breaks


def test_proc_without_masks_breaks_both_profiles():
    spec = pod_spec(secured(procMount="Unmasked"))
    assert broken(deployment(spec)) == {"baseline-proc-mount", "restricted-proc-mount"}


def test_every_control_is_tried():
    tried = {name for case in POD_CASES for name in case.breaks} | {"baseline-proc-mount"}
    assert tried == {name for name in RULES if name.startswith(PROFILES)}


@pytest.mark.parametrize("where", ["containers", "initContainers", "ephemeralContainers"])
def test_all_containers_are_looked_at(where):
    privileged = secured("bad", privileged=True)
    spec = pod_spec() | {where: [container("good"), privileged, secured("worse", privileged=True)]}
    [found] = [
        each
        for each in review(parsed(deployment(spec))).findings
        if each.rule == "baseline-privileged-containers"
    ]
    assert found.message.endswith('containers "bad", "worse".')


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
def test_pods_are_found_in_every_kind_of_workload(kind, content):
    spec = pod_spec(hostNetwork=True)
    assert broken(kubernetes_object(kind, "app", **content(spec))) == {"baseline-host-namespaces"}


def test_a_template_of_something_else_is_no_pod():
    machine = {"template": {"spec": {"hostNetwork": True}}}
    assert broken(kubernetes_object("MachineDeployment", "app", spec=machine)) == set()
