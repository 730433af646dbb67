"""Pods in objects of custom kinds are reviewed like those of Kubernetes' own workloads."""

from __future__ import annotations

import pytest

from kubiya_pulumi.review import (
    KubernetesObject,
    ManifestError,
    ManifestPolicy,
    Review,
    images,
    review,
)
from kubiya_pulumi.review.kubernetes.limits import MAX_PODS
from tests.review.custom_pods import ARGO, CUSTOM_PODS, IMAGE, VOLUMES, custom, dangerous, pod
from tests.review.manifest_objects import (
    NAMESPACE,
    Object,
    cluster_role,
    container,
    grant_role,
    kubernetes_object,
    parsed,
    pod_spec,
    rule,
    service_account,
)


def messages(result: Review, rule_name: str) -> list[str]:
    return [finding.message for finding in result.findings if finding.rule == rule_name]


def broken(*objects: Object) -> set[str]:
    return {finding.rule for finding in review(parsed(*objects)).findings}


@pytest.mark.parametrize("form", CUSTOM_PODS)
def test_a_pod_is_found_in_every_form(form: str) -> None:
    item, location = CUSTOM_PODS[form]
    result = review(parsed(item), ManifestPolicy(allowed_images=["ghcr.io/*"]))
    assert result.images == (IMAGE,)
    [network] = messages(result, "baseline-host-namespaces")
    assert network == f"In {location}: The pod sets hostNetwork: true; set it to false."
    [privileged] = messages(result, "baseline-privileged-containers")
    assert privileged.startswith(f"In {location}: Container ")
    [latest] = messages(result, "image-latest-tag")
    assert f'"{IMAGE}"' in latest
    assert [finding.rule for finding in result.denied] == ["image-not-allowed"]
    rules = {finding.rule for finding in result.findings}
    assert "restricted-run-as-non-root" in rules
    assert "unreviewed-pod" not in rules


def test_each_pod_of_an_object_is_reviewed_by_itself() -> None:
    result = review(
        parsed(
            custom(
                "ray.io/v1",
                "RayCluster",
                headGroupSpec={"template": {"spec": pod_spec()}},
                workerGroupSpecs=[{"template": {"spec": pod_spec(hostPID=True)}}],
            )
        )
    )
    [message] = messages(result, "baseline-host-namespaces")
    assert message.startswith("In spec.workerGroupSpecs[0].template.spec: The pod sets hostPID")


def test_what_an_object_sets_for_all_pods_counts_for_each() -> None:
    spec = {
        "serviceAccountName": "app",
        "volumes": VOLUMES,
        "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
        "templates": [
            {"name": "a", "container": container()},
            {"name": "b", "container": container(), "securityContext": {"runAsUser": 0}},
        ],
    }
    result = review(
        parsed(
            custom(ARGO, "Workflow", **spec),
            service_account(),
            cluster_role(rule("core", "pods", "get")),
            grant_role("app"),
        )
    )
    assert messages(result, "baseline-host-path-volumes") == [
        f'In spec.templates[{index}]: The pod mounts hostPath "/"; use another type of volume.'
        for index in (0, 1)
    ]
    # The security context of a template replaces the one of all templates.
    assert messages(result, "restricted-run-as-user") == [
        "In spec.templates[1]: The pod sets securityContext.runAsUser: 0; set it to another user."
    ]
    [missing] = messages(result, "restricted-run-as-non-root")
    assert missing.startswith("In spec.templates[1]: ")
    assert [grant.workloads for grant in result.grants] == [("Workflow/runners/work",)]


def test_a_pod_of_an_object_without_a_namespace_uses_the_accounts_of_default() -> None:
    item = custom("example.com/v1", "Task", template={"spec": pod_spec(serviceAccountName="app")})
    del item["metadata"]["namespace"]
    accounts = [service_account(), service_account(namespace="default")]
    missing = "missing-service-account"
    assert missing in broken(item, accounts[0])
    assert missing not in broken(item, accounts[1])


