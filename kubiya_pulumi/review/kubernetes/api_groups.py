"""The API groups of Kubernetes itself. Every other group belongs to an extension."""

from __future__ import annotations

from kubiya_pulumi.review.kubernetes.references import ObjectReference

RBAC_GROUP = "rbac.authorization.k8s.io"
RBAC_KINDS = ("ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding")

# https://kubernetes.io/docs/reference/generated/kubernetes-api/v1.35/ and the groups that earlier
# versions had. The Kubernetes provider accepts `core` as the name of the core group.
_GROUPS = """
core apps autoscaling batch extensions policy
admissionregistration.k8s.io apiextensions.k8s.io apiregistration.k8s.io authentication.k8s.io
authorization.k8s.io certificates.k8s.io coordination.k8s.io discovery.k8s.io events.k8s.io
flowcontrol.apiserver.k8s.io internal.apiserver.k8s.io networking.k8s.io node.k8s.io
rbac.authorization.k8s.io resource.k8s.io scheduling.k8s.io storage.k8s.io
storagemigration.k8s.io
"""
_KUBERNETES_GROUPS = frozenset(_GROUPS.split())


def api_group(reference: ObjectReference) -> str:
    """Return the API group of an object; `core` for the core group."""
    return reference.api_version.rpartition("/")[0] or "core"


def is_custom(reference: ObjectReference) -> bool:
    """Return whether the kind of an object is not one of Kubernetes itself."""
    return api_group(reference) not in _KUBERNETES_GROUPS
