"""Where an object of a manifest stands: in which namespace, or in the whole cluster."""

from __future__ import annotations

from kubiya_pulumi.review.findings import ObjectReference
from kubiya_pulumi.review.kubernetes.manifest import KubernetesObject

DEFAULT_NAMESPACE = "default"
BUILT_IN_NAMESPACES = frozenset({"default", "kube-node-lease", "kube-public", "kube-system"})
"""The namespaces that every cluster has."""

# The kinds of Kubernetes itself, and of its own extensions, that stand in no namespace.
_KINDS = """
APIService CSIDriver CSINode CertificateSigningRequest ClusterRole ClusterRoleBinding
ClusterTrustBundle ComponentStatus CustomResourceDefinition DeviceClass DeviceTaintRule
FlowSchema GatewayClass IPAddress IngressClass MutatingAdmissionPolicy
MutatingAdmissionPolicyBinding MutatingWebhookConfiguration Namespace Node PersistentVolume
PriorityClass PriorityLevelConfiguration ResourceSlice RuntimeClass ServiceCIDR StorageClass
StorageVersion StorageVersionMigration ValidatingAdmissionPolicy
ValidatingAdmissionPolicyBinding ValidatingWebhookConfiguration VolumeAttachment
VolumeAttributesClass VolumeSnapshotClass VolumeSnapshotContent
"""
_CLUSTER_KINDS = frozenset(_KINDS.split())


def reference(item: KubernetesObject) -> ObjectReference:
    """The object with the namespace that it will have in the cluster.

    An object of a custom kind without a namespace counts as one of the whole cluster: the
    manifest alone does not tell.
    """
    namespace = item.namespace
    if _of_kubernetes(item.api_version):
        namespace = "" if item.kind in _CLUSTER_KINDS else namespace or DEFAULT_NAMESPACE
    return ObjectReference(item.api_version, item.kind, namespace, item.name)


def _of_kubernetes(api_version: str) -> bool:
    group = api_version.rpartition("/")[0]
    return "." not in group or group.endswith(".k8s.io")
