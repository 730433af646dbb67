"""The rules about roles, bindings and their subjects, without those about single rights."""

from __future__ import annotations

from kubiya_pulumi.review.findings import Severity, kubernetes_rule

GOOD_PRACTICES = "concepts/security/rbac-good-practices/"
"""The page that nearly all rules about access are based on."""
RBAC_REFERENCE = "reference/access-authn-authz/rbac/"

CLUSTER_ADMIN_BOUND = kubernetes_rule(
    "KR-001",
    "cluster-admin",
    Severity.ERROR,
    f"{GOOD_PRACTICES}#least-privilege",
    "A binding grants the role `cluster-admin`, which allows everything.",
    "Bind a role that lists only the permissions that the subject needs.",
    "CIS 5.1.1",
)
FULL_ACCESS = kubernetes_rule(
    "KR-002",
    "full-access",
    Severity.ERROR,
    f"{GOOD_PRACTICES}#least-privilege",
    "A role grants every verb on every resource of every API group. The finding replaces those of "
    "all other rules about permissions that the role breaks.",
    'Replace "*" in `verbs`, `resources` and `apiGroups` with what the subject needs.',
    "CIS 5.1.3",
)
WILDCARD_VERBS = kubernetes_rule(
    "KR-003",
    "wildcard-verbs",
    Severity.WARNING,
    f"{GOOD_PRACTICES}#least-privilege",
    "A role grants every verb (`*`) on a resource, including verbs that do not exist yet.",
    'Replace "*" in `verbs` with the verbs that the subject needs.',
    "CIS 5.1.3",
)
WILDCARD_RESOURCES = kubernetes_rule(
    "KR-004",
    "wildcard-resources",
    Severity.WARNING,
    f"{GOOD_PRACTICES}#least-privilege",
    "A role applies to every resource (`*`) of an API group, including those that do not exist "
    "yet.",
    'Replace "*" in `resources` with the resources that the subject needs.',
    "CIS 5.1.3",
)
WILDCARD_API_GROUPS = kubernetes_rule(
    "KR-005",
    "wildcard-api-groups",
    Severity.WARNING,
    f"{GOOD_PRACTICES}#least-privilege",
    "A role applies to a resource in every API group (`*`), including those that do not exist yet.",
    'Replace "*" in `apiGroups` with the API groups that the subject needs.',
    "CIS 5.1.3",
)
SYSTEM_MASTERS = kubernetes_rule(
    "KR-020",
    "system-masters",
    Severity.ERROR,
    f"{GOOD_PRACTICES}#least-privilege",
    "A binding refers to the group `system:masters`. RBAC cannot restrict its members.",
    "Remove the group from `subjects`.",
    "CIS 5.1.7",
)
UNAUTHENTICATED = kubernetes_rule(
    "KR-021",
    "unauthenticated-subject",
    Severity.ERROR,
    f"{GOOD_PRACTICES}#hardening",
    "A binding grants a role to anyone who can reach the API server, without credentials.",
    "Replace the subject with an authenticated user, group or ServiceAccount.",
)
DEFAULT_ROLE = kubernetes_rule(
    "KR-022",
    "built-in-role",
    Severity.ERROR,
    f"{RBAC_REFERENCE}#default-roles-and-role-bindings",
    "A role or binding has the name of a default one of Kubernetes, or Kubernetes itself binds a "
    "role to a ServiceAccount of that name. Applying it changes the permissions of the cluster "
    "itself or gains them, and `pulumi destroy` deletes it.",
    "Rename the object.",
)
UNKNOWN_ROLE = kubernetes_rule(
    "KR-056",
    "unknown-role",
    Severity.ERROR,
    f"{RBAC_REFERENCE}#rolebinding-and-clusterrolebinding",
    "A binding refers to a role that is neither in the manifest nor a default role of Kubernetes. "
    "If the cluster contains it, the binding grants all that it allows, which may be everything.",
    "Add the role to the manifest, or bind a role that the manifest contains.",
)
UNKNOWN_SERVICE_ACCOUNT = kubernetes_rule(
    "KR-057",
    "unknown-service-account",
    Severity.ERROR,
    f"{GOOD_PRACTICES}#workload-creation",
    "A workload runs as a ServiceAccount that is not in the manifest. If the cluster contains it, "
    "the workload has all permissions that it has there, which may be all.",
    "Add the ServiceAccount to the manifest, and bind the roles that it needs.",
)
AGGREGATED_ROLE = kubernetes_rule(
    "KR-058",
    "aggregated-role",
    Severity.WARNING,
    f"{RBAC_REFERENCE}#aggregated-clusterroles",
    "A role also has the rules of every ClusterRole in the cluster that its `aggregationRule` "
    "selects, and those are not in the manifest. `admin`, `edit` and `view` are such roles.",
    "List the rules in a role without `aggregationRule`, and bind that role.",
)
ALL_USERS = kubernetes_rule(
    "KR-059",
    "all-users-subject",
    Severity.ERROR,
    f"{RBAC_REFERENCE}#service-account-permissions",
    "A binding grants a role to all authenticated users, or to all ServiceAccounts of the cluster. "
    "Every pod of the cluster gains its permissions.",
    "Replace the group with the users, groups or ServiceAccounts that need the role.",
)
ALL_SERVICE_ACCOUNTS = kubernetes_rule(
    "KR-060",
    "all-service-accounts-subject",
    Severity.WARNING,
    f"{RBAC_REFERENCE}#service-account-permissions",
    "A binding grants a role to all ServiceAccounts of a namespace. Every pod of the namespace "
    "gains its permissions.",
    "Replace the group with the ServiceAccounts that need the role.",
)
RULES = (
    CLUSTER_ADMIN_BOUND,
    FULL_ACCESS,
    WILDCARD_VERBS,
    WILDCARD_RESOURCES,
    WILDCARD_API_GROUPS,
    SYSTEM_MASTERS,
    UNAUTHENTICATED,
    DEFAULT_ROLE,
    UNKNOWN_ROLE,
    UNKNOWN_SERVICE_ACCOUNT,
    AGGREGATED_ROLE,
    ALL_USERS,
    ALL_SERVICE_ACCOUNTS,
)
