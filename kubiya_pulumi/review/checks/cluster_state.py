"""Objects that set what controllers and administrators of a cluster decide."""

from __future__ import annotations

from collections.abc import Iterator

from kubiya_pulumi.review.findings import Category, Finding, Rule, Severity
from kubiya_pulumi.review.kubernetes.api_groups import api_group
from kubiya_pulumi.review.kubernetes.coerce import as_mapping, as_mappings, as_str, get_path
from kubiya_pulumi.review.kubernetes.inventory import Inventory, Item
from kubiya_pulumi.review.kubernetes.references import ObjectReference
from kubiya_pulumi.text import join_quoted

CERTIFICATE_REQUEST = Rule(
    id="KR-082",
    name="certificate-request",
    severity=Severity.ERROR,
    category=Category.EXCESSIVE,
    description="An object requests a certificate from a signer of Kubernetes itself. The cluster "
    "approves some of these requests at once, and the holder of the certificate acts as the node "
    "or user that it names.",
    remediation="Remove the object, and use a ServiceAccount to access the API server.",
    url="https://kubernetes.io/docs/reference/access-authn-authz/certificate-signing-requests/"
    "#kubernetes-signers",
)
MANUAL_ENDPOINTS = Rule(
    id="KR-083",
    name="manual-endpoints",
    severity=Severity.WARNING,
    category=Category.EXCESSIVE,
    description="An Endpoints or EndpointSlice object sends the traffic of a Service to the "
    "addresses that it lists, whatever the selector of the Service is.",
    remediation="Set a selector in the Service and remove the object, or check the Service and the "
    "addresses and waive the finding.",
    url="https://kubernetes.io/docs/concepts/services-networking/service/"
    "#services-without-selectors",
)
CLUSTER_STATE = Rule(
    id="KR-084",
    name="cluster-state",
    severity=Severity.WARNING,
    category=Category.EXCESSIVE,
    description="An object sets what a controller or an administrator decides: a node, the node of "
    "a pod, the volume of a claim or a node, a trusted certificate, or access to devices in use.",
    remediation="Remove the object or the field, or check what it affects and waive the finding.",
    url="https://kubernetes.io/docs/concepts/architecture/controller/",
)
RULES = (CERTIFICATE_REQUEST, MANUAL_ENDPOINTS, CLUSTER_STATE)

_SIGNERS_OF_KUBERNETES = "kubernetes.io/"
_SERVICE_LABEL = "kubernetes.io/service-name"
_ADMIN_ACCESS_LABELS = ("resource.kubernetes.io/admin-access", "resource.k8s.io/admin-access")
"""The label in Kubernetes 1.34 and later, and before."""


def findings(inventory: Inventory) -> Iterator[Finding]:
    """Yield a finding for each object that sets what the cluster decides."""
    for item in inventory.items:
        yield from _findings_of(item)
    yield from _volume_findings(inventory)


def _findings_of(item: Item) -> Iterator[Finding]:
    reference, spec = item.reference, as_mapping(item.body.get("spec"))
    match api_group(reference), reference.kind:
        case "certificates.k8s.io", "CertificateSigningRequest" | "PodCertificateRequest":
            yield _certificate_finding(reference, as_str(spec.get("signerName")))
        case "certificates.k8s.io", "ClusterTrustBundle":
            yield CLUSTER_STATE.finding(
                reference,
                "The ClusterTrustBundle adds certificates that pods trust, for signer "
                f"{join_quoted([as_str(spec.get('signerName'))])}; remove it.",
            )
        case "core", "Endpoints":
            yield _endpoints_finding(reference, reference.name)
        case "discovery.k8s.io", "EndpointSlice":
            labels = as_mapping(get_path(item.body, "metadata", "labels"))
            yield _endpoints_finding(reference, as_str(labels.get(_SERVICE_LABEL)))
        case "core", "Node":
            yield CLUSTER_STATE.finding(
                reference,
                "The object registers or changes a node, and its labels and taints decide which "
                "pods run there; remove it.",
            )
        case "core", "Binding":
            node = as_str(get_path(item.body, "target", "name"))
            yield CLUSTER_STATE.finding(
                reference,
                f"The Binding assigns pod {join_quoted([reference.name])} to node "
                f"{join_quoted([node])}; remove it.",
            )
        case "storage.k8s.io", "VolumeAttachment":
            volume = as_str(get_path(spec, "source", "persistentVolumeName"))
            yield CLUSTER_STATE.finding(
                reference,
                f"The VolumeAttachment attaches volume {join_quoted([volume])} to node "
                f"{join_quoted([as_str(spec.get('nodeName'))])}; remove it.",
            )
        case "resource.k8s.io", "ResourceClaim":
            yield from _device_findings(reference, spec, "spec")
        case "resource.k8s.io", "ResourceClaimTemplate":
            yield from _device_findings(reference, spec.get("spec"), "spec.spec")
        case "core", "Namespace":
            yield from _namespace_findings(item)


