"""The result of a review matches the behavior of a real API server."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from pathlib import Path
from typing import Any

import kubernetes
import pytest
import yaml
from kubernetes.client import ApiClient, ApiException
from kubernetes.config import new_client_from_config

from kubiya_pulumi.emulator import Emulator
from kubiya_pulumi.review import Grant, Subject, can, parse_manifest, review
from tests.harness.kubectl import Kubectl
from tests.review.access_cases import MANIFEST, ONE, REQUESTS, SUBJECTS, Request
from tests.review.manifest_objects import (
    Object,
    kubernetes_object,
    parsed,
)
from tests.review.pod_cases import POD_CASES

pytestmark = pytest.mark.cluster

Decisions = dict[tuple[Subject, Request], bool]


def user(subject: Subject) -> dict[str, Any]:
    """Return the user and groups of a subject, as the API server authenticates it."""
    if subject.kind == "User":
        return {"user": subject.name, "groups": ["system:authenticated"]}
    namespace = subject.namespace
    groups = [
        "system:serviceaccounts",
        f"system:serviceaccounts:{namespace}",
        "system:authenticated",
    ]
    return {"user": f"system:serviceaccount:{namespace}:{subject.name}", "groups": groups}


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


def decisions_of_the_api_server(
    client: ApiClient, subjects: Sequence[Subject], requests: Sequence[Request]
) -> Decisions:
    """Return the decision of the API server's authorizer for each request of each subject."""
    api = kubernetes.client.AuthorizationV1Api(client)

    def is_allowed(case: tuple[Subject, Request]) -> bool:
        subject, request = case
        body = {"spec": {**user(subject), **attributes(request)}}
        return bool(api.create_subject_access_review(body).status.allowed)

    cases = list(product(subjects, requests))
    with ThreadPoolExecutor(4) as pool:
        return dict(zip(cases, pool.map(is_allowed, cases), strict=True))


def is_granted(grants: Sequence[Grant], subject: Subject, request: Request) -> bool:
    """Return whether the grants of a review allow a request."""
    if request.path:
        matching = [grant for grant in grants if grant.subject.includes(subject)]
        return any(grant.allows_url(request.verb, request.path) for grant in matching)
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


def differences(decisions: Decisions, grants: Sequence[Grant]) -> list[str]:
    """Return the requests for which the review and the API server differ."""
    return [
        f"{subject}: {request}: allowed={allowed}"
        for (subject, request), allowed in decisions.items()
        if allowed != is_granted(grants, subject, request)
    ]


def known(grants: Sequence[Grant]) -> list[Grant]:
    """Return the grants of roles that exist; those of the others allow nothing."""
    return [grant for grant in grants if not grant.rules_unknown]


@pytest.fixture
def kubectl(control_plane: Path) -> Kubectl:
    return Kubectl(control_plane)


@pytest.fixture
def client(control_plane: Path) -> Iterator[ApiClient]:
    with new_client_from_config(str(control_plane)) as created:
        yield created


@pytest.fixture
def apply(kubectl: Kubectl, tmp_path: Path) -> Iterator[Any]:
    """Applies a manifest, and deletes it at the end of the test."""
    file = tmp_path / "manifest.yaml"

    def applied(text: str) -> None:
        file.write_text(text)
        kubectl("apply", f"--filename={file}")

    yield applied
    if file.exists():
        kubectl("delete", f"--filename={file}", "--ignore-not-found", "--timeout=120s")


def wait_for_aggregation(kubectl: Kubectl) -> None:
    """Wait until the controller has added the rules of aggregated roles."""
    for role, resource in (
        ("review-aggregated", "nodes"),
        ("review-overwritten", "nodes"),
        ("view", "widgets"),
        ("edit", "widgets"),
        ("admin", "widgets"),
    ):
        verb = f"{{.rules[?(@.resources[0]=='{resource}')].verbs[0]}}"
        kubectl("wait", f"clusterrole/{role}", f"--for=jsonpath={verb}=get", "--timeout=60s")


def test_the_grants_match_the_decisions_of_the_api_server(
    kubectl: Kubectl, client: ApiClient, apply: Any
) -> None:
    apply(yaml.safe_dump_all(MANIFEST))
    wait_for_aggregation(kubectl)
    decisions = decisions_of_the_api_server(client, SUBJECTS, REQUESTS)
    grants = review(parsed(*MANIFEST)).grants
    assert differences(decisions, known(grants)) == []
    assert [str(grant.subject) for grant in grants if grant.rules_unknown] == [
        f"ServiceAccount {ONE}/plain"
    ]
    # The cases contain both kinds of decisions.
    allowed = sum(decisions.values())
    assert allowed > 500
    assert len(decisions) - allowed > 500


