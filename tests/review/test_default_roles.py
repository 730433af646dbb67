"""The default roles of Kubernetes are judged by their rules."""

from __future__ import annotations

from typing import Any

import pytest

from kubiya_pulumi.review import Subject, can, review
from kubiya_pulumi.review.kubernetes.default_roles import default_bindings, default_roles
from tests.review.manifest_objects import (
    NAMESPACE,
    RBAC,
    Object,
    grant_role,
    kubernetes_object,
    parsed,
    pod_spec,
    service_account,
    subject,
)
from tests.review.permissions_document import default_roles_without_finding

APP = Subject("ServiceAccount", NAMESPACE, "app")


def findings(*objects: Object) -> set[str]:
    return {finding.rule for finding in review(parsed(*objects)).findings}


def reference(role: Any) -> tuple[str, str, str]:
    metadata = role["metadata"]
    return role["kind"], metadata.get("namespace", ""), metadata["name"]


def test_the_documented_default_roles_have_no_finding_and_all_others_have() -> None:
    without_finding = set()
    for kind, namespace, name in map(reference, default_roles()):
        objects = (
            *(kubernetes_object("Namespace", name, "") for name in (NAMESPACE, namespace) if name),
            service_account(),
            grant_role(name, subject(), namespace=namespace, kind=kind),
        )
        if not findings(*objects):
            without_finding.add((kind, namespace, name))
    assert without_finding == default_roles_without_finding()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("system:controller:clusterrole-aggregation-controller", {"escalate"}),
        (
            "system:kube-controller-manager",
            {"read-secrets-cluster-wide", "create-tokens", "create-token-secrets"},
        ),
        ("system:kubelet-api-admin", {"nodes-proxy"}),
        ("system:certificates.k8s.io:kube-apiserver-client-approver", {"approve-certificates"}),
        ("system:controller:generic-garbage-collector", {"admission-webhooks", "change-api"}),
        ("system:node", {"create-tokens", "change-nodes"}),
    ],
)
def test_a_role_of_kubernetes_is_reported_on_its_binding(name: str, expected: set[str]) -> None:
    result = review(parsed(service_account(), grant_role(name)))
    reported = {f.rule for f in result.findings if str(f.object) == "ClusterRoleBinding/app"}
    assert reported >= expected
    assert "unknown-role" not in reported
    assert not any(grant.rules_unknown for grant in result.grants)


def test_a_default_role_of_a_namespace_is_known_there_only() -> None:
    name = "extension-apiserver-authentication-reader"
    there = review(parsed(grant_role(name, subject(), namespace="kube-system")))
    config_map = name.removesuffix("-reader")
    assert can(there.grants, APP, "get", "", "configmaps", name=config_map, namespace="kube-system")
    assert "unknown-role" in findings(grant_role(name, namespace=NAMESPACE))
    assert "unknown-role" in findings(grant_role(name, kind="ClusterRole"))


def test_rules_of_kubernetes_have_the_scope_of_their_binding() -> None:
    binding = grant_role("system:kube-controller-manager", namespace=NAMESPACE, kind="ClusterRole")
    grants = review(parsed(binding)).grants
    assert can(grants, APP, "list", "", "secrets", namespace=NAMESPACE)
    assert not can(grants, APP, "list", "", "secrets", namespace="kube-system")
    assert "read-secrets-cluster-wide" not in findings(binding)
    assert "read-secrets" in findings(binding)


ESCALATOR = "clusterrole-aggregation-controller"


def test_an_account_to_which_kubernetes_binds_a_role_has_its_permissions() -> None:
    account = service_account(ESCALATOR, "kube-system")
    pod = kubernetes_object(
        "Pod", "pod", "kube-system", spec=pod_spec(serviceAccountName=ESCALATOR)
    )
    result = review(parsed(account, pod))
    reference = f"ServiceAccount/kube-system/{ESCALATOR}"
    about = {f.rule: f.message for f in result.findings if str(f.object) == reference}
    assert about.keys() == {"built-in-role", "escalate"}
    assert about["built-in-role"] == (
        f'Kubernetes itself binds ClusterRole "system:controller:{ESCALATOR}" to ServiceAccount '
        f"kube-system/{ESCALATOR}: what runs as the account or holds its token has these "
        "permissions. Rename the object."
    )
    assert about["escalate"].startswith(
        f'The default ClusterRoleBinding "system:controller:{ESCALATOR}" grants escalate on '
    )
    assert can(
        result.grants,
        Subject("ServiceAccount", "kube-system", ESCALATOR),
        "escalate",
        RBAC,
        "clusterroles",
    )
    assert {grant.workloads for grant in result.grants} == {("Pod/kube-system/pod",)}
    assert not {f.rule for f in result.findings} & {
        "service-account-without-role",
        "missing-subject",
    }


def test_every_account_of_a_default_binding_is_reported() -> None:
    accounts = {
        (entry["namespace"], entry["name"])
        for binding in default_bindings()
        for entry in binding["subjects"]
        if entry["kind"] == "ServiceAccount"
    }
    assert len(accounts) > 30
    for namespace, name in accounts:
        assert "built-in-role" in findings(service_account(name, namespace))
        token = kubernetes_object(
            "Secret", "token", namespace, type="kubernetes.io/service-account-token"
        )
        token["metadata"]["annotations"] = {"kubernetes.io/service-account.name": name}
        assert "identity-secret" in findings(service_account(name, namespace), token)


@pytest.mark.parametrize(
    ("name", "namespace"), [(ESCALATOR, NAMESPACE), ("default", "kube-system"), ("app", NAMESPACE)]
)
def test_another_account_has_no_default_binding(name: str, namespace: str) -> None:
    result = review(parsed(service_account(name, namespace)))
    assert result.grants == ()
    assert "built-in-role" not in {f.rule for f in result.findings}


def test_a_selector_can_aggregate_roles_of_kubernetes() -> None:
    aggregated = kubernetes_object("ClusterRole", "all", "", f"{RBAC}/v1")
    label = {"kubernetes.io/bootstrapping": "rbac-defaults"}
    aggregated["aggregationRule"] = {"clusterRoleSelectors": [{"matchLabels": label}]}
    assert "full-access" in findings(aggregated, grant_role("all"))
