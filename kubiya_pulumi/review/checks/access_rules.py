"""The rules about roles and bindings, from Kubernetes' good practices for RBAC."""

from __future__ import annotations

from dataclasses import dataclass

from kubiya_pulumi.review.findings import Category, Rule, Severity

_RBAC = "rbac.authorization.k8s.io"
_ADMISSION = "admissionregistration.k8s.io"
_READ = ("get", "list", "watch")
_WRITE = ("create", "update", "patch")
_CHANGE = (*_WRITE, "delete", "deletecollection")


@dataclass(frozen=True)
class Risk:
    """Permissions that are risky in the same way."""

    rule: Rule
    """The rule that a role breaks if it grants any of the verbs on any of the resources."""
    verbs: tuple[str, ...]
    resources: tuple[tuple[str, str], ...]
    """Pairs of API group and resource, which may include a subresource (`pods/exec`)."""
    cluster_only: bool = False
    """Whether the resources are cluster-scoped: a grant in a namespace has no effect on them."""


def _rule(
    rule_id: str,
    name: str,
    severity: Severity,
    anchor: str,
    description: str,
    remediation: str,
    *references: str,
) -> Rule:
    return Rule(
        id=rule_id,
        name=name,
        severity=severity,
        category=Category.EXCESSIVE,
        description=description,
        remediation=remediation,
        url=f"https://kubernetes.io/docs/concepts/security/rbac-good-practices/#{anchor}",
        references=references,
    )


def _core(*resources: str) -> tuple[tuple[str, str], ...]:
    return tuple(("", resource) for resource in resources)


CLUSTER_ADMIN_BOUND = _rule(
    "KR-001",
    "cluster-admin",
    Severity.ERROR,
    "least-privilege",
    "A binding grants the role `cluster-admin`, which allows everything.",
    "Bind a role that lists only the permissions that the subject needs.",
    "CIS 5.1.1",
)
FULL_ACCESS = _rule(
    "KR-002",
    "full-access",
    Severity.ERROR,
    "least-privilege",
    "A role grants every verb on every resource of every API group. The finding replaces those of "
    "all other rules about permissions that the role breaks.",
    'Replace "*" in `verbs`, `resources` and `apiGroups` with what the subject needs.',
    "CIS 5.1.3",
)
WILDCARD_VERBS = _rule(
    "KR-003",
    "wildcard-verbs",
    Severity.WARNING,
    "least-privilege",
    "A role grants every verb (`*`) on a resource, including verbs that do not exist yet.",
    'Replace "*" in `verbs` with the verbs that the subject needs.',
    "CIS 5.1.3",
)
WILDCARD_RESOURCES = _rule(
    "KR-004",
    "wildcard-resources",
    Severity.WARNING,
    "least-privilege",
    "A role applies to every resource (`*`) of an API group, including those that do not exist "
    "yet.",
    'Replace "*" in `resources` with the resources that the subject needs.',
    "CIS 5.1.3",
)
WILDCARD_API_GROUPS = _rule(
    "KR-005",
    "wildcard-api-groups",
    Severity.WARNING,
    "least-privilege",
    "A role applies to a resource in every API group (`*`), including those that do not exist yet.",
    'Replace "*" in `apiGroups` with the API groups that the subject needs.',
    "CIS 5.1.3",
)
READ_SECRETS_EVERYWHERE = _rule(
    "KR-006",
    "read-secrets-cluster-wide",
    Severity.ERROR,
    "listing-secrets",
    "A role grants read access to the Secrets of the whole cluster. `list` and `watch` also return "
    "their contents.",
    "Bind the role in single namespaces, and list the Secrets in `resourceNames`.",
    "CIS 5.1.2",
)
READ_SECRETS = _rule(
    "KR-007",
    "read-secrets",
    Severity.WARNING,
    "listing-secrets",
    "A role grants read access to all Secrets of a namespace.",
    "List the Secrets that the subject needs in `resourceNames`.",
    "CIS 5.1.2",
)
SYSTEM_MASTERS = _rule(
    "KR-020",
    "system-masters",
    Severity.ERROR,
    "least-privilege",
    "A binding refers to the group `system:masters`. RBAC cannot restrict its members.",
    "Remove the group from `subjects`.",
    "CIS 5.1.7",
)
UNAUTHENTICATED = _rule(
    "KR-021",
    "unauthenticated-subject",
    Severity.ERROR,
    "hardening",
    "A binding grants a role to anyone who can reach the API server, without credentials.",
    "Replace the subject with an authenticated user, group or ServiceAccount.",
)
DEFAULT_ROLE = Rule(
    id="KR-022",
    name="built-in-role",
    severity=Severity.ERROR,
    category=Category.EXCESSIVE,
    description="A role or binding has the name of a default one of Kubernetes. Applying it "
    "changes the permissions of the cluster itself, and `pulumi destroy` deletes it.",
    remediation="Rename the role or binding.",
    url="https://kubernetes.io/docs/reference/access-authn-authz/rbac/"
    "#default-roles-and-role-bindings",
)

SECRETS = Risk(READ_SECRETS, _READ, _core("secrets"))
"""Only rules without `resourceNames` count for this risk."""