def test_the_grants_of_a_runners_manifest_match_the_api_server(
    emulator: Emulator, kubectl: Kubectl, client: ApiClient, apply: Any
) -> None:
    runner = emulator.add_runner("runner-reviewed")
    apply(runner.manifest)
    grants = review(parse_manifest(runner.manifest)).grants
    subjects = tuple({grant.subject: None for grant in grants})
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
    assert differences(decisions_of_the_api_server(client, subjects, requests), grants) == []
    for subject in subjects:
        kubectl_decisions = {
            (verb, resource): can_i(kubectl, subject, verb, resource, runner.namespace)
            for verb, resource in (("list", "secrets"), ("delete", "pods"))
        }
        assert kubectl_decisions == {
            (verb, resource): can(grants, subject, verb, "", resource, namespace=runner.namespace)
            for verb, resource in kubectl_decisions
        }


def can_i(kubectl: Kubectl, subject: Subject, verb: str, resource: str, namespace: str) -> bool:
    """Return the decision of `kubectl auth can-i`, whose exit status is 1 if it denies."""
    user = f"--as=system:serviceaccount:{subject.namespace}:{subject.name}"
    try:
        output = kubectl("auth", "can-i", verb, resource, user, f"--namespace={namespace}")
    except AssertionError as error:
        output = str(error)
    return {"yes": True, "no": False}[output.split()[-1]]


def test_the_review_detects_the_default_roles_and_bindings(kubectl: Kubectl) -> None:
    label = "--selector=kubernetes.io/bootstrapping=rbac-defaults"
    kinds = "clusterroles,clusterrolebindings,roles,rolebindings"
    listed = kubectl("get", kinds, label, "--all-namespaces", "--output=yaml")
    objects = parse_manifest(listed)
    result = review(objects)
    detected = {finding.object for finding in result.findings if finding.rule == "built-in-role"}
    assert {reference.kind for reference in detected} == {default.kind for default in objects}
    assert [reference for reference in result.objects if reference not in detected] == []
    assert len(detected) > 100


def test_the_review_knows_the_cluster_scoped_kinds(kubectl: Kubectl) -> None:
    for namespaced in ("true", "false"):
        listed = kubectl("api-resources", f"--namespaced={namespaced}", "--no-headers")
        for line in listed.splitlines():
            api_version, _, kind = line.split()[-3:]
            # A review, such as a SubjectAccessReview, is a request and not stored.
            if not kind.endswith("Review"):
                objects = parsed(kubernetes_object(kind, "x", "", api_version))
                [reference] = review(objects).objects
                assert (reference.namespace == "default") == (namespaced == "true"), kind


# The name of each control in the messages of the admission controller.
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
def namespaces(kubectl: Kubectl, apply: Any) -> list[str]:
    """The two profiles. Each is enforced in a namespace of its own, which can run pods."""
    profiles = ["baseline", "restricted"]
    objects = [kubernetes_object("Namespace", f"review-{profile}", "") for profile in profiles]
    for profile, namespace in zip(profiles, objects, strict=True):
        namespace["metadata"]["labels"] = {"pod-security.kubernetes.io/enforce": profile}
    apply(yaml.safe_dump_all(objects))
    for profile in profiles:
        place = f"--namespace=review-{profile}"
        kubectl("wait", "serviceaccount/default", "--for=create", place, "--timeout=60s")
    return profiles


def test_the_pod_security_rules_match_the_admission_controller(
    namespaces: list[str], client: ApiClient
) -> None:
    # Named in full, because importing the class takes longer than all other modules together.
    api = kubernetes.client.CoreV1Api(client)
    differing, not_created = [], set()
    for profile, case in product(namespaces, POD_CASES):
        pod = kubernetes_object("Pod", case.name, f"review-{profile}", spec=case.spec)
        pod["metadata"]["annotations"] = case.annotations
        violated = {finding.rule for finding in review(parsed(pod)).findings} & REASONS.keys()
        reasons = violations(api, pod)
        if reasons is None:
            not_created.add(case.name)
        elif reasons != expected_reasons(violated, profile):
            differing.append(f"{case.name} in {profile}: {reasons}")
    assert differing == []
    # An API server without --allow-privileged rejects these pods in every profile.
    assert not_created <= {"privileged", "host-process"}


def expected_reasons(violated: Set[str], profile: str) -> set[str]:
    """Return the reasons that the admission controller reports for a profile."""
    if profile == "baseline":
        return {REASONS[rule] for rule in violated if rule.startswith("baseline-")}
    # Of two controls for the same field, the admission controller reports the stricter one.
    return {REASONS[rule] for rule in violated - OVERRIDDEN}


def violations(api: kubernetes.client.CoreV1Api, pod: Object) -> set[str] | None:
    """Return the controls that a pod violates, or None if it is rejected for another reason."""
    try:
        api.create_namespaced_pod(pod["metadata"]["namespace"], pod, dry_run="All")
    except ApiException as error:
        message = json.loads(error.body)["message"]
        if "violates PodSecurity" not in message:
            return None
        return {reason for reason in REASONS.values() if re.search(f"[:,] {reason}s? \\(", message)}
    return set()