def _certificate_finding(reference: ObjectReference, signer: str) -> Finding:
    # Without a signer, the first version of the API requests one of Kubernetes.
    is_of_kubernetes = not signer or signer.startswith(_SIGNERS_OF_KUBERNETES)
    rule = CERTIFICATE_REQUEST if is_of_kubernetes else CLUSTER_STATE
    return rule.finding(
        reference,
        f"The {reference.kind} requests a certificate from signer {join_quoted([signer])}; "
        "remove it.",
    )


def _endpoints_finding(reference: ObjectReference, service: str) -> Finding:
    name = f"{reference.namespace}/{service}"
    return MANUAL_ENDPOINTS.finding(
        reference,
        f"The {reference.kind} sends traffic of Service {join_quoted([name])} to addresses that it "
        "lists; set a selector in the Service and remove the object.",
    )


def _device_findings(reference: ObjectReference, claim: object, path: str) -> Iterator[Finding]:
    for index, request in enumerate(as_mappings(get_path(claim, "devices", "requests"))):
        # `exactly` since version v1beta2 of the API.
        for prefix, owner in (("", request), ("exactly.", as_mapping(request.get("exactly")))):
            if owner.get("adminAccess") is True:
                field = f"{path}.devices.requests[{index}].{prefix}adminAccess"
                yield CLUSTER_STATE.finding(
                    reference,
                    f"The claim sets {field}: true, which gives access to devices that others "
                    "use; set it to false.",
                )


def _namespace_findings(item: Item) -> Iterator[Finding]:
    labels = as_mapping(get_path(item.body, "metadata", "labels"))
    for label in _ADMIN_ACCESS_LABELS:
        if as_str(labels.get(label)) == "true":
            yield CLUSTER_STATE.finding(
                item.reference,
                f"The label {label}: true allows claims to access devices that others use; "
                "remove it.",
            )


def _volume_findings(inventory: Inventory) -> Iterator[Finding]:
    volumes = {name for _, name in inventory.names("PersistentVolume")}
    for reference, claim in _claims(inventory):
        volume = as_str(get_path(claim, "spec", "volumeName"))
        if volume and volume not in volumes:
            yield CLUSTER_STATE.finding(
                reference,
                f"A claim sets volumeName: {join_quoted([volume])}, which the manifest does not "
                "contain and which may have data of others; remove it.",
            )


def _claims(inventory: Inventory) -> Iterator[tuple[ObjectReference, object]]:
    """Yield the PersistentVolumeClaims that objects are, or that are created for their pods."""
    for item in inventory.items:
        match api_group(item.reference), item.reference.kind:
            case "core", "PersistentVolumeClaim":
                yield item.reference, item.body
            case "apps", "StatefulSet":
                for claim in as_mappings(get_path(item.body, "spec", "volumeClaimTemplates")):
                    yield item.reference, claim
    for workload in inventory.workloads:
        for volume in as_mappings(workload.spec.get("volumes")):
            yield workload.reference, get_path(volume, "ephemeral", "volumeClaimTemplate")
