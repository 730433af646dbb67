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

# The cluster-scoped kinds of Kubernetes itself and of its own extensions, by their API group.
_KINDS = """
core ComponentStatus Namespace Node PersistentVolume
admissionregistration.k8s.io MutatingAdmissionPolicy MutatingAdmissionPolicyBinding
admissionregistration.k8s.io MutatingWebhookConfiguration ValidatingAdmissionPolicy
admissionregistration.k8s.io ValidatingAdmissionPolicyBinding ValidatingWebhookConfiguration
apiextensions.k8s.io CustomResourceDefinition
apiregistration.k8s.io APIService
authentication.k8s.io SelfSubjectReview TokenReview
authorization.k8s.io SelfSubjectAccessReview SelfSubjectRulesReview SubjectAccessReview
certificates.k8s.io CertificateSigningRequest ClusterTrustBundle
flowcontrol.apiserver.k8s.io FlowSchema PriorityLevelConfiguration
gateway.networking.k8s.io GatewayClass
internal.apiserver.k8s.io StorageVersion
networking.k8s.io IPAddress IngressClass ServiceCIDR
node.k8s.io RuntimeClass
rbac.authorization.k8s.io ClusterRole ClusterRoleBinding
resource.k8s.io DeviceClass DeviceTaintRule ResourceSlice
scheduling.k8s.io PriorityClass
snapshot.storage.k8s.io VolumeSnapshotClass VolumeSnapshotContent
storage.k8s.io CSIDriver CSINode StorageClass VolumeAttachment VolumeAttributesClass
storagemigration.k8s.io StorageVersionMigration
"""
_CLUSTER_SCOPED = frozenset(
    (group, kind) for group, *kinds in map(str.split, _KINDS.split("\n")[1:-1]) for kind in kinds
)


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


def is_cluster_scoped(api_version: str, kind: str) -> bool:
    """Return whether a kind is a cluster-scoped one of Kubernetes or of its own extensions."""
    return (api_version.rpartition("/")[0] or "core", kind) in _CLUSTER_SCOPED


def reference_to(item: KubernetesObject) -> ObjectReference:
    """Return a reference to an object, with the namespace that it will have in the cluster.

    An object of a custom kind without a namespace counts as cluster-scoped, because the manifest
    does not tell.
    """
    group = item.api_version.rpartition("/")[0]
    namespace = item.namespace
    if is_cluster_scoped(item.api_version, item.kind):
        namespace = ""
    elif "." not in group or group.endswith(".k8s.io"):
        namespace = namespace or DEFAULT_NAMESPACE
    return ObjectReference(item.api_version, item.kind, namespace, item.name)
