"""References to the objects of a manifest, with the namespace that they will have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from kubiya_pulumi.review.kubernetes.coerce import as_mapping, as_str
from kubiya_pulumi.review.kubernetes.manifest import KubernetesObject
from kubiya_pulumi.text import sanitize

DEFAULT_NAMESPACE = "default"
BUILT_IN_NAMESPACES = frozenset({"default", "kube-node-lease", "kube-public", "kube-system"})
"""The namespaces that exist in every cluster."""

# The cluster-scoped kinds of Kubernetes itself and of its own extensions.
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
_CLUSTER_SCOPED_KINDS = frozenset(_KINDS.split())


@dataclass(frozen=True)
class ObjectReference:
    """Identifies an object. As text: `Kind/namespace/name`, or `Kind/name` if cluster-scoped."""

    api_version: str
    kind: str
    namespace: str
    """Empty for a cluster-scoped object; `default` if the manifest sets none."""
    name: str

    def __str__(self) -> str:
        return sanitize("/".join(part for part in (self.kind, self.namespace, self.name) if part))

    def to_dict(self) -> dict[str, Any]:
        """Return plain data, with the keys of Kubernetes."""
        return {
            "apiVersion": self.api_version,
            "kind": self.kind,
            "namespace": self.namespace,
            "name": self.name,
        }

    @classmethod
    def from_dict(cls, data: object) -> ObjectReference:
        """Return the reference that `to_dict` wrote; missing entries are empty."""
        entry = as_mapping(data)
        keys = ("apiVersion", "kind", "namespace", "name")
        return cls(*(as_str(entry.get(key)) for key in keys))


def reference_to(item: KubernetesObject) -> ObjectReference:
    """Return a reference to an object, with the namespace that it will have in the cluster.

    An object of a custom kind without a namespace counts as cluster-scoped, because the manifest
    does not tell.
    """
    namespace = item.namespace
    if _is_kubernetes_api(item.api_version):
        is_cluster_scoped = item.kind in _CLUSTER_SCOPED_KINDS
        namespace = "" if is_cluster_scoped else namespace or DEFAULT_NAMESPACE
    return ObjectReference(item.api_version, item.kind, namespace, item.name)


def _is_kubernetes_api(api_version: str) -> bool:
    group = api_version.rpartition("/")[0]
    return "." not in group or group.endswith(".k8s.io")
