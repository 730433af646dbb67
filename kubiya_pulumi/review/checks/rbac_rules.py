"""What Kubernetes' good practices for RBAC warn of, as data."""

from __future__ import annotations

from dataclasses import dataclass

from kubiya_pulumi.review.findings import Category, Rule, Severity

_URL = "https://kubernetes.io/docs/concepts/security/rbac-good-practices/#"
_READ = ("get", "list", "watch")
_WRITE = ("create", "update", "patch")
_CHANGE = (*_WRITE, "delete", "deletecollection")
_RBAC = "rbac.authorization.k8s.io"
_ADMISSION = "admissionregistration.k8s.io"


@dataclass(frozen=True)
class Risk:
    """Rights that together are one risk.

    Args:
        rule: what having one of them is called.
        verbs: any of these
        resources: on any of these, as pairs of API group and resource, which may have a
            subresource.
        cluster_only: the resources stand in no namespace, so that rights in one are of no use.
    """

    rule: Rule
    verbs: tuple[str, ...]
    resources: tuple[tuple[str, str], ...]
    cluster_only: bool = False


def _rule(name: str, severity: Severity, anchor: str, description: str) -> Rule:
    return Rule(name, severity, Category.EXCESSIVE, description, _URL + anchor)


def _core(*resources: str) -> tuple[tuple[str, str], ...]:
    return tuple(("", each) for each in resources)


CLUSTER_ADMIN_BOUND = _rule(
    "cluster-admin",
    Severity.ERROR,
    "least-privilege",
    "A binding gives the role `cluster-admin`, which allows everything.",
)
FULL_ACCESS = _rule(
    "full-access",
    Severity.ERROR,
    "least-privilege",
    "A role allows every verb on every resource of every API group. It stands for all the other "
    "rules about rights that it breaks.",
)
WILDCARD_VERBS = _rule(
    "wildcard-verbs",
    Severity.WARNING,
    "least-privilege",
    "A role allows every verb (`*`) on something, also verbs that do not exist yet.",
)
WILDCARD_RESOURCES = _rule(
    "wildcard-resources",
    Severity.WARNING,
    "least-privilege",
    "A role is about every resource (`*`) of an API group, also those that do not exist yet.",
)
WILDCARD_API_GROUPS = _rule(
    "wildcard-api-groups",
    Severity.WARNING,
    "least-privilege",
    "A role is about a resource of every API group (`*`), also those that do not exist yet.",
)
READ_SECRETS_EVERYWHERE = _rule(
    "read-secrets-cluster-wide",
    Severity.ERROR,
    "listing-secrets",
    "A role allows to read the Secrets of the whole cluster; `list` and `watch` show them too.",
)
READ_SECRETS = _rule(
    "read-secrets",
    Severity.WARNING,
    "listing-secrets",
    "A role allows to read all Secrets of a namespace, instead of some by their names.",
)
SYSTEM_MASTERS = _rule(
    "system-masters",
    Severity.ERROR,
    "least-privilege",
    "A binding names the group `system:masters`, whose members no rule can restrict.",
)
UNAUTHENTICATED = _rule(
    "unauthenticated-subject",
    Severity.ERROR,
    "hardening",
    "A binding gives rights to whoever reaches the API server, without any credentials.",
)

SECRETS = Risk(READ_SECRETS, _READ, _core("secrets"))
"""A risk where a rule is about Secrets of any name."""

RISKS = (
    Risk(
        _rule(
            "escalate",
            Severity.ERROR,
            "escalate-verb",
            "A role allows to write roles with more rights than the writer has.",
        ),
        ("escalate",),
        ((_RBAC, "roles"), (_RBAC, "clusterroles")),
    ),
    Risk(
        _rule(
            "bind",
            Severity.ERROR,
            "bind-verb",
            "A role allows to bind roles with more rights than the binder has.",
        ),
        ("bind",),
        ((_RBAC, "roles"), (_RBAC, "clusterroles")),
    ),
    Risk(
        _rule(
            "impersonate",
            Severity.ERROR,
            "impersonate-verb",
            "A role allows to act as another user, group or ServiceAccount.",
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
            "create-workloads",
            Severity.WARNING,
            "workload-creation",
            "A role allows to make or change pods, or what makes them: with it comes what a pod "
            "can mount in the namespace, and the rights of each of its ServiceAccounts.",
        ),
        _WRITE,
        (
            *_core("pods", "pods/ephemeralcontainers", "replicationcontrollers"),
            *(("apps", each) for each in ("deployments", "daemonsets", "replicasets")),
            ("apps", "statefulsets"),
            ("batch", "jobs"),
            ("batch", "cronjobs"),
        ),
    ),
    Risk(
        _rule(
            "exec-into-pods",
            Severity.WARNING,
            "workload-creation",
            "A role allows to run programs in pods that are there, to attach to them, or to reach "
            "their ports: with it come the rights and the Secrets of those pods.",
        ),
        # Reading is enough where a connection is made by a GET that upgrades to a WebSocket.
        ("get", "create"),
        _core("pods/exec", "pods/attach", "pods/portforward"),
    ),
    Risk(
        _rule(
            "create-tokens",
            Severity.ERROR,
            "token-request",
            "A role allows to issue tokens for ServiceAccounts, and so to act as them.",
        ),
        ("create",),
        _core("serviceaccounts/token"),
    ),
    Risk(
        _rule(
            "admission-webhooks",
            Severity.ERROR,
            "control-admission-webhooks",
            "A role allows to change admission webhooks, which see, and can change, whatever is "
            "written to the cluster.",
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
            "nodes-proxy",
            Severity.ERROR,
            "access-to-proxy-subresource-of-nodes",
            "A role allows to reach the kubelets' API, past admission and audit: reading it is "
            "enough to run programs in each pod of a node.",
        ),
        ("get", *_CHANGE),
        _core("nodes/proxy"),
        cluster_only=True,
    ),
    Risk(
        _rule(
            "change-nodes",
            Severity.WARNING,
            "least-privilege",
            "A role allows to change nodes: their labels and taints decide which pods run where.",
        ),
        _CHANGE,
        _core("nodes"),
        cluster_only=True,
    ),
    Risk(
        _rule(
            "create-persistent-volumes",
            Severity.ERROR,
            "persistent-volume-creation",
            "A role allows to make PersistentVolumes, which can be directories of a node.",
        ),
        ("create",),
        _core("persistentvolumes"),
        cluster_only=True,
    ),
    Risk(
        _rule(
            "approve-certificates",
            Severity.ERROR,
            "csrs-and-certificate-issuing",
            "A role allows to approve certificates, with which one can be anybody to the cluster.",
        ),
        ("update", "patch"),
        (("certificates.k8s.io", "certificatesigningrequests/approval"),),
        cluster_only=True,
    ),
    Risk(
        _rule(
            "change-namespaces",
            Severity.WARNING,
            "namespace-modification",
            "A role allows to change namespaces: their labels decide which Pod Security Standard "
            "and which network policies hold in them.",
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
)
