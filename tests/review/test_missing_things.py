"""What a manifest refers to and does not have."""

import pytest

from kubiya_pulumi.review import review
from tests.review.manifest_objects import (
    NAMESPACE,
    cluster_role,
    container,
    deployment,
    grant_role,
    kubernetes_object,
    parsed,
    pod_spec,
    rule,
    service_account,
    subject,
)


def missing(name, *objects):
    return [each for each in review(parsed(*objects)).findings if each.rule == name]


def reading(kind: str, **reference):
    """A pod that refers to a Secret or ConfigMap in each way that there is."""
    short = kind[0].lower() + kind[1:]
    named = {"secretName": reference["name"]} if kind == "Secret" else {}
    return {
        "key": pod_spec(container(env=[{"name": "X", "valueFrom": {f"{short}KeyRef": reference}}])),
        "all keys": pod_spec(container(envFrom=[{f"{short}Ref": reference}])),
        "volume": pod_spec(volumes=[{"name": "v", short: {**reference, **named}}]),
        "projected": pod_spec(
            volumes=[{"name": "v", "projected": {"sources": [{short: reference}]}}]
        ),
        "init container": pod_spec(
            initContainers=[container(envFrom=[{f"{short}Ref": reference}])]
        ),
    }


WAYS = ["key", "all keys", "volume", "projected", "init container"]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("kind", "name"), [("Secret", "missing-secret"), ("ConfigMap", "missing-config-map")]
)
def test_what_a_pod_needs_is_looked_for_in_its_namespace(kind, name, way):
    pod = deployment(reading(kind, name="wanted", key="k")[way])
    [finding] = missing(
        name, pod, kubernetes_object(kind, "other"), kubernetes_object(kind, "wanted", "elsewhere")
    )
    assert finding.message == f'Needs {kind} "wanted", which is not there.'
    assert str(finding.object) == "Deployment/runners/app"
    assert missing(name, pod, kubernetes_object(kind, "wanted")) == []
    optional = reading(kind, name="wanted", key="k", optional=True)[way]
    assert missing(name, deployment(optional)) == []


def test_a_secret_for_pulling_images_is_needed():
    pod = deployment(pod_spec(imagePullSecrets=[{"name": "registry"}]))
    assert len(missing("missing-secret", pod)) == 1
    assert missing("missing-secret", pod, kubernetes_object("Secret", "registry")) == []


def test_the_certificates_of_the_cluster_are_in_every_namespace():
    pod = reading("ConfigMap", name="kube-root-ca.crt")["projected"]
    assert missing("missing-config-map", deployment(pod)) == []


@pytest.mark.parametrize(
    ("binding", "there"),
    [
        (grant_role("view", namespace=NAMESPACE, kind="ClusterRole"), True),
        (grant_role("view", namespace=NAMESPACE), False),
        (grant_role("system:auth-delegator"), True),
        (grant_role("extension-apiserver-authentication-reader", namespace="kube-system"), True),
        (grant_role("nothing"), False),
        (grant_role("view", kind="Role"), False),
        (grant_role("view", kind="Unknown"), False),
    ],
)
def test_a_role_is_there_by_its_kind_and_place(binding, there):
    assert (missing("missing-role", binding) == []) == there


def test_users_and_groups_are_not_looked_for():
    names = [subject("jane", kind="User"), subject("system:authenticated", kind="Group")]
    assert missing("missing-subject", grant_role("view", *names)) == []


def test_a_group_of_another_namespace_gives_a_service_account_no_role():
    who = subject("system:serviceaccounts:elsewhere", kind="Group")
    objects = [
        deployment(pod_spec(serviceAccountName="app")),
        service_account(),
        cluster_role(rule("core", "pods", "get")),
        grant_role("app", who),
    ]
    [finding] = missing("service-account-without-role", *objects)
    assert finding.message == "Runs as ServiceAccount runners/app, which has no role."


def test_a_namespace_is_missing_once_whatever_stands_in_it():
    objects = [kubernetes_object("ConfigMap", f"c{i}", "nowhere") for i in range(5)]
    [finding] = missing("missing-namespace", *objects)
    assert str(finding.object) == "Namespace/nowhere"
    assert finding.message.endswith("ConfigMap/nowhere/c2 and 2 more.")


@pytest.mark.parametrize("namespace", ["", "default", "kube-system", "kube-public"])
def test_the_namespaces_of_every_cluster_are_there(namespace):
    assert missing("missing-namespace", kubernetes_object("ConfigMap", "c", namespace)) == []
