"""References to objects that the manifest does not contain."""

from __future__ import annotations

from typing import Any

import pytest

from kubiya_pulumi.review import Finding, review
from tests.review.manifest_objects import (
    NAMESPACE,
    Object,
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


def missing(name: str, *objects: Object) -> list[Finding]:
    return [finding for finding in review(parsed(*objects)).findings if finding.rule == name]


def reading(kind: str, **reference: Any) -> dict[str, Object]:
    """Return pods that refer to a Secret or ConfigMap, one for each way to do so."""
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
def test_a_required_object_must_exist_in_the_namespace_of_the_pod(
    kind: str, name: str, way: str
) -> None:
    pod = deployment(reading(kind, name="wanted", key="k")[way])
    [finding] = missing(
        name, pod, kubernetes_object(kind, "other"), kubernetes_object(kind, "wanted", "elsewhere")
    )
    assert finding.message == (
        f'The pod needs {kind} "wanted", which the manifest does not contain; add it, create it '
        "first, or mark the reference optional."
    )
    assert str(finding.object) == "Deployment/runners/app"
    assert missing(name, pod, kubernetes_object(kind, "wanted")) == []
    optional = reading(kind, name="wanted", key="k", optional=True)[way]
    assert missing(name, deployment(optional)) == []
    reported = missing("optional-secret", deployment(optional))
    assert len(reported) == (kind == "Secret")
    existing = kubernetes_object(kind, "wanted")
    assert missing("optional-secret", deployment(optional), existing) == []


def test_an_image_pull_secret_is_required() -> None:
    pod = deployment(pod_spec(imagePullSecrets=[{"name": "registry"}]))
    assert len(missing("missing-secret", pod)) == 1
    assert missing("missing-secret", pod, kubernetes_object("Secret", "registry")) == []


def custom(group: str, kind: str, name: str = "wanted", **spec: Any) -> Object:
    return kubernetes_object(kind, name, NAMESPACE, f"{group}/v1", spec=spec)


def provider_class(*secrets: str) -> Object:
    """Return a class of the Secrets Store CSI driver, which creates Secrets when it is mounted."""
    entries = [{"secretName": secret, "type": "Opaque"} for secret in secrets]
    return custom(
        "secrets-store.csi.x-k8s.io", "SecretProviderClass", "vault", secretObjects=entries
    )


EXTERNAL = "external-secrets.io"
VAULT = "secrets.hashicorp.com"
CREATES_WANTED = {
    "certificate": custom("cert-manager.io", "Certificate", "tls", secretName="wanted"),
    "external secret": custom(EXTERNAL, "ExternalSecret"),
    "external secret with a policy": custom(
        EXTERNAL, "ExternalSecret", target={"creationPolicy": "Orphan"}
    ),
    "external secret with a target": custom(
        EXTERNAL, "ExternalSecret", "other", target={"name": "wanted"}
    ),
    "sealed secret": custom("bitnami.com", "SealedSecret"),
    "1Password": custom("onepassword.com", "OnePasswordItem"),
    "Vault": custom(
        VAULT, "VaultStaticSecret", "other", destination={"name": "wanted", "create": True}
    ),
}
DOES_NOT_CREATE_WANTED = {
    "certificate without a name": custom("cert-manager.io", "Certificate"),
    "certificate with another name": custom("cert-manager.io", "Certificate", secretName="tls"),
    "certificate of another group": custom("example.com", "Certificate", secretName="wanted"),
    "certificate with a wrong type": custom(
        "cert-manager.io", "Certificate", secretName=["wanted"]
    ),
    "issuer": custom("cert-manager.io", "Issuer", secretName="wanted"),
    "external secret with another target": custom(
        EXTERNAL, "ExternalSecret", target={"name": "other"}
    ),
    "external secret that changes one": custom(
        EXTERNAL, "ExternalSecret", target={"creationPolicy": "Merge"}
    ),
    "external secret that creates none": custom(
        EXTERNAL, "ExternalSecret", target={"creationPolicy": "None"}
    ),
    "sealed secret with another name": custom("bitnami.com", "SealedSecret", "other"),
    "Vault that changes one": custom(VAULT, "VaultStaticSecret", destination={"name": "wanted"}),
    "class that is not mounted": provider_class("wanted"),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("creator", CREATES_WANTED.values(), ids=CREATES_WANTED)
def test_a_secret_that_an_object_creates_is_not_missing(creator: Object, way: str) -> None:
    pod = deployment(reading("Secret", name="wanted", key="k")[way])
    assert missing("missing-secret", pod, creator) == []
    elsewhere = {**creator, "metadata": {**creator["metadata"], "namespace": "elsewhere"}}
    assert len(missing("missing-secret", pod, elsewhere)) == 1
    # Nothing creates a ConfigMap.
    config_map = deployment(reading("ConfigMap", name="wanted", key="k")[way])
    assert len(missing("missing-config-map", config_map, creator)) == 1


@pytest.mark.parametrize("other", DOES_NOT_CREATE_WANTED.values(), ids=DOES_NOT_CREATE_WANTED)
def test_a_secret_that_an_object_does_not_create_is_missing(other: Object) -> None:
    pod = deployment(reading("Secret", name="wanted", key="k")["volume"])
    assert len(missing("missing-secret", pod, other)) == 1


def test_an_optional_secret_of_others_is_reported() -> None:
    names = ("bootstrap-token-a", "bootstrap-token-b")
    volumes = [{"name": n, "secret": {"secretName": n, "optional": True}} for n in names]
    required = {"name": "c", "secret": {"secretName": names[0]}}
    [finding] = missing("optional-secret", deployment(pod_spec(volumes=volumes)))
    assert finding.severity == "note"
    assert '"bootstrap-token-a", "bootstrap-token-b" if it exists' in finding.message
    # A Secret that the pod needs elsewhere is reported as missing.
    [finding] = missing("optional-secret", deployment(pod_spec(volumes=[*volumes, required])))
    assert names[0] not in finding.message
    # Another namespace has other Secrets.
    elsewhere = [kubernetes_object("Secret", name, "elsewhere") for name in names]
    assert missing("optional-secret", deployment(pod_spec(volumes=volumes)), *elsewhere)
    here = [kubernetes_object("Secret", name) for name in names]
    assert not missing("optional-secret", deployment(pod_spec(volumes=volumes)), *here)


def test_a_mounted_class_creates_its_secrets() -> None:
    attributes = {"secretProviderClass": "vault"}
    volume = {
        "name": "v",
        "csi": {"driver": "secrets-store.csi.k8s.io", "volumeAttributes": attributes},
    }
    pod = reading("Secret", name="wanted", key="k")["key"]
    mounting = deployment({**pod, "volumes": [volume]})
    assert missing("missing-secret", mounting, provider_class("other", "wanted")) == []
    assert len(missing("missing-secret", mounting, provider_class("other"))) == 1
    assert len(missing("missing-secret", deployment(pod), provider_class("wanted"))) == 1


def test_an_object_without_a_namespace_creates_its_secret_in_the_default_one() -> None:
    certificate = custom("cert-manager.io", "Certificate", secretName="wanted")
    del certificate["metadata"]["namespace"]
    pod = reading("Secret", name="wanted", key="k")["key"]
    in_default, in_another = deployment(pod), deployment(pod)
    del in_default["metadata"]["namespace"]
    assert missing("missing-secret", in_default, certificate) == []
    assert len(missing("missing-secret", in_another, certificate)) == 1


def test_the_root_certificates_exist_in_every_namespace() -> None:
    pod = reading("ConfigMap", name="kube-root-ca.crt")["projected"]
    assert missing("missing-config-map", deployment(pod)) == []


@pytest.mark.parametrize(
    ("binding", "exists"),
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
def test_a_role_is_resolved_by_kind_and_namespace(binding: Object, exists: bool) -> None:
    assert (missing("missing-role", binding) == []) == exists


def test_users_and_groups_are_never_missing() -> None:
    names = [subject("jane", kind="User"), subject("system:authenticated", kind="Group")]
    assert missing("missing-subject", grant_role("view", *names)) == []


def test_a_group_of_another_namespace_does_not_include_a_service_account() -> None:
    group = subject("system:serviceaccounts:elsewhere", kind="Group")
    objects = [
        deployment(pod_spec(serviceAccountName="app")),
        service_account(),
        cluster_role(rule("core", "pods", "get")),
        grant_role("app", group),
    ]
    [finding] = missing("service-account-without-role", *objects)
    assert finding.message == (
        "The serviceAccountName refers to ServiceAccount runners/app, to which no binding grants a "
        "role; bind a role to it or remove serviceAccountName."
    )


def test_a_missing_namespace_is_reported_once() -> None:
    objects = [kubernetes_object("ConfigMap", f"c{i}", "nowhere") for i in range(5)]
    [finding] = missing("missing-namespace", *objects)
    assert str(finding.object) == "Namespace/nowhere"
    assert finding.message == (
        "The manifest contains ConfigMap/nowhere/c0, ConfigMap/nowhere/c1, ConfigMap/nowhere/c2 "
        "and 2 more in this namespace, but not the namespace itself; add it or create it first."
    )


@pytest.mark.parametrize("namespace", ["", "default", "kube-system", "kube-public"])
def test_the_namespaces_of_every_cluster_are_never_missing(namespace: str) -> None:
    assert missing("missing-namespace", kubernetes_object("ConfigMap", "c", namespace)) == []
