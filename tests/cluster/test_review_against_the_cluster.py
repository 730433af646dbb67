"""What a review says is what a real API server does."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import yaml
from kubernetes.client import ApiClient, ApiException, AuthorizationV1Api, CoreV1Api
from kubernetes.config import new_client_from_config

from kubiya_pulumi.emulator import Emulator
from kubiya_pulumi.review import Grant, Subject, can, parse_manifest, review
from kubiya_pulumi.review.kubernetes.default_cluster_roles import DEFAULT_CLUSTER_ROLES
from tests.harness.kubectl import Kubectl
from tests.review.access_cases import MANIFEST, REQUESTS, SUBJECTS, Request
from tests.review.manifest_objects import (
    Object,
    grant_role,
    kubernetes_object,
    parsed,
    service_account,
)
from tests.review.pod_cases import POD_CASES

pytestmark = pytest.mark.cluster

Answers = dict[tuple[Subject, Request], bool]


def user(subject: Subject) -> dict[str, Any]:
    """The subject as the API server knows it once it has shown its credentials."""
    if subject.kind == "User":
        return {"user": subject.name, "groups": ["system:authenticated"]}
    place = subject.namespace
    groups = ["system:serviceaccounts", f"system:serviceaccounts:{place}", "system:authenticated"]
    return {"user": f"system:serviceaccount:{place}:{subject.name}", "groups": groups}


def attributes(request: Request) -> dict[str, Any]:
    if request.path:
        return {"nonResourceAttributes": {"verb": request.verb, "path": request.path}}
    return {
        "resourceAttributes": {
            "verb": request.verb,
            "group": request.api_group,
            "resource": request.resource,
            "subresource": request.subresource,
            "name": request.name,
            "namespace": request.namespace,
        }
    }


def asked(client: ApiClient, subjects: Sequence[Subject], requests: Sequence[Request]) -> Answers:
    """What the API server's authorizer says to each request of each subject."""
    api = AuthorizationV1Api(client)

    def ask(question: tuple[Subject, Request]) -> bool:
        subject, request = question
        body = {"spec": {**user(subject), **attributes(request)}}
        return bool(api.create_subject_access_review(body).status.allowed)

    questions = [(subject, request) for subject in subjects for request in requests]
    with ThreadPoolExecutor(4) as pool:
        return dict(zip(questions, pool.map(ask, questions), strict=True))


def said(grants: Sequence[Grant], subject: Subject, request: Request) -> bool:
    """What the table of access says."""
    if request.path:
        given = [grant for grant in grants if grant.subject.includes(subject)]
        return any(grant.allows_url(request.verb, request.path) for grant in given)
    return can(
        grants,
        subject,
        request.verb,
        request.api_group,
        request.resource,
        request.subresource,
        request.name,
        request.namespace,
    )


def disagreements(answers: Answers, grants: Sequence[Grant]) -> list[str]:
    """Where the table and the API server differ."""
    return [
        f"{subject}: {request}: allowed={allowed}"
        for (subject, request), allowed in answers.items()
        if allowed != said(grants, subject, request)
    ]


@pytest.fixture
def kubectl(control_plane: Path) -> Kubectl:
    return Kubectl(control_plane)


@pytest.fixture
def client(control_plane: Path) -> Iterator[ApiClient]:
    with new_client_from_config(str(control_plane)) as made:
        yield made


@pytest.fixture
def apply(kubectl: Kubectl, tmp_path: Path) -> Iterator[Any]:
    """Apply a manifest, which is deleted at the end."""
    file = tmp_path / "manifest.yaml"

    def applied(text: str) -> None:
        file.write_text(text)
        kubectl("apply", f"--filename={file}")

    yield applied
    if file.exists():
        kubectl("delete", f"--filename={file}", "--ignore-not-found", "--timeout=120s")


def wait_for_aggregation(kubectl: Kubectl) -> None:
    """The rules of aggregated roles come from a controller, some time after the roles."""
    for role, resource in (
        ("review-aggregated", "nodes"),
        ("review-overwritten", "nodes"),
        ("view", "widgets"),
        ("edit", "widgets"),
        ("admin", "widgets"),
    ):
        verb = f"{{.rules[?(@.resources[0]=='{resource}')].verbs[0]}}"
        kubectl("wait", f"clusterrole/{role}", f"--for=jsonpath={verb}=get", "--timeout=60s")


