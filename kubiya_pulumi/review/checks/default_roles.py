"""Findings on the roles and bindings that every cluster has from Kubernetes itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from kubiya_pulumi.review.findings import Category, Finding, ObjectReference, Rule, Severity
from kubiya_pulumi.review.kubernetes.default_cluster_roles import BUILT_IN_ROLES, CLUSTER_ADMIN
from kubiya_pulumi.review.kubernetes.inventory import Inventory
from kubiya_pulumi.review.kubernetes.roles import AUTHENTICATION_READER

BUILT_IN_ROLE = Rule(
    "built-in-role",
    Severity.ERROR,
    Category.EXCESSIVE,
    "A role or a binding has the name of one that Kubernetes itself makes: to apply it changes the "
    "cluster's own rights, and `pulumi destroy` deletes it.",
    "https://kubernetes.io/docs/reference/access-authn-authz/rbac/#default-roles-and-role-bindings",
)
RULES = (BUILT_IN_ROLE,)

# By kind and namespace: those whose names do not begin with `system:`.
_NAMES: Mapping[tuple[str, str], frozenset[str]] = {
    ("ClusterRole", ""): frozenset(BUILT_IN_ROLES),
    ("ClusterRoleBinding", ""): frozenset({CLUSTER_ADMIN}),
    ("Role", "kube-system"): frozenset({AUTHENTICATION_READER}),
    ("Role", "kube-public"): frozenset(),
    ("RoleBinding", "kube-system"): frozenset(),
    ("RoleBinding", "kube-public"): frozenset(),
}


def findings(inventory: Inventory) -> Iterator[Finding]:
    """Roles and bindings of the manifest that are not its own."""
    for kind in dict.fromkeys(kind for kind, _ in _NAMES):
        for item in inventory.of_kind(kind):
            if _is_built_in(item.reference):
                yield BUILT_IN_ROLE.found(
                    item.reference,
                    "Kubernetes itself makes it: to apply it changes the cluster's own rights, and "
                    "`pulumi destroy` deletes it.",
                )


def _is_built_in(where: ObjectReference) -> bool:
    names = _NAMES.get((where.kind, where.namespace))
    return names is not None and (where.name in names or where.name.startswith("system:"))