RISKS = (
    Risk(
        _rule(
            "KR-008",
            "escalate",
            Severity.ERROR,
            "escalate-verb",
            "A role grants `escalate`: the subject can write roles with more permissions than it "
            "has.",
            "Remove `escalate` from `verbs`.",
            "CIS 5.1.8",
        ),
        ("escalate",),
        ((_RBAC, "roles"), (_RBAC, "clusterroles")),
    ),
    Risk(
        _rule(
            "KR-009",
            "bind",
            Severity.ERROR,
            "bind-verb",
            "A role grants `bind`: the subject can bind roles with more permissions than it has.",
            "Remove `bind` from `verbs`, or list the roles to bind in `resourceNames`.",
            "CIS 5.1.8",
        ),
        ("bind",),
        ((_RBAC, "roles"), (_RBAC, "clusterroles")),
    ),
    Risk(
        _rule(
            "KR-010",
            "impersonate",
            Severity.ERROR,
            "impersonate-verb",
            "A role grants `impersonate`: the subject can act as another user, group or "
            "ServiceAccount.",
            "Remove `impersonate` from `verbs`, or list the identities in `resourceNames`.",
            "CIS 5.1.8",
        ),
        ("impersonate",),
        (
            *_core("serviceaccounts", "users", "groups"),
            ("authentication.k8s.io", "userextras"),
            ("authentication.k8s.io", "uids"),
        ),
    ),
    Risk(
        _rule(
            "KR-011",
            "create-workloads",
            Severity.WARNING,
            "workload-creation",
            "A role grants creating or changing pods or workloads. The subject gains access to "
            "everything that a pod of the namespace can mount, and to the permissions of all its "
            "ServiceAccounts.",
            "Remove the verbs that the subject does not need, and run sensitive workloads in "
            "another namespace.",
            "CIS 5.1.4",
        ),
        _WRITE,
        (
            *_core("pods", "pods/ephemeralcontainers", "replicationcontrollers"),
            *(("apps", kind) for kind in ("deployments", "daemonsets", "replicasets")),
            ("apps", "statefulsets"),
            ("batch", "jobs"),
            ("batch", "cronjobs"),
        ),
    ),
    Risk(
        _rule(
            "KR-012",
            "exec-into-pods",
            Severity.WARNING,
            "workload-creation",
            "A role grants running commands in existing pods, attaching to them or forwarding "
            "their ports. The subject gains the permissions and Secrets of those pods.",
            "Remove `pods/exec`, `pods/attach` and `pods/portforward` from `resources`.",
        ),
        # `get` is enough where a GET request is upgraded to a WebSocket connection.
        ("get", "create"),
        _core("pods/exec", "pods/attach", "pods/portforward"),
    ),
    Risk(
        _rule(
            "KR-013",
            "create-tokens",
            Severity.ERROR,
            "token-request",
            "A role grants issuing tokens for ServiceAccounts: the subject can act as them.",
            "Remove `serviceaccounts/token` from `resources`.",
            "CIS 5.1.13",
        ),
        ("create",),
        _core("serviceaccounts/token"),
    ),
    Risk(
        _rule(
            "KR-014",
            "admission-webhooks",
            Severity.ERROR,
            "control-admission-webhooks",
            "A role grants changing admission webhooks, which can read and change everything that "
            "is written to the cluster.",
            "Remove the webhook configurations from `resources`, or grant only read access.",
            "CIS 5.1.12",
        ),
        _CHANGE,
        (
            (_ADMISSION, "mutatingwebhookconfigurations"),
            (_ADMISSION, "validatingwebhookconfigurations"),
        ),
        cluster_only=True,
    ),
    Risk(
        _rule(
            "KR-015",
            "nodes-proxy",
            Severity.ERROR,
            "access-to-proxy-subresource-of-nodes",
            "A role grants access to the kubelet API, which bypasses admission control and audit "
            "logging. Read access is enough to run commands in every pod of a node.",
            "Remove `nodes/proxy` from `resources`.",
            "CIS 5.1.10",
        ),
        ("get", *_CHANGE),
        _core("nodes/proxy"),
        cluster_only=True,
    ),
    Risk(
        _rule(
            "KR-016",
            "change-nodes",
            Severity.WARNING,
            "least-privilege",
            "A role grants changing nodes. Their labels and taints decide where pods run.",
            "Grant only read access to `nodes`.",
        ),
        _CHANGE,
        _core("nodes"),
        cluster_only=True,
    ),
    Risk(
        _rule(
            "KR-017",
            "create-persistent-volumes",
            Severity.ERROR,
            "persistent-volume-creation",
            "A role grants creating PersistentVolumes, which can mount directories of a node.",
            "Remove `create` on `persistentvolumes`, and use PersistentVolumeClaims.",
            "CIS 5.1.9",
        ),
        ("create",),
        _core("persistentvolumes"),
        cluster_only=True,
    ),
    Risk(
        _rule(
            "KR-018",
            "approve-certificates",
            Severity.ERROR,
            "csrs-and-certificate-issuing",
            "A role grants approving certificates, which can authenticate as any user.",
            "Remove `certificatesigningrequests/approval` from `resources`.",
            "CIS 5.1.11",
        ),
        ("update", "patch"),
        (("certificates.k8s.io", "certificatesigningrequests/approval"),),
        cluster_only=True,
    ),
    Risk(
        _rule(
            "KR-019",
            "change-namespaces",
            Severity.WARNING,
            "namespace-modification",
            "A role grants changing namespaces. Their labels decide which Pod Security Standard "
            "and which network policies apply in them.",
            "Grant only read access to `namespaces`.",
        ),
        ("update", "patch"),
        _core("namespaces"),
    ),
)

RULES = (
    CLUSTER_ADMIN_BOUND,
    FULL_ACCESS,
    WILDCARD_VERBS,
    WILDCARD_RESOURCES,
    WILDCARD_API_GROUPS,
    READ_SECRETS_EVERYWHERE,
    READ_SECRETS,
    *(risk.rule for risk in RISKS),
    SYSTEM_MASTERS,
    UNAUTHENTICATED,
    DEFAULT_ROLE,
)