def test_the_table_of_access_and_the_api_server_agree(
    kubectl: Kubectl, client: ApiClient, apply: Any
) -> None:
    apply(yaml.safe_dump_all(MANIFEST))
    wait_for_aggregation(kubectl)
    answers = asked(client, SUBJECTS, REQUESTS)
    assert disagreements(answers, review(parsed(*MANIFEST)).grants) == []
    # Not because all is refused, or all allowed.
    allowed = sum(answers.values())
    assert allowed > 500
    assert len(answers) - allowed > 500


def test_the_table_of_a_runners_manifest_agrees(
    emulator: Emulator, kubectl: Kubectl, client: ApiClient, apply: Any
) -> None:
    runner = emulator.add_runner("runner-reviewed")
    apply(runner.manifest)
    found = review(parse_manifest(runner.manifest))
    subjects = tuple({grant.subject: None for grant in found.grants})
    requests = [
        Request(verb, group, resource, subresource, namespace=namespace)
        for verb in ("get", "list", "create", "delete", "patch")
        for group, resource, subresource in (
            ("", "secrets", ""),
            ("", "pods", ""),
            ("", "pods", "exec"),
            ("", "configmaps", ""),
            ("", "persistentvolumes", ""),
            ("apps", "deployments", ""),
            ("batch", "jobs", ""),
        )
        for namespace in ("", "default", runner.namespace)
    ]
    assert disagreements(asked(client, subjects, requests), found.grants) == []
    for subject in subjects:
        kubectl_says = {
            (verb, resource): can_i(kubectl, subject, verb, resource, runner.namespace)
            for verb, resource in (("list", "secrets"), ("delete", "pods"))
        }
        assert kubectl_says == {
            (verb, resource): can(
                found.grants, subject, verb, "", resource, namespace=runner.namespace
            )
            for verb, resource in kubectl_says
        }


def can_i(kubectl: Kubectl, subject: Subject, verb: str, resource: str, namespace: str) -> bool:
    """What `kubectl auth can-i` says; its exit status is 1 for a no."""
    who = f"--as=system:serviceaccount:{subject.namespace}:{subject.name}"
    try:
        answer = kubectl("auth", "can-i", verb, resource, who, f"--namespace={namespace}")
    except AssertionError as refused:
        answer = str(refused)
    return {"yes": True, "no": False}[answer.split()[-1]]


@pytest.mark.parametrize("name", DEFAULT_CLUSTER_ROLES)
def test_the_roles_of_kubernetes_itself_are_what_the_review_takes_them_for(
    kubectl: Kubectl, name: str
) -> None:
    real = json.loads(kubectl("get", "clusterrole", name, "--output=json"))
    wanted = {
        (group, resource, verb)
        for rule in real["rules"]
        for group in rule.get("apiGroups", ["a path"])
        for resource in rule.get("resources", rule.get("nonResourceURLs"))
        for verb in rule["verbs"]
    }
    assert wanted == {
        (group, resource, verb)
        for grant in review(parsed(grant_role(name))).grants
        for group in grant.api_groups or ["a path"]
        for resource in grant.resources or grant.non_resource_urls
        for verb in grant.verbs
    }
    body = DEFAULT_CLUSTER_ROLES[name]
    assert real.get("aggregationRule") == body.get("aggregationRule")
    assert real["metadata"]["labels"] == body["metadata"]["labels"]


def test_the_review_knows_the_roles_and_bindings_of_kubernetes(kubectl: Kubectl) -> None:
    label = "--selector=kubernetes.io/bootstrapping=rbac-defaults"
    kinds = "clusterroles,clusterrolebindings,roles,rolebindings"
    listed = kubectl("get", kinds, label, "--all-namespaces", "--output=yaml")
    objects = parse_manifest(listed)
    found = {each.object for each in review(objects).findings if each.rule == "built-in-role"}
    assert {each.kind for each in found} == {each.kind for each in objects}
    assert [each for each in review(objects).objects if each not in found] == []
    assert len(found) > 100


