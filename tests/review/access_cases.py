"""A manifest with the corner cases of RBAC, and requests to evaluate with its grants.

No table lists the expected results: a real API server decides, and the review must agree.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from itertools import product
from typing import Any

from kubiya_pulumi.review import Subject
from tests.review.manifest_objects import (
    RBAC,
    Object,
    cluster_role,
    grant_role,
    kubernetes_object,
    role,
    rule,
    service_account,
    subject,
)

NAMESPACES = ("review-one", "review-two")
ONE, TWO = NAMESPACES


def _aggregate(*selectors: Mapping[str, object]) -> dict[str, Any]:
    return {"aggregationRule": {"clusterRoleSelectors": list(selectors)}}


def _urls(verbs: str, *urls: str) -> Object:
    return {"verbs": verbs.split(), "nonResourceURLs": list(urls)}


def _bind(role_name: str, to: str, namespace: str = "", kind: str = "ClusterRole") -> Object:
    """Bind a role to a ServiceAccount of the first namespace."""
    return grant_role(
        role_name, subject(to, ONE), namespace=namespace, kind=kind, name=f"{to}-{role_name}"
    )


_NAMES = """
plain wide narrow named unnamed star subresource everything urls admin edit view aggregated
overwritten open
"""
ACCOUNTS = tuple(_NAMES.split())

MANIFEST: tuple[Object, ...] = (
    *(kubernetes_object("Namespace", name, "") for name in NAMESPACES),
    *(service_account(name, ONE) for name in ACCOUNTS),
    service_account("wide", TWO),
    # A ClusterRole has the scope of its binding.
    cluster_role(rule("core", "configmaps secrets", "get list"), name="review-reader"),
    _bind("review-reader", "wide"),
    _bind("review-reader", "narrow", TWO),
    # Two Roles of the same name in two namespaces; a binding refers to the one in its own.
    role(rule("batch", "jobs", "create delete"), name="jobs", namespace=ONE),
    role(rule("batch", "jobs", "get"), name="jobs", namespace=TWO),
    _bind("jobs", "narrow", TWO, kind="Role"),
    # A subject without a namespace is in the namespace of the binding.
    grant_role(
        "jobs", {"kind": "ServiceAccount", "name": "wide"}, namespace=TWO, name="own-namespace"
    ),
    # Resource names; they do not match a request without a name.
    role(
        rule("core", "secrets", "get list create delete", "registry"),
        rule("core", "pods/exec", "create", "registry"),
        name="named",
        namespace=ONE,
    ),
    _bind("named", "named", ONE, kind="Role"),
    # The name of a request without a name, as itself and as null.
    role(
        rule("core", "secrets", "get list create", ""),
        {"apiGroups": [None], "resources": ["pods"], "verbs": ["list"], "resourceNames": [None]},
        name="unnamed",
        namespace=ONE,
    ),
    _bind("unnamed", "unnamed", ONE, kind="Role"),
    # Each kind of wildcard.
    cluster_role(
        rule("*", "configmaps", "get"), rule("apps", "*", "watch"), rule("batch", "jobs", "*"),
        name="review-star",
    ),
    _bind("review-star", "star"),
    # Subresources: one of every resource, one of a single resource, and patterns without effect.
    cluster_role(
        rule("core apps", "*/scale", "update"), rule("core", "pods/log", "get"),
        rule("core", "pods/*", "create"), rule("core", "secrets/", "get"),
        name="review-subresource",
    ),
    _bind("review-subresource", "subresource"),
    cluster_role(rule("*", "*", "*"), name="review-everything"),
    _bind("review-everything", "everything", ONE),
    # Non-resource URLs, which apply only in the whole cluster.
    cluster_role(
        _urls("get", "/metrics", "/logs/*", "/debug*"), _urls("*", "/review"), name="review-urls"
    ),
    _bind("review-urls", "urls"),
    _bind("review-urls", "narrow", ONE),
    # Default ClusterRoles, and one that is aggregated into them.
    _bind("admin", "admin", ONE),
    _bind("edit", "edit", ONE),
    _bind("view", "view"),
    cluster_role(
        rule("example.com", "widgets", "get list"),
        name="review-widgets",
        labels={"rbac.authorization.k8s.io/aggregate-to-view": "true"},
    ),
    # Aggregation through an aggregated role, in a cycle, by labels and by expressions.
    cluster_role(
        name="review-aggregated",
        labels={"review/part": "cycle"},
        **_aggregate(
            {"matchLabels": {"review/part": "middle"}},
            {
                "matchExpressions": [
                    {"key": "review/part", "operator": "In", "values": ["listed", "other"]},
                    {"key": "review/not", "operator": "DoesNotExist"},
                ]
            },
        ),
    ),
    cluster_role(
        name="review-middle",
        labels={"review/part": "middle"},
        **_aggregate(
            {"matchLabels": {"review/part": "leaf"}}, {"matchLabels": {"review/part": "cycle"}}
        ),
    ),
    cluster_role(rule("core", "nodes", "get"), name="review-leaf", labels={"review/part": "leaf"}),
    cluster_role(
        rule("apps", "deployments", "patch"),
        name="review-listed",
        labels={"review/part": "listed"},
    ),
    cluster_role(
        rule("core", "nodes", "patch"),
        name="review-excluded",
        labels={"review/part": "listed", "review/not": ""},
    ),
    _bind("review-aggregated", "aggregated"),
    # The rules that an aggregated role itself sets do not count.
    cluster_role(
        rule("core", "nodes", "delete"),
        name="review-overwritten",
        **_aggregate({"matchLabels": {"review/part": "leaf"}}),
    ),
    _bind("review-overwritten", "overwritten"),
    # Groups, in one namespace and in all, and a ServiceAccount by its user name.
    cluster_role(rule("core", "events", "list"), name="review-events"),
    grant_role("review-events", subject("system:serviceaccounts", kind="Group"), name="review-all"),
    cluster_role(rule("core", "endpoints", "list"), name="review-endpoints"),
    grant_role(
        "review-endpoints",
        subject(f"system:serviceaccounts:{TWO}", kind="Group"),
        name="review-accounts-of-two",
    ),
    cluster_role(rule("core", "services", "list"), name="review-services"),
    grant_role(
        "review-services",
        subject("system:authenticated", kind="Group"),
        namespace=TWO,
        kind="ClusterRole",
        name="review-authenticated",
    ),
    grant_role(
        "review-services",
        subject(f"system:serviceaccount:{ONE}:open", kind="User"),
        subject("jane", kind="User"),
        name="review-users",
    ),
    # A role that does not exist.
    _bind("review-missing", "plain"),
)  # fmt: skip


@dataclass(frozen=True)
class Request:
    """A request to the API server. With a path, all other fields except the verb are empty."""

    verb: str
    api_group: str = ""
    resource: str = ""
    subresource: str = ""
    name: str = ""
    namespace: str = ""
    path: str = ""

    def __str__(self) -> str:
        return " ".join(
            f"{field.name}={value}"
            for field in fields(self)
            if (value := getattr(self, field.name))
        )


_RESOURCES = (
    ("", "secrets", ""),
    ("", "configmaps", ""),
    ("", "pods", ""),
    ("", "pods", "exec"),
    ("", "pods", "log"),
    ("", "replicationcontrollers", "scale"),
    ("", "nodes", ""),
    ("", "events", ""),
    ("", "endpoints", ""),
    ("", "services", ""),
    ("", "serviceaccounts", "token"),
    ("apps", "deployments", ""),
    ("apps", "deployments", "scale"),
    ("batch", "jobs", ""),
    ("example.com", "widgets", ""),
    ("other.example.com", "configmaps", ""),
    (RBAC, "roles", ""),
)
_VERBS = ["get", "list", "watch", "create", "update", "patch", "delete", "escalate"]
_PATHS = (
    "/metrics",
    "/metrics/more",
    "/logs",
    "/logs/",
    "/logs/a/b",
    "/debug",
    "/debugger",
    "/review",
    "/review/a",
)

REQUESTS = (
    *(
        Request(verb, *resource, namespace=namespace)
        for verb, resource, namespace in product(_VERBS, _RESOURCES, ("", *NAMESPACES))
    ),
    *(
        Request(verb, *resource, name=name, namespace=ONE)
        for verb, resource, name in product(
            _VERBS, (("", "secrets", ""), ("", "pods", "exec")), ("registry", "other")
        )
    ),
    *(Request(verb, path=path) for verb, path in product(("get", "post"), _PATHS)),
)

SUBJECTS = (
    *(Subject("ServiceAccount", ONE, name) for name in ACCOUNTS),
    Subject("ServiceAccount", TWO, "wide"),
    Subject("ServiceAccount", TWO, "plain"),
    Subject("User", "", "jane"),
    Subject("User", "", "joe"),
)