@pytest.mark.parametrize(
    ("content", "fields", "finds"),
    [
        ({"image": "app:latest"}, '"spec.image"', {"image-latest-tag"}),
        ({"a": {"baseImage": "example.net/a"}}, '"spec.a.baseImage"', {"image-latest-tag"}),
        (
            {"values": {"image": {"repository": "example.net/a", "tag": 1.5}}},
            '"spec.values.image"',
            {"image-without-digest"},
        ),
        ({"a": [{"hostNetwork": True}]}, '"spec.a[0].hostNetwork"', {"baseline-host-namespaces"}),
        ({"privileged": True}, '"spec.privileged"', {"baseline-privileged-containers"}),
        (
            {"pod": {"securityContext": {"privileged": True}}},
            '"spec.pod.securityContext"',
            {"baseline-privileged-containers"},
        ),
        (
            {"podSecurityContext": {"runAsUser": 0}},
            '"spec.podSecurityContext"',
            {"restricted-run-as-user"},
        ),
        ({"storage": {"hostPath": "/"}}, '"spec.storage.hostPath"', {"baseline-host-path-volumes"}),
        ({"volumes": VOLUMES}, '"spec.volumes"', {"baseline-host-path-volumes"}),
        (
            {"volumes": [{"name": "disk", "containerDisk": {"image": "disk:1"}}]},
            '"spec.volumes", "spec.volumes[0].containerDisk.image"',
            {"image-without-digest"},
        ),
        ({"driver": {"serviceAccount": "app"}}, '"spec.driver.serviceAccount"',
         {"missing-service-account"}),
    ],
)  # fmt: skip
def test_parts_of_a_pod_are_reviewed_and_reported(
    content: Object, fields: str, finds: set[str]
) -> None:
    result = review(parsed(custom("example.com/v1", "Task", **content)))
    [message] = messages(result, "unreviewed-pod")
    assert message.startswith(f"The object sets {fields} outside of a pod")
    rules = {finding.rule for finding in result.findings}
    assert finds <= rules
    # What the object lacks says nothing: its controller may add it.
    assert rules.isdisjoint({"restricted-run-as-non-root", "restricted-seccomp"})
    assert "unreviewed-kind" not in rules


def test_an_image_next_to_containers_is_reported() -> None:
    item = custom(
        "monitoring.coreos.com/v1", "Prometheus", image="example.net/p:1", containers=[container()]
    )
    result = review(parsed(item))
    assert "example.net/p:1" in result.images
    assert len(messages(result, "unreviewed-pod")) == 1


@pytest.mark.parametrize(
    ("content", "field"),
    [
        ({"manifest": "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n"}, "spec.manifest"),
        ({"manifests": ['{"kind": "Pod", "apiVersion": "v1"}']}, "spec.manifests[0]"),
        ({"templates": [{"podSpecPatch": "hostNetwork: true"}]}, "spec.templates[0].podSpecPatch"),
        ({"patch": '{"securityContext":{"privileged":true}}'}, "spec.patch"),
        ({"object": cluster_role(rule("*", "*", "*"))}, "spec.object"),
        ({"objects": [grant_role("cluster-admin")]}, "spec.objects[0]"),
    ],
)
def test_an_object_in_an_object_is_reported(content: Object, field: str) -> None:
    result = review(parsed(custom("example.com/v1", "Apply", **content)))
    [message] = messages(result, "unreviewed-pod")
    assert message.startswith(f'The object contains other objects in "{field}"')


@pytest.mark.parametrize(
    "item",
    [
        custom("cert-manager.io/v1", "Certificate", secretName="tls", issuerRef={"name": "a"}),
        custom("monitoring.coreos.com/v1", "ServiceMonitor", endpoints=[{"port": "web"}]),
        custom("keda.sh/v1alpha1", "ScaledObject", scaleTargetRef={"name": "app"}),
        custom("autoscaling.k8s.io/v1", "VerticalPodAutoscaler",
               targetRef={"apiVersion": "apps/v1", "kind": "Deployment", "name": "app"}),
        custom("example.com/v1", "Policy", containers=["*"], steps=[{"name": "no image"}]),
        custom("example.com/v1", "Job", hostNetwork=False, securityContext={}, image=""),
    ],
    ids=lambda item: str(item["kind"]),
)  # fmt: skip
def test_a_custom_kind_without_a_pod_is_named(item: Object) -> None:
    result = review(parsed(item))
    [message] = messages(result, "unreviewed-kind")
    assert f'"{item["kind"]}"' in message
    assert item["apiVersion"].partition("/")[0] in message
    assert {finding.rule for finding in result.findings} == {"unreviewed-kind", "missing-namespace"}