def test_the_review_knows_which_kinds_stand_in_no_namespace(kubectl: Kubectl) -> None:
    for namespaced in ("true", "false"):
        listed = kubectl("api-resources", f"--namespaced={namespaced}", "--no-headers")
        for line in listed.splitlines():
            api_version, _, kind = line.split()[-3:]
            # A review, such as a SubjectAccessReview, is a question and no object.
            if not kind.endswith("Review"):
                [found] = review(parsed(kubernetes_object(kind, "x", "", api_version))).objects
                assert (found.namespace == "default") == (namespaced == "true"), kind


# How the admission controller names each control.
REASONS = {
    "baseline-host-process": "hostProcess",
    "baseline-host-namespaces": "host namespaces",
    "baseline-privileged-containers": "privileged",
    "baseline-capabilities": "non-default capabilities",
    "baseline-host-path-volumes": "hostPath volumes",
    "baseline-host-ports": "hostPort",
    "baseline-host-probes": "probe or lifecycle host",
    "baseline-app-armor": "forbidden AppArmor profile",
    "baseline-se-linux": "seLinuxOptions",
    "baseline-proc-mount": "procMount",
    "baseline-seccomp": "seccompProfile",
    "baseline-sysctls": "forbidden sysctls",
    "restricted-volume-types": "restricted volume types",
    "restricted-privilege-escalation": "allowPrivilegeEscalation != false",
    "restricted-run-as-non-root": "runAsNonRoot != true",
    "restricted-run-as-user": "runAsUser=0",
    "restricted-seccomp": "seccompProfile",
    "restricted-capabilities": "unrestricted capabilities",
    "restricted-proc-mount": "procMount",
}
OVERRIDDEN = {"baseline-capabilities", "baseline-host-path-volumes"}


@pytest.fixture
def namespaces(apply: Any) -> list[str]:
    """A namespace for each of the two profiles, which is enforced in it."""
    profiles = ["baseline", "restricted"]
    spaces = [kubernetes_object("Namespace", f"review-{profile}", "") for profile in profiles]
    for space, profile in zip(spaces, profiles, strict=True):
        space["metadata"]["labels"] = {"pod-security.kubernetes.io/enforce": profile}
    apply(
        yaml.safe_dump_all(
            [*spaces, *(service_account("default", f"review-{p}") for p in profiles)]
        )
    )
    return profiles


def test_the_pod_security_standards_are_those_of_the_admission_controller(
    namespaces: list[str], client: ApiClient
) -> None:
    api = CoreV1Api(client)
    differences, not_taken = [], set()
    for profile, case in product(namespaces, POD_CASES):
        pod = kubernetes_object("Pod", case.name, f"review-{profile}", spec=case.spec)
        pod["metadata"]["annotations"] = case.annotations
        broken = {finding.rule for finding in review(parsed(pod)).findings} & REASONS.keys()
        reasons = refused(api, pod)
        if reasons is None:
            not_taken.add(case.name)
        elif reasons != expected(broken, profile):
            differences.append(f"{case.name} in {profile}: {reasons}")
    assert differences == []
    # An API server without --allow-privileged takes no such pod, whatever the profile.
    assert not_taken <= {"privileged", "host-process"}


def expected(broken: Set[str], profile: str) -> set[str]:
    """The reasons that the admission controller gives where a profile is enforced."""
    if profile == "baseline":
        return {REASONS[rule] for rule in broken if rule.startswith("baseline-")}
    # There the stricter control of two on the same thing is the only one that is named.
    return {REASONS[rule] for rule in broken - OVERRIDDEN}


def refused(api: CoreV1Api, pod: Object) -> set[str] | None:
    """The controls for which the API server does not take the pod; None: for another reason."""
    try:
        api.create_namespaced_pod(pod["metadata"]["namespace"], pod, dry_run="All")
    except ApiException as error:
        message = json.loads(error.body)["message"]
        if "violates PodSecurity" not in message:
            return None
        return {reason for reason in REASONS.values() if re.search(f"[:,] {reason}s? \\(", message)}
    return set()
