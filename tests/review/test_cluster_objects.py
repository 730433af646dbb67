"""Objects that give access to nodes, identities or the API server."""

from __future__ import annotations

import pytest

from kubiya_pulumi.review import Finding, review
from kubiya_pulumi.review.checks import cluster_objects
from tests.review.manifest_objects import (
    NAMESPACE,
    Object,
    kubernetes_object,
    parsed,
    service_account,
)

ADMISSION = "admissionregistration.k8s.io"
RULES = {rule.name for rule in cluster_objects.RULES}


def findings(*objects: Object) -> list[Finding]:
    return [finding for finding in review(parsed(*objects)).findings if finding.rule in RULES]


def volume(**spec: object) -> Object:
    return kubernetes_object("PersistentVolume", "data", "", spec=spec)


def token_secret(account: str, namespace: str = NAMESPACE, **content: object) -> Object:
    content = {"type": "kubernetes.io/service-account-token", **content}
    secret = kubernetes_object("Secret", "token", namespace, **content)
    secret["metadata"]["annotations"] = {"kubernetes.io/service-account.name": account}
    return secret


def namespace(**labels: str) -> Object:
    item = kubernetes_object("Namespace", NAMESPACE, "")
    item["metadata"]["labels"] = {
        f"pod-security.kubernetes.io/{key.replace('_', '-')}": value
        for key, value in labels.items()
    }
    return item


@pytest.mark.parametrize("source", ["hostPath", "local"])
def test_a_persistent_volume_on_a_node_is_an_error(source: str) -> None:
    [finding] = findings(volume(**{source: {"path": "/"}}))
    assert (finding.rule, finding.severity) == ("node-persistent-volume", "error")
    assert str(finding.object) == "PersistentVolume/data"
    assert finding.message == (
        f'The volume sets spec.{source}.path: "/", which is on a node; use another type of volume.'
    )


@pytest.mark.parametrize(
    "spec",
    [
        {"csi": {"driver": "ebs.csi.aws.com", "volumeHandle": "a"}},
        {"nfs": {"server": "a", "path": "/"}},
        {"hostPath": None},
    ],
)
def test_other_persistent_volumes_are_not_reported(spec: Object) -> None:
    assert findings(volume(**spec)) == []


@pytest.mark.parametrize(
    ("namespace", "account"),
    [
        ("kube-system", "clusterrole-aggregation-controller"),
        (NAMESPACE, "default"),
        ("other", "app"),
    ],
)
def test_a_token_of_another_account_is_an_error(namespace: str, account: str) -> None:
    [finding] = findings(service_account(), token_secret(account, namespace))
    assert (finding.rule, finding.severity) == ("identity-secret", "error")
    assert f"{namespace}/{account}" in finding.message


def test_a_token_of_no_account_is_an_error() -> None:
    [finding] = findings(service_account(), token_secret(""))
    assert finding.rule == "identity-secret"


def test_a_token_of_an_account_of_the_manifest_is_a_warning() -> None:
    [finding] = findings(service_account(), token_secret("app"))
    assert (finding.rule, finding.severity) == ("long-lived-token", "warning")


def test_a_bootstrap_token_is_an_error() -> None:
    secret = kubernetes_object(
        "Secret", "bootstrap-token-a", "kube-system", type="bootstrap.kubernetes.io/token"
    )
    [finding] = findings(secret)
    assert (finding.rule, finding.severity) == ("identity-secret", "error")


@pytest.mark.parametrize(
    "secret",
    [
        token_secret("app", type="Opaque"),
        kubernetes_object("Secret", "a", data={"token": "a"}),
        kubernetes_object(
            "Secret", "a", api="example.com/v1", type="bootstrap.kubernetes.io/token"
        ),
    ],
)
def test_other_secrets_are_not_reported(secret: Object) -> None:
    assert findings(secret) == []


@pytest.mark.parametrize(
    ("kind", "rule", "severity"),
    [
        ("MutatingWebhookConfiguration", "admission-control", "error"),
        ("ValidatingWebhookConfiguration", "admission-control", "error"),
        ("MutatingAdmissionPolicy", "admission-control", "error"),
        ("MutatingAdmissionPolicyBinding", "admission-control", "error"),
        ("ValidatingAdmissionPolicy", "api-extension", "warning"),
        ("ValidatingAdmissionPolicyBinding", "api-extension", "warning"),
    ],
)
@pytest.mark.parametrize("version", ["v1", "v1beta1", "v1alpha1"])
def test_admission_control_is_reported(kind: str, version: str, rule: str, severity: str) -> None:
    item = kubernetes_object(kind, "all", "", f"{ADMISSION}/{version}", spec={})
    [finding] = findings(item)
    assert (finding.rule, finding.severity) == (rule, severity)
    assert finding.message.startswith(f"The {kind} ")


def test_webhooks_are_named() -> None:
    item = kubernetes_object(
        "MutatingWebhookConfiguration",
        "all-pods",
        "",
        f"{ADMISSION}/v1",
        webhooks=[
            {"name": "a.example.net", "clientConfig": {"url": "https://outside.example.net/x"}}
        ],
    )
    [finding] = findings(item)
    assert finding.message == (
        "The MutatingWebhookConfiguration sends objects to a webhook, which can read and change "
        'them ("a.example.net"); remove it, or restrict it to the objects of the manifest.'
    )


def test_an_api_service_is_reported_if_a_service_handles_it() -> None:
    spec = {"group": "metrics.k8s.io", "service": {"namespace": "runners", "name": "metrics"}}
    api = "apiregistration.k8s.io/v1"
    [finding] = findings(kubernetes_object("APIService", "v1.metrics", "", api, spec=spec))
    assert finding.rule == "api-extension"
    assert '"metrics.k8s.io" to service "runners/metrics"' in finding.message
    assert findings(kubernetes_object("APIService", "v1.apps", "", api, spec={})) == []


@pytest.mark.parametrize("field", ["webhook", "webhookClientConfig"])
def test_a_conversion_webhook_is_reported(field: str) -> None:
    api = "apiextensions.k8s.io/v1"
    spec = {"group": "example.com", "conversion": {"strategy": "Webhook", field: {"a": {}}}}
    [finding] = findings(kubernetes_object("CustomResourceDefinition", "a", "", api, spec=spec))
    assert finding.rule == "api-extension"
    spec["conversion"] = {"strategy": "None"}
    assert findings(kubernetes_object("CustomResourceDefinition", "a", "", api, spec=spec)) == []


def test_a_namespace_that_allows_privileged_pods_is_an_error() -> None:
    [finding] = findings(namespace(enforce="privileged"))
    assert (finding.rule, finding.severity) == ("lowered-pod-security", "error")
    assert finding.message == (
        "The label pod-security.kubernetes.io/enforce: privileged allows pods that control their "
        "node; set it to restricted or baseline."
    )


@pytest.mark.parametrize("version", ["v1.0", "v1.22", "v1.24"])
def test_a_namespace_with_old_standards_is_an_error(version: str) -> None:
    [finding] = findings(namespace(enforce="restricted", enforce_version=version))
    assert finding.rule == "lowered-pod-security"
    assert version in finding.message


@pytest.mark.parametrize(
    "labels",
    [
        {},
        {"enforce": "baseline"},
        {"enforce": "restricted", "enforce_version": "latest"},
        {"enforce": "restricted", "enforce_version": "v1.25"},
        {"warn": "privileged", "audit": "privileged"},
    ],
)
def test_other_namespaces_are_not_reported(labels: dict[str, str]) -> None:
    assert findings(namespace(**labels)) == []
