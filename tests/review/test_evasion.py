"""A manifest cannot hide anything from the review, which reads it as the cluster does."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from kubiya_pulumi.review import ManifestError, Review, parse_manifest, review
from tests.review.manifest_objects import (
    NAMESPACE,
    RBAC,
    Object,
    cluster_role,
    deployment,
    grant_role,
    kubernetes_object,
    parsed,
    pod_spec,
    role,
    rule,
    service_account,
)

EVERYTHING = rule("*", "*", "*")
OTHERS = "example.com/v1"


def review_of(*objects: Object) -> Review:
    return review(
        parsed(kubernetes_object("Namespace", NAMESPACE, ""), service_account(), *objects)
    )


def rules(result: Review) -> set[str]:
    return {finding.rule for finding in result.findings}


def test_any_object_with_items_is_expanded() -> None:
    text = yaml.safe_dump(
        kubernetes_object("ConfigMap", "harmless", items=[grant_role("cluster-admin")])
    )
    assert [item.kind for item in parse_manifest(text)] == ["ClusterRoleBinding"]
    assert "cluster-admin" in rules(review(parse_manifest(text)))


def test_an_object_with_items_that_are_not_a_list_is_not_expanded() -> None:
    assert [item.kind for item in parsed(kubernetes_object("Playlist", "a", items={"a": 1}))] == [
        "Playlist"
    ]


@pytest.mark.parametrize("content", [{}, {"rules": []}, {"rules": [rule("core", "pods", "get")]}])
def test_a_default_role_keeps_its_rules_whatever_the_manifest_sets(content: Any) -> None:
    changed = kubernetes_object("ClusterRole", "cluster-admin", "", f"{RBAC}/v1", **content)
    result = review_of(changed, grant_role("cluster-admin"))
    assert "cluster-admin" in rules(result)
    assert any(grant.allows("delete", "", "nodes") for grant in result.grants)


def test_rules_added_to_a_default_role_are_reported_on_the_role() -> None:
    result = review_of(cluster_role(rule("core", "secrets", "get list"), name="view"))
    [finding] = [f for f in result.findings if f.rule == "read-secrets-cluster-wide"]
    assert str(finding.object) == "ClusterRole/view"


@pytest.mark.parametrize(
    ("kind", "namespace", "name", "is_default"),
    [
        ("ClusterRole", "", "cluster-admin", True),
        ("ClusterRole", "", "admin", True),
        ("ClusterRole", "ignored", "edit", True),
        ("ClusterRole", "", "system:node", True),
        ("ClusterRole", "", "system", False),
        ("ClusterRole", "", "system:metrics-server", False),
        ("ClusterRole", "", "system:controller:token-cleaner", False),
        ("ClusterRoleBinding", "", "cluster-admin", True),
        ("ClusterRoleBinding", "", "system:discovery", True),
        ("ClusterRoleBinding", "", "system:controller:node-controller", True),
        ("ClusterRoleBinding", "", "system:auth-delegator", False),
        ("ClusterRoleBinding", "", "metrics-server:system:auth-delegator", False),
        ("ClusterRoleBinding", "", "admin", False),
        ("Role", "kube-system", "system:controller:token-cleaner", True),
        ("Role", "kube-system", "extension-apiserver-authentication-reader", True),
        ("Role", "kube-public", "system:controller:bootstrap-signer", True),
        ("Role", "kube-system", "view", False),
        ("Role", "", "system:controller:token-cleaner", False),
        ("Role", NAMESPACE, "system:controller:token-cleaner", False),
        ("RoleBinding", "kube-system", "system:controller:token-cleaner", True),
        ("Role", "kube-system", "system:an-add-on", False),
        ("Role", "kube-public", "system:controller:token-cleaner", False),
        ("RoleBinding", "kube-system", "system::leader-locking-kube-scheduler", True),
        ("RoleBinding", "kube-public", "system:controller:bootstrap-signer", True),
        ("RoleBinding", "kube-system", "system:an-add-on", False),
        ("RoleBinding", "kube-system", "extension-apiserver-authentication-reader", False),
        ("RoleBinding", NAMESPACE, "system:controller:token-cleaner", False),
        ("ConfigMap", "kube-system", "system:controller:token-cleaner", False),
    ],
)
def test_default_roles_and_bindings_are_reported(
    kind: str, namespace: str, name: str, is_default: bool
) -> None:
    result = review_of(kubernetes_object(kind, name, namespace, f"{RBAC}/v1"))
    objects = [str(f.object) for f in result.findings if f.rule == "built-in-role"]
    assert bool(objects) == is_default
    assert all(text.startswith(f"{kind}/") and text.endswith(name) for text in objects)


def test_a_custom_kind_named_like_a_default_role_is_not_reported() -> None:
    assert "built-in-role" not in rules(
        review_of(kubernetes_object("ClusterRole", "admin", "", OTHERS))
    )


def test_rules_added_to_an_aggregated_default_role_are_granted() -> None:
    added = cluster_role(
        rule("core", "nodes", "delete"),
        name="added",
        labels={f"{RBAC}/aggregate-to-view": "true"},
    )
    changed = kubernetes_object("ClusterRole", "view", "", f"{RBAC}/v1")
    assert any(
        grant.allows("delete", "", "nodes")
        for grant in review_of(changed, added, grant_role("view")).grants
    )


def test_a_default_role_has_more_rules_than_the_manifest_sets() -> None:
    name = "system:auth-delegator"
    result = review_of(cluster_role(rule("core", "pods", "get"), name=name), grant_role(name))
    assert {grant.resources for grant in result.grants} == {
        ("tokenreviews",),
        ("subjectaccessreviews",),
        ("pods",),
    }


def test_a_role_with_a_reserved_name_may_have_more_rules_than_the_manifest_sets() -> None:
    name = "system:of-another-version"
    result = review_of(cluster_role(rule("core", "pods", "get"), name=name), grant_role(name))
    assert [(grant.verbs, grant.rules_unknown) for grant in result.grants] == [
        ((), True),
        (("get",), False),
    ]
    assert "unknown-role" in rules(result)
    assert "built-in-role" not in rules(result)


def test_a_duplicate_role_has_the_rules_of_both() -> None:
    first = cluster_role(EVERYTHING)
    second = kubernetes_object("ClusterRole", "app", "elsewhere", f"{RBAC}/v1")
    assert "full-access" in rules(review_of(first, second, grant_role("app")))


def test_only_cluster_roles_aggregate() -> None:
    changed = role(EVERYTHING) | {"aggregationRule": {"clusterRoleSelectors": []}}
    assert "full-access" in rules(review_of(changed, grant_role("app", namespace=NAMESPACE)))


@pytest.mark.parametrize("kind", ["ClusterRole", "Role"])
def test_a_custom_kind_named_like_a_role_is_not_a_role(kind: str) -> None:
    namespace = NAMESPACE if kind == "Role" else ""
    real = role(EVERYTHING) if namespace else cluster_role(EVERYTHING)
    custom = kubernetes_object(kind, "app", namespace, OTHERS)
    result = review_of(real, custom, grant_role("app", namespace=namespace))
    assert "full-access" in rules(result)
    assert result.grants


def test_a_custom_kind_named_like_a_secret_is_not_a_secret() -> None:
    spec = pod_spec(volumes=[{"name": "a", "secret": {"secretName": "a"}}])
    assert "missing-secret" in rules(
        review_of(deployment(spec), kubernetes_object("Secret", "a", api=OTHERS))
    )
    assert "missing-secret" not in rules(
        review_of(deployment(spec), kubernetes_object("Secret", "a"))
    )


def test_booleans_and_numbers_are_read_as_kubernetes_does() -> None:
    [pod] = parse_manifest(
        "{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {hostNetwork: Y, hostPID: n, "
        "containers: [{securityContext: {privileged: y, runAsUser: 0o0}, "
        "ports: [{hostPort: 8e1}, {hostPort: 0o120}, {hostPort: 8.0e1}]}]}}"
    )
    [container] = pod.body["spec"]["containers"]
    assert pod.body["spec"]["hostNetwork"] is True
    assert pod.body["spec"]["hostPID"] is False
    assert container["securityContext"] == {"privileged": True, "runAsUser": 0}
    assert [port["hostPort"] for port in container["ports"]] == [80, 80, 80]


def test_similar_strings_stay_strings() -> None:
    [item] = parse_manifest(
        "{apiVersion: v1, kind: X, metadata: {name: a}, x: ['y', ye, 8e, e1, 1e2e3, 0o, v1e2]}"
    )
    assert item.body["x"] == ["y", "ye", "8e", "e1", "1e2e3", "0o", "v1e2"]


@pytest.mark.parametrize("end", ["---a", "--- a: 1", "--- |", "---\u200b"])
def test_a_separator_with_content_is_rejected(end: str) -> None:
    first, second = (yaml.safe_dump(kubernetes_object("ConfigMap", name)) for name in "ab")
    with pytest.raises(ManifestError, match="line 6: a line that begins with `---`"):
        parse_manifest(f"{first}{end}\n{second}")


@pytest.mark.parametrize(
    "end", ["---", "--- # a comment", "---\t", "---\r", "---#x: 1", "---\u00a0#x: 1", "---#"]
)
def test_a_separator_ends_a_document_as_in_kubernetes(end: str) -> None:
    first, second = (yaml.safe_dump(kubernetes_object("ConfigMap", name)) for name in "ab")
    assert [item.name for item in parse_manifest(f"{first}{end}\n{second}---")] == ["a", "b"]


READ_DIFFERENTLY = """\
apiVersion: v1
kind: ServiceAccount
metadata: {name: quiet, namespace: default}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: quiet}
rules:
- apiGroups: [!!binary Kg==]
  resources: [!!binary Kg==]
  verbs: [!!binary Kg==]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: quiet}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: quiet}
subjects:
- {kind: ServiceAccount, name: quiet, namespace: default}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: admin}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: ClusterRole
  name: !!binary Y2x1c3Rlci1hZG1pbg==
subjects:
- {kind: ServiceAccount, name: quiet, namespace: default}
---
apiVersion: v1
kind: Pod
metadata: {name: merged, namespace: default}
spec:
  hostNetwork: false
  <<: {hostNetwork: true, hostPID: true}
  containers:
  - name: app
    image: 123:45
    ports: [{containerPort: 8080, hostPort: 08080}]
    securityContext: {privileged: false, <<: {privileged: true}}
"""


def test_what_only_kubernetes_reads_is_found() -> None:
    result = review(parse_manifest(READ_DIFFERENTLY))
    assert {
        "full-access",
        "cluster-admin",
        "baseline-host-namespaces",
        "baseline-host-ports",
        "baseline-privileged-containers",
    } <= set(rules(result))
    assert result.images == ("123:45",)
    [finding] = [finding for finding in result.findings if finding.rule == "baseline-host-ports"]
    assert "8080" in finding.message
