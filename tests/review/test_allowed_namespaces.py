"""The namespaces of a manifest's objects, compared with those that a policy allows."""

from __future__ import annotations

import pytest

from kubiya_pulumi.review import ManifestPolicy, review
from kubiya_pulumi.review.kubernetes.references import reference_to
from tests.review.manifest_objects import Object, kubernetes_object, parsed


def denied(*objects: Object, allowed: str = "app") -> list[str]:
    result = review(parsed(*objects), ManifestPolicy(allowed_namespaces=[allowed]))
    return [str(finding.object) for finding in result.denied]


def definition(scope: object, group: str = "argoproj.io") -> Object:
    return kubernetes_object(
        "CustomResourceDefinition",
        f"workflows.{group}",
        "",
        "apiextensions.k8s.io/v1",
        spec={"group": group, "names": {"kind": "Workflow"}, "scope": scope, "versions": []},
    )


WORKFLOW = kubernetes_object("Workflow", "work", "", "argoproj.io/v1alpha1", spec={})


def test_a_custom_object_without_a_namespace_is_in_the_default_one() -> None:
    assert denied(WORKFLOW) == ["Workflow/work"]
    assert denied(WORKFLOW, allowed="def*") == []
    [finding] = review(parsed(WORKFLOW), ManifestPolicy(allowed_namespaces=["app"])).denied
    assert finding.message == (
        'The object sets no metadata.namespace, and "default" matches no pattern in '
        "allowed_namespaces; set it, or add the CustomResourceDefinition if the kind is "
        "cluster-scoped."
    )


@pytest.mark.parametrize(
    ("scope", "group", "is_denied"),
    [
        ("Cluster", "argoproj.io", False),
        ("Namespaced", "argoproj.io", True),
        (None, "argoproj.io", True),
        ("Cluster", "example.com", True),
    ],
)
def test_a_definition_in_the_manifest_decides_the_scope(
    scope: object, group: str, is_denied: bool
) -> None:
    assert bool(denied(WORKFLOW, definition(scope, group))) == is_denied


@pytest.mark.parametrize(
    ("api", "kind", "namespace", "expected"),
    [
        ("x.k8s.io/v1", "Node", "kube-system", "kube-system"),
        ("x.k8s.io/v1", "Namespace", "kube-system", "kube-system"),
        ("x.k8s.io/v1", "Node", "", "default"),
        ("example.com/v1", "Node", "kube-system", "kube-system"),
        ("apps/v1", "Node", "kube-system", "kube-system"),
        ("v1", "Node", "kube-system", ""),
        ("core/v1", "PersistentVolume", "kube-system", ""),
        ("rbac.authorization.k8s.io/v1", "ClusterRole", "kube-system", ""),
        ("storage.k8s.io/v1", "StorageClass", "", ""),
        ("gateway.networking.k8s.io/v1", "GatewayClass", "", ""),
        ("gateway.networking.k8s.io/v1", "Gateway", "", "default"),
        ("example.com/v1", "Task", "", ""),
    ],
)
def test_the_scope_of_a_kind_depends_on_its_group(
    api: str, kind: str, namespace: str, expected: str
) -> None:
    item = kubernetes_object(kind, "a", namespace, api)
    [parsed_item] = parsed(item)
    assert reference_to(parsed_item).namespace == expected
    assert bool(denied(item)) == (expected != "" or api == "example.com/v1")


def test_the_name_of_a_custom_namespace_is_no_namespace() -> None:
    item = kubernetes_object("Namespace", "app", "kube-system", "example.com/v1")
    assert denied(item) == ["Namespace/kube-system/app"]
    assert denied(item, allowed="kube-system") == []
