"""The default roles of Kubernetes are judged by their rules."""

from __future__ import annotations

from typing import Any

import pytest

from kubiya_pulumi.review import Subject, can, review
from kubiya_pulumi.review.kubernetes.default_roles import default_roles
from tests.review.manifest_objects import (
    NAMESPACE,
    RBAC,
    Object,
    grant_role,
    kubernetes_object,
    parsed,
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


def test_a_selector_can_aggregate_roles_of_kubernetes() -> None:
    aggregated = kubernetes_object("ClusterRole", "all", "", f"{RBAC}/v1")
    label = {"kubernetes.io/bootstrapping": "rbac-defaults"}
    aggregated["aggregationRule"] = {"clusterRoleSelectors": [{"matchLabels": label}]}
    assert "full-access" in findings(aggregated, grant_role("all"))
