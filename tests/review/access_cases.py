"""Manifests about who may do what, with the corners of RBAC in them, and the requests to ask.

The answers are in no table: a real API server gives them, and the review has to agree.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from itertools import product

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


def _aggregate(*selectors: Mapping[str, object]) -> Mapping[str, object]:
    return {"aggregationRule": {"clusterRoleSelectors": list(selectors)}}


def _urls(verbs: str, *urls: str) -> Object:
    return {"verbs": verbs.split(), "nonResourceURLs": list(urls)}


def _given(role_name: str, to: str, namespace: str = "", kind: str = "ClusterRole") -> Object:
    """A binding of a role to a ServiceAccount of the first namespace."""
    who = subject(to, ONE)
    return grant_role(role_name, who, namespace=namespace, kind=kind, name=f"{to}-{role_name}")


_NAMES = """
plain wide narrow named star subresource everything urls admin edit view aggregated overwritten
open
"""
ACCOUNTS = tuple(_NAMES.split())

MANIFEST: tuple[Object, ...] = (
    *(kubernetes_object("Namespace", name, "") for name in NAMESPACES),
    *(service_account(name, ONE) for name in ACCOUNTS),
    service_account("wide", TWO),
    # A ClusterRole reaches as far as its binding.
    cluster_role(rule("core", "configmaps secrets", "get list"), name="review-reader"),
    _given("review-reader", "wide"),
    _given("review-reader", "narrow", TWO),
    # The same name in two namespaces, and a binding to the one of its own.
    role(rule("batch", "jobs", "create delete"), name="jobs", namespace=ONE),
    role(rule("batch", "jobs", "get"), name="jobs", namespace=TWO),
    _given("jobs", "narrow", TWO, kind="Role"),
    # A subject without a namespace is in that of the binding.
    grant_role(
        "jobs", {"kind": "ServiceAccount", "name": "wide"}, namespace=TWO, name="own-namespace"
    ),
    # Names; a request without one is not about them.
    role(
        rule("core", "secrets", "get list create delete", "registry"),
        rule("core", "pods/exec", "create", "registry"),
        name="named",
        namespace=ONE,
    ),
    _given("named", "named", ONE, kind="Role"),
    # Stars of each kind.
    cluster_role(
        rule("*", "configmaps", "get"), rule("apps", "*", "watch"), rule("batch", "jobs", "*"),
        name="review-star",
    ),
    _given("review-star", "star"),
    # Subresources: all of one kind, one of all kinds, and a spelling that means nothing.
    cluster_role(
        rule("core apps", "*/scale", "update"), rule("core", "pods/log", "get"),
        rule("core", "pods/*", "create"), rule("core", "secrets/", "get"),
        name="review-subresource",
    ),
    _given("review-subresource", "subresource"),
    cluster_role(rule("*", "*", "*"), name="review-everything"),
    _given("review-everything", "everything", ONE),
    # Paths that are no resources, which only count in the whole cluster.
    cluster_role(
        _urls("get", "/metrics", "/logs/*", "/debug*"), _urls("*", "/review"), name="review-urls"
    ),
    _given("review-urls", "urls"),
    _given("review-urls", "narrow", ONE),
    # Roles of Kubernetes itself, and one that is gathered into them.
    _given("admin", "admin", ONE),
    _given("edit", "edit", ONE),
    _given("view", "view"),
    cluster_role(
        rule("example.com", "widgets", "get list"),
        name="review-widgets",
        labels={"rbac.authorization.k8s.io/aggregate-to-view": "true"},
    ),
    # Aggregation through another aggregation, in a circle, by labels and by expressions.
    cluster_role(
        name="review-aggregated",
        labels={"review/part": "circle"},
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
            {"matchLabels": {"review/part": "leaf"}}, {"matchLabels": {"review/part": "circle"}}
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
    _given("review-aggregated", "aggregated"),
    # What stands in an aggregated role itself does not count.
    cluster_role(
        rule("core", "nodes", "delete"),
        name="review-overwritten",
        **_aggregate({"matchLabels": {"review/part": "leaf"}}),
    ),
    _given("review-overwritten", "overwritten"),
    # Groups, in one namespace and everywhere, and a ServiceAccount by its name as a user.
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
    # A role that is not there.
    _given("review-missing", "plain"),
)  # fmt: skip


@dataclass(frozen=True)
class Request:
    """What is asked of the API server. With a path, all else but the verb is empty."""

    verb: str
    api_group: str = ""
    resource: str = ""
    subresource: str = ""
    name: str = ""
    namespace: str = ""
    path: str = ""

    def __str__(self) -> str:
        return " ".join(f"{f.name}={v}" for f in fields(self) if (v := getattr(self, f.name)))


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
