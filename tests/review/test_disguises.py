"""What a manifest would hide from its reader is found: it is read as the cluster would take it."""

from __future__ import annotations

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


def found(*objects: Object) -> Review:
    return review(
        parsed(kubernetes_object("Namespace", NAMESPACE, ""), service_account(), *objects)
    )


def rules(result: Review) -> set[str]:
    return {each.rule for each in result.findings}


def test_the_kubernetes_provider_takes_apart_whatever_has_items():
    text = yaml.safe_dump(
        kubernetes_object("ConfigMap", "harmless", items=[grant_role("cluster-admin")])
    )
    assert [each.kind for each in parse_manifest(text)] == ["ClusterRoleBinding"]
    assert "cluster-admin" in rules(review(parse_manifest(text)))


def test_an_object_whose_items_are_no_list_is_an_object():
    assert [each.kind for each in parsed(kubernetes_object("Playlist", "a", items={"a": 1}))] == [
        "Playlist"
    ]


@pytest.mark.parametrize("content", [{}, {"rules": []}, {"rules": [rule("core", "pods", "get")]}])
def test_a_role_of_kubernetes_keeps_its_rules_whatever_the_manifest_says_of_it(content):
    mine = kubernetes_object("ClusterRole", "cluster-admin", "", f"{RBAC}/v1", **content)
    result = found(mine, grant_role("cluster-admin"))
    assert "cluster-admin" in rules(result)
    assert any(each.allows("delete", "", "nodes") for each in result.grants)


def test_what_a_manifest_adds_to_a_role_of_kubernetes_is_found_on_the_role():
    result = found(cluster_role(rule("core", "secrets", "get list"), name="view"))
    [finding] = [each for each in result.findings if each.rule == "read-secrets-cluster-wide"]
    assert str(finding.object) == "ClusterRole/view"


@pytest.mark.parametrize(
    ("kind", "namespace", "name", "theirs"),
    [
        ("ClusterRole", "", "cluster-admin", True),
        ("ClusterRole", "", "admin", True),
        ("ClusterRole", "ignored", "edit", True),
        ("ClusterRole", "", "system:node", True),
        ("ClusterRole", "", "system", False),
        ("ClusterRoleBinding", "", "cluster-admin", True),
        ("ClusterRoleBinding", "", "system:discovery", True),
        ("ClusterRoleBinding", "", "admin", False),
        ("Role", "kube-system", "system:controller:token-cleaner", True),
        ("Role", "kube-system", "extension-apiserver-authentication-reader", True),
        ("Role", "kube-public", "system:controller:bootstrap-signer", True),
        ("Role", "kube-system", "view", False),
        ("Role", "", "system:controller:token-cleaner", False),
        ("Role", NAMESPACE, "system:controller:token-cleaner", False),
        ("RoleBinding", "kube-system", "system:controller:token-cleaner", True),
        ("RoleBinding", "kube-system", "extension-apiserver-authentication-reader", False),
        ("RoleBinding", NAMESPACE, "system:controller:token-cleaner", False),
        ("ConfigMap", "kube-system", "system:controller:token-cleaner", False),
    ],
)
def test_roles_and_bindings_of_kubernetes_itself(kind, namespace, name, theirs):
    result = found(kubernetes_object(kind, name, namespace, f"{RBAC}/v1"))
    places = [str(each.object) for each in result.findings if each.rule == "built-in-role"]
    assert bool(places) == theirs
    assert all(place.startswith(f"{kind}/") and place.endswith(name) for place in places)


def test_a_custom_kind_by_the_name_of_a_role_of_kubernetes_is_none():
    assert "built-in-role" not in rules(
        found(kubernetes_object("ClusterRole", "admin", "", OTHERS))
    )


