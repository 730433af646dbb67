"""Rights to gain permissions, or to act with the identity of another."""

from __future__ import annotations

from kubiya_pulumi.review.checks.access_rules import GOOD_PRACTICES
from kubiya_pulumi.review.checks.rights import DELETE, READ, Right, Risk
from kubiya_pulumi.review.findings import Severity, kubernetes_rule
from kubiya_pulumi.review.kubernetes.api_groups import RBAC_GROUP

_AUTHENTICATION = "authentication.k8s.io"
_CERTIFICATES = "certificates.k8s.io"
_USER_INFO = ("users", "groups", "uids", "userextras", "userextras/*")
_TAKE_IDENTITY = (
    "impersonate:user-info",
    "impersonate:serviceaccount",
    "impersonate:arbitrary-node",
    "impersonate:associated-node",
    "impersonate:*",
)

READ_SECRETS_EVERYWHERE = kubernetes_rule(
    "KR-006",
    "read-secrets-cluster-wide",
    Severity.ERROR,
    f"{GOOD_PRACTICES}#listing-secrets",
    "A role grants read access to the Secrets of the whole cluster. `list` and `watch` also return "
    "their contents, and so do the responses of `patch`, `delete` and `deletecollection`.",
    "Bind the role in single namespaces, and list the Secrets in `resourceNames`.",
    "CIS 5.1.2",
)
READ_SECRETS = kubernetes_rule(
    "KR-007",
    "read-secrets",
    Severity.WARNING,
    f"{GOOD_PRACTICES}#listing-secrets",
    "A role grants read access to all Secrets of a namespace.",
    "List the Secrets that the subject needs in `resourceNames`.",
    "CIS 5.1.2",
)
SECRETS = Risk(
    READ_SECRETS,
    (Right((*READ, "patch", *DELETE), "", ("secrets",), any_name=True),),
)

RISKS = (
    Risk(
        kubernetes_rule(
            "KR-008",
            "escalate",
            Severity.ERROR,
            f"{GOOD_PRACTICES}#escalate-verb",
            "A role grants `escalate`: the subject can write roles with more permissions than it "
            "has.",
            "Remove `escalate` from `verbs`.",
            "CIS 5.1.8",
        ),
        (
            Right(("escalate",), RBAC_GROUP, ("roles",)),
            Right(("escalate",), RBAC_GROUP, ("clusterroles",), cluster_only=True),
        ),
    ),
    Risk(
        kubernetes_rule(
            "KR-009",
            "bind",
            Severity.ERROR,
            f"{GOOD_PRACTICES}#bind-verb",
            "A role grants `bind`: the subject can bind roles with more permissions than it has.",
            "Remove `bind` from `verbs`, or list the roles to bind in `resourceNames`.",
            "CIS 5.1.8",
        ),
        (Right(("bind",), RBAC_GROUP, ("roles", "clusterroles")),),
    ),
    Risk(
        kubernetes_rule(
            "KR-010",
            "impersonate",
            Severity.ERROR,
            f"{GOOD_PRACTICES}#impersonate-verb",
            "A role grants `impersonate`: the subject can act as another user, group or "
            "ServiceAccount, or with another UID or extra fields.",
            "Remove `impersonate` from `verbs`, or list the identities in `resourceNames`.",
            "CIS 5.1.8",
        ),
        (
            Right(("impersonate",), "", ("serviceaccounts",)),
            Right(("impersonate",), "", ("users", "groups"), cluster_only=True),
            Right(
                ("impersonate",),
                _AUTHENTICATION,
                ("userextras", "userextras/*", "uids"),
                cluster_only=True,
            ),
        ),
    ),
    Risk(
        kubernetes_rule(
            "KR-062",
            "constrained-impersonation",
            Severity.ERROR,
            "reference/access-authn-authz/user-impersonation/#constrained-impersonation",
            "A role grants constrained impersonation (`impersonate:…`), or an action for it "
            "(`impersonate-on:…`): the subject can do this action as another user, group, "
            "ServiceAccount or node.",
            "Remove the verbs, or list the identities in `resourceNames`.",
        ),
        (
            Right(_TAKE_IDENTITY, _AUTHENTICATION, (*_USER_INFO, "nodes"), cluster_only=True),
            Right(_TAKE_IDENTITY, _AUTHENTICATION, ("serviceaccounts",)),
            # A wildcard verb includes this, but has no effect without the right above.
            Right(("impersonate-on:*",), "*", ("*",)),
        ),
    ),
    Risk(
        kubernetes_rule(
            "KR-013",
            "create-tokens",
            Severity.ERROR,
            f"{GOOD_PRACTICES}#token-request",
            "A role grants issuing tokens for ServiceAccounts, or certificates for pods: the "
            "subject can act as them.",
            "Remove `serviceaccounts/token` and `podcertificaterequests` from `resources`.",
            "CIS 5.1.13",
        ),
        (
            Right(("create",), "", ("serviceaccounts/token",)),
            Right(("create",), _CERTIFICATES, ("podcertificaterequests",)),
        ),
    ),
    Risk(
        kubernetes_rule(
            "KR-064",
            "create-token-secrets",
            Severity.WARNING,
            "reference/access-authn-authz/service-accounts-admin/"
            "#manual-secret-management-for-serviceaccounts",
            "A role grants creating Secrets. Kubernetes puts a token without an end into a Secret "
            "of type `kubernetes.io/service-account-token`, for any ServiceAccount of the "
            "namespace. A subject that can read or mount the Secret acts as that account.",
            "Remove `create` on `secrets`, and create the Secrets with the manifest.",
        ),
        (Right(("create",), "", ("secrets",)),),
    ),
    Risk(
        kubernetes_rule(
            "KR-018",
            "approve-certificates",
            Severity.ERROR,
            f"{GOOD_PRACTICES}#csrs-and-certificate-issuing",
            "A role grants approving, signing or attesting certificates of a signer, which can "
            "authenticate as any user, or having certificates of nodes approved without a check "
            "(`certificatesigningrequests/nodeclient`).",
            "Remove `approve`, `sign` and `attest` on `signers` from `verbs`, and "
            "`certificatesigningrequests/nodeclient` from `resources`.",
            "CIS 5.1.11",
        ),
        (
            # The right to update `certificatesigningrequests/approval` has no effect without these:
            # https://kubernetes.io/docs/reference/access-authn-authz/certificate-signing-requests/
            Right(("approve", "sign", "attest"), _CERTIFICATES, ("signers",), cluster_only=True),
            Right(
                ("create",),
                _CERTIFICATES,
                ("certificatesigningrequests/nodeclient",),
                cluster_only=True,
            ),
        ),
    ),
)
