"""What a review says is what a real API server does."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import yaml
from kubernetes.client import ApiClient, AuthorizationV1Api
from kubernetes.config import new_client_from_config

from kubiya_pulumi.emulator import Emulator
from kubiya_pulumi.review import Grant, Subject, can, parse_manifest, review
from kubiya_pulumi.review.built_in_roles import BUILT_IN_ROLES
from tests.harness.kubectl import Kubectl
from tests.review.access_cases import MANIFEST, REQUESTS, SUBJECTS, Request
from tests.review.manifest_objects import Object, deployment, parsed
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