def test_kubernetes_kinds_are_not_reported_as_custom() -> None:
    objects = [
        kubernetes_object("ConfigMap", "a", data={"a": "apiVersion: v1\nkind: Pod"}),
        kubernetes_object("Ingress", "a", api="networking.k8s.io/v1", spec={}),
        kubernetes_object("ResourceClaim", "a", api="resource.k8s.io/v1", spec={}),
        kubernetes_object(
            "CustomResourceDefinition",
            "tasks.example.com",
            "",
            "apiextensions.k8s.io/v1",
            spec={"a": {"default": {"containers": [dangerous()]}}},
        ),
    ]
    assert broken(*objects).isdisjoint({"unreviewed-kind", "unreviewed-pod"})


@pytest.mark.parametrize(
    ("kind", "content", "field"),
    [
        ("Deployment", {"spec": {"template": "text"}}, "spec.template.spec"),
        ("Deployment", {}, "spec.template.spec"),
        ("StatefulSet", {"spec": {"template": {"spec": []}}}, "spec.template.spec"),
        ("Pod", {"spec": {}}, "spec.containers"),
        ("Pod", {"spec": {"containers": []}}, "spec.containers"),
        ("Pod", {"spec": {"containers": {"a": dangerous()}}}, "spec.containers"),
        ("Pod", {"spec": pod(initContainers=["text"])}, "spec.initContainers"),
        ("Pod", {"spec": pod(volumes={"name": "a"})}, "spec.volumes"),
        ("CronJob", {"spec": {"jobTemplate": {"spec": {}}}},
         "spec.jobTemplate.spec.template.spec"),
        ("PodTemplate", {"template": {}}, "template.spec"),
        ("ReplicationController", {"spec": {"template": 1}}, "spec.template.spec"),
    ],
)  # fmt: skip
def test_a_pod_that_cannot_be_read_is_reported(kind: str, content: Object, field: str) -> None:
    api = {"Deployment": "apps/v1", "StatefulSet": "apps/v1", "CronJob": "batch/v1"}.get(kind, "v1")
    result = review(parsed(kubernetes_object(kind, "app", api=api, **content)))
    [message] = messages(result, "unreviewed-pod")
    assert message == (
        f'The pod cannot be read, because "{field}" is missing or has the wrong type; correct it.'
    )


def test_a_pod_without_containers_is_reviewed_all_the_same() -> None:
    item = kubernetes_object("Pod", "app", spec={"hostNetwork": True})
    assert {"baseline-host-namespaces", "unreviewed-pod"} <= broken(item)


def test_workloads_in_a_list_are_reviewed() -> None:
    item = kubernetes_object("Pod", "app", spec=pod())
    assert "baseline-host-namespaces" in broken(
        {"apiVersion": "v1", "kind": "List", "items": [item]}
    )


def nested(levels: int) -> Object:
    """Return a pod around a pod around a pod, each with volumes that the inner ones share."""
    inner: Object = {"containers": [container()]}
    for _ in range(levels):
        inner = {"containers": [container()], "volumes": VOLUMES * 50, "inner": inner}
    return inner


@pytest.mark.parametrize(
    "content",
    [
        {"tasks": [{"containers": [{"image": "a"}]}] * (MAX_PODS + 1)},
        {"tasks": [{"image": "a"}] * (MAX_PODS + 1)},
        {"task": nested(60)},
    ],
    ids=["pods", "parts", "shared volumes"],
)
def test_too_many_pods_are_refused(content: Object) -> None:
    item = custom("example.com/v1", "Task", **content)
    objects = [KubernetesObject(item["apiVersion"], item["kind"], NAMESPACE, "work", item)]
    for reviewed in (review, images):
        with pytest.raises(ManifestError, match="runs more than 10,000 pods"):
            reviewed(objects)


def test_a_single_container_with_the_parts_of_its_image_is_reviewed() -> None:
    step = dangerous() | {"image": {"repository": "example.net/work", "tag": "latest"}}
    result = review(parsed(custom("example.com/v1", "Task", steps=[step])))
    assert result.images == (IMAGE,)
