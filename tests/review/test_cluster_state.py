"""Objects that set what controllers and administrators of a cluster decide."""

from __future__ import annotations

import pytest

from kubiya_pulumi.review import Finding, review
from kubiya_pulumi.review.checks import cluster_state
from tests.review.manifest_objects import Object, deployment, kubernetes_object, parsed, pod_spec

RULES = {rule.name for rule in cluster_state.RULES}
CERTIFICATES = "certificates.k8s.io"
DEVICES = "resource.k8s.io"


def findings(*objects: Object) -> list[Finding]:
    return [finding for finding in review(parsed(*objects)).findings if finding.rule in RULES]


def request(signer: object, version: str = "v1") -> Object:
    api = f"{CERTIFICATES}/{version}"
    spec = {"signerName": signer, "request": "LS0="}
    return kubernetes_object("CertificateSigningRequest", "node", "", api, spec=spec)


@pytest.mark.parametrize(
    "signer",
    [
        "kubernetes.io/kube-apiserver-client",
        "kubernetes.io/kube-apiserver-client-kubelet",
        "kubernetes.io/kubelet-serving",
        "kubernetes.io/legacy-unknown",
        None,
        5,
    ],
)
@pytest.mark.parametrize("version", ["v1", "v1beta1"])
def test_a_request_for_a_certificate_of_kubernetes_is_an_error(
    signer: object, version: str
) -> None:
    [finding] = findings(request(signer, version))
    assert (finding.rule, finding.severity) == ("certificate-request", "error")


def test_a_request_of_a_pod_is_an_error() -> None:
    spec = {"signerName": "kubernetes.io/kube-apiserver-client-pod"}
    api = f"{CERTIFICATES}/v1beta1"
    [finding] = findings(kubernetes_object("PodCertificateRequest", "a", api=api, spec=spec))
    assert finding.rule == "certificate-request"


def test_a_request_to_another_signer_is_a_warning() -> None:
    [finding] = findings(request("example.com/internal"))
    assert (finding.rule, finding.severity) == ("cluster-state", "warning")
    assert '"example.com/internal"' in finding.message


def test_a_request_of_another_api_group_is_not_reported() -> None:
    item = request("kubernetes.io/kubelet-serving") | {"apiVersion": "example.com/v1"}
    assert findings(item) == []


def test_endpoints_are_reported_with_their_service() -> None:
    endpoint_slice = kubernetes_object("EndpointSlice", "other", "default", "discovery.k8s.io/v1")
    endpoint_slice["metadata"]["labels"] = {"kubernetes.io/service-name": "kubernetes"}
    found = findings(kubernetes_object("Endpoints", "kube-dns", "kube-system"), endpoint_slice)
    assert [(finding.rule, finding.severity) for finding in found] == [
        ("manual-endpoints", "warning")
    ] * 2
    assert {finding.message.partition(" to ")[0] for finding in found} == {
        'The Endpoints sends traffic of Service "kube-system/kube-dns"',
        'The EndpointSlice sends traffic of Service "default/kubernetes"',
    }


@pytest.mark.parametrize(
    ("item", "part"),
    [
        (kubernetes_object("Node", "worker", "", spec={}), "changes a node"),
        (
            kubernetes_object("Binding", "app", target={"kind": "Node", "name": "worker"}),
            'pod "app" to node "worker"',
        ),
        (
            kubernetes_object(
                "VolumeAttachment",
                "a",
                "",
                "storage.k8s.io/v1",
                spec={"nodeName": "worker", "source": {"persistentVolumeName": "data"}},
            ),
            'volume "data" to node "worker"',
        ),
        (
            kubernetes_object(
                "ClusterTrustBundle",
                "a",
                "",
                f"{CERTIFICATES}/v1beta1",
                spec={"signerName": "kubernetes.io/kube-apiserver-serving"},
            ),
            'signer "kubernetes.io/kube-apiserver-serving"',
        ),
        (
            kubernetes_object(
                "ResourceClaim",
                "a",
                api=f"{DEVICES}/v1",
                spec={"devices": {"requests": [{}, {"exactly": {"adminAccess": True}}]}},
            ),
            "spec.devices.requests[1].exactly.adminAccess: true",
        ),
        (
            kubernetes_object(
                "ResourceClaimTemplate",
                "a",
                api=f"{DEVICES}/v1beta1",
                spec={"spec": {"devices": {"requests": [{"adminAccess": True}]}}},
            ),
            "spec.spec.devices.requests[0].adminAccess: true",
        ),
    ],
    ids=lambda value: value["kind"] if isinstance(value, dict) else "",
)
def test_the_state_of_a_cluster_is_reported(item: Object, part: str) -> None:
    [finding] = findings(item)
    assert (finding.rule, finding.severity) == ("cluster-state", "warning")
    assert part in finding.message
    assert findings({**item, "apiVersion": "example.com/v1"}) == []


@pytest.mark.parametrize(
    "label", ["resource.kubernetes.io/admin-access", "resource.k8s.io/admin-access"]
)
def test_a_namespace_with_access_to_devices_in_use_is_reported(label: str) -> None:
    item = kubernetes_object("Namespace", "app", "")
    item["metadata"]["labels"] = {label: "true"}
    [finding] = findings(item)
    assert f"{label}: true" in finding.message
    item["metadata"]["labels"] = {label: "false"}
    assert findings(item) == []


def claim(volume: object) -> Object:
    return kubernetes_object("PersistentVolumeClaim", "data", spec={"volumeName": volume})


@pytest.mark.parametrize(
    "item",
    [
        claim("data-of-others"),
        kubernetes_object(
            "StatefulSet",
            "app",
            api="apps/v1",
            spec={
                "template": {"spec": pod_spec()},
                "volumeClaimTemplates": [claim("data-of-others")],
            },
        ),
        deployment(
            pod_spec(
                volumes=[
                    {"name": "a", "ephemeral": {"volumeClaimTemplate": claim("data-of-others")}}
                ]
            )
        ),
    ],
    ids=lambda item: str(item["kind"]),
)
def test_a_claim_of_an_existing_volume_is_reported(item: Object) -> None:
    [finding] = findings(item)
    assert finding.rule == "cluster-state"
    assert 'volumeName: "data-of-others"' in finding.message
    volume = kubernetes_object("PersistentVolume", "data-of-others", "", spec={"nfs": {}})
    assert findings(item, volume) == []


@pytest.mark.parametrize("volume", [None, "", 5])
def test_a_claim_without_a_volume_is_not_reported(volume: object) -> None:
    assert findings(claim(volume)) == []