def test_what_a_manifest_adds_to_a_gathered_role_is_given_to_those_that_gather_it():
    added = cluster_role(
        rule("core", "nodes", "delete"),
        name="added",
        labels={f"{RBAC}/aggregate-to-view": "true"},
    )
    mine = kubernetes_object("ClusterRole", "view", "", f"{RBAC}/v1")
    assert any(
        each.allows("delete", "", "nodes") for each in found(mine, added, grant_role("view")).grants
    )


def test_a_role_of_the_system_has_more_rules_than_the_manifest_tells():
    name = "system:auth-delegator"
    result = found(cluster_role(rule("core", "pods", "get"), name=name), grant_role(name))
    assert {each.verbs for each in result.grants} == {(), ("get",)}


def test_a_role_that_is_there_twice_has_the_rules_of_both():
    first = cluster_role(EVERYTHING)
    second = kubernetes_object("ClusterRole", "app", "elsewhere", f"{RBAC}/v1")
    assert "full-access" in rules(found(first, second, grant_role("app")))


def test_only_cluster_roles_gather_their_rules():
    mine = role(EVERYTHING) | {"aggregationRule": {"clusterRoleSelectors": []}}
    assert "full-access" in rules(found(mine, grant_role("app", namespace=NAMESPACE)))


@pytest.mark.parametrize("kind", ["ClusterRole", "Role"])
def test_a_custom_kind_by_the_name_of_a_role_is_no_role(kind):
    namespace = NAMESPACE if kind == "Role" else ""
    real = role(EVERYTHING) if namespace else cluster_role(EVERYTHING)
    custom = kubernetes_object(kind, "app", namespace, OTHERS)
    result = found(real, custom, grant_role("app", namespace=namespace))
    assert "full-access" in rules(result)
    assert result.grants


def test_a_custom_kind_by_the_name_of_a_secret_is_not_the_secret_that_is_missed():
    spec = pod_spec(volumes=[{"name": "a", "secret": {"secretName": "a"}}])
    assert "missing-secret" in rules(
        found(deployment(spec), kubernetes_object("Secret", "a", api=OTHERS))
    )
    assert "missing-secret" not in rules(found(deployment(spec), kubernetes_object("Secret", "a")))


def test_what_kubernetes_reads_as_true_or_as_a_number_is_read_so_here():
    [pod] = parse_manifest(
        "{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {hostNetwork: Y, hostPID: n, "
        "containers: [{securityContext: {privileged: y, runAsUser: 0o0}, "
        "ports: [{hostPort: 8e1}, {hostPort: 0o120}, {hostPort: 8.0e1}]}]}}"
    )
    [container] = pod.body["spec"]["containers"]
    assert pod.body["spec"]["hostNetwork"] is True
    assert pod.body["spec"]["hostPID"] is False
    assert container["securityContext"] == {"privileged": True, "runAsUser": 0}
    assert [each["hostPort"] for each in container["ports"]] == [80, 80, 80]


def test_texts_that_look_almost_like_that_stay_texts():
    [found] = parse_manifest(
        "{apiVersion: v1, kind: X, metadata: {name: a}, x: ['y', ye, 8e, e1, 1e2e3, 0o, v1e2]}"
    )
    assert found.body["x"] == ["y", "ye", "8e", "e1", "1e2e3", "0o", "v1e2"]


@pytest.mark.parametrize("end", ["---#x: 1", "---\u00a0#x: 1", "---#"])
def test_a_line_that_ends_a_document_for_some_readers_only_is_refused(end):
    first, second = (yaml.safe_dump(kubernetes_object("ConfigMap", name)) for name in "ab")
    with pytest.raises(ManifestError, match="line 6 begins with ---"):
        parse_manifest(f"{first}{end}\n{second}")


@pytest.mark.parametrize("end", ["---", "--- # a comment", "---\t", "---\r"])
def test_lines_that_end_a_document_for_all_do_not_matter(end):
    first, second = (yaml.safe_dump(kubernetes_object("ConfigMap", name)) for name in "ab")
    assert [each.name for each in parse_manifest(f"{first}{end}\n{second}---")] == ["a", "b"]
