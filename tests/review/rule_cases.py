"""For each rule a manifest that breaks it, and one that comes near it and does not.

The rules of the Pod Security Standards have their own, in `pod_cases`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.review.manifest_objects import (
    NAMESPACE,
    RBAC,
    Object,
    account,
    bound,
    cluster_role,
    container,
    deployment,
    pod_spec,
    role,
    rule,
    subject,
    thing,
)

Manifest = list[Object]

_HERE = thing("Namespace", NAMESPACE, "")
_ADMISSION = "admissionregistration.k8s.io"


def everywhere(*rules: Object) -> Manifest:
    """The ServiceAccount `app` has the rules in the whole cluster."""
    return [account(), cluster_role(*rules), bound("app")]


def here(*rules: Object) -> Manifest:
    """The ServiceAccount `app` has the rules, of a ClusterRole, in one namespace."""
    return [account(), cluster_role(*rules), bound("app", namespace=NAMESPACE, kind="ClusterRole")]


def running(image: str) -> Manifest:
    return [deployment(pod_spec(container(image=image)))]


def variable(name: str, value: str) -> Manifest:
    return [deployment(pod_spec(container(env=[{"name": name, "value": value}])))]


def settings(**data: Any) -> Manifest:
    return [thing("ConfigMap", "settings", data=data)]


def needing(env: Mapping[str, Any], *others: Object) -> Manifest:
    return [deployment(pod_spec(container(envFrom=[env]))), *others]


RULE_CASES: Mapping[str, tuple[Manifest, Manifest]] = {
    "cluster-admin": ([bound("cluster-admin")], [bound("view")]),
    "full-access": (everywhere(rule("*", "*", "*")), everywhere(rule("*", "*", "get"))),
    "wildcard-verbs": (everywhere(rule("apps", "scales", "*")), everywhere(rule("*", "*", "get"))),
    "wildcard-resources": (
        everywhere(rule("apps", "*", "get")),
        everywhere(rule("apps", "*/scale", "get")),
    ),
    "wildcard-api-groups": (everywhere(rule("*", "events", "get")), here(rule("", "*", "*"))),
    "read-secrets-cluster-wide": (
        everywhere(rule("core", "secrets", "watch")),
        here(rule("core", "secrets", "get")),
    ),
    "read-secrets": (
        here(rule("core", "secrets", "list")),
        here(rule("core", "secrets", "get", "registry"), rule("core", "secrets", "create")),
    ),
    "escalate": (here(rule(RBAC, "roles", "escalate")), here(rule("core", "roles", "escalate"))),
    "bind": (
        everywhere(rule(RBAC, "clusterroles", "bind", "view")),
        everywhere(rule(RBAC, "clusterrolebindings", "bind create")),
    ),
    "impersonate": (
        everywhere(rule("core", "users", "impersonate")),
        everywhere(rule("core", "users", "get create")),
    ),
    "create-workloads": (
        here(rule("batch", "jobs", "create")),
        # A request to create something has no name yet.
        here(rule("batch", "jobs", "create", "one"), rule("core", "pods", "get delete")),
    ),
    "exec-into-pods": (
        here(rule("core", "pods/exec", "create")),
        here(rule("core", "pods/log", "get"), rule("core", "pods", "get")),
    ),
    "create-tokens": (
        here(rule("core", "serviceaccounts/token", "create", "app")),
        here(rule("core", "serviceaccounts", "create")),
    ),
    "admission-webhooks": (
        everywhere(rule(_ADMISSION, "mutatingwebhookconfigurations", "patch")),
        # A right in a namespace to what stands in none.
        here(rule(_ADMISSION, "mutatingwebhookconfigurations", "patch")),
    ),
    "nodes-proxy": (
        everywhere(rule("core", "nodes/proxy", "get")),
        everywhere(rule("core", "nodes", "get list watch")),
    ),
    "change-nodes": (
        everywhere(rule("core", "nodes", "patch")),
        everywhere(rule("core", "nodes/status", "patch")),
    ),
    "create-persistent-volumes": (
        everywhere(rule("core", "persistentvolumes", "create")),
        everywhere(rule("core", "persistentvolumeclaims", "create")),
    ),
    "approve-certificates": (
        everywhere(rule("certificates.k8s.io", "certificatesigningrequests/approval", "update")),
        everywhere(rule("certificates.k8s.io", "certificatesigningrequests", "create")),
    ),
    "change-namespaces": (
        here(rule("core", "namespaces", "patch")),
        here(rule("core", "namespaces", "get")),
    ),
    "system-masters": (
        [bound("view", subject("system:masters", kind="Group"))],
        [bound("view", subject("masters", kind="Group"))],
    ),
    "unauthenticated-subject": (
        [bound("view", subject("system:anonymous", kind="User"))],
        [bound("view", subject("system:authenticated", kind="Group"))],
    ),
    "built-in-role": (
        [cluster_role(rule("core", "pods", "get"), name="view")],
        [cluster_role(rule("core", "pods", "get"), name="viewer"), bound("view", name="view")],
    ),
    "image-latest-tag": (running("registry:5000/app"), running("registry:5000/app:v1")),
    "image-without-digest": (running("app:v1"), running("app:v1@sha256:" + "0" * 64)),
    "secret-in-config-map": (settings(password="hunter2"), settings(password="", user="app")),
    "secret-in-environment": (variable("API_KEY", "hunter2"), variable("API_KEY", "$(OTHER)")),
    "missing-service-account": (
        [deployment(pod_spec(serviceAccountName="app"))],
        [deployment(pod_spec(serviceAccountName="app")), account(), deployment(name="other")],
    ),
    "missing-role": ([bound("app", namespace=NAMESPACE)], [bound("system:node"), bound("view")]),
    "missing-subject": ([bound("view")], [bound("view", subject("default"))]),
    "service-account-without-role": (
        [deployment(pod_spec(serviceAccountName="app")), account()],
        [
            deployment(pod_spec(serviceAccountName="app")),
            account(),
            role(rule("core", "pods", "get")),
            bound("app", subject("system:serviceaccounts", kind="Group"), namespace=NAMESPACE),
        ],
    ),
    "missing-secret": (
        needing({"secretRef": {"name": "credentials"}}),
        needing({"secretRef": {"name": "credentials"}}, thing("Secret", "credentials")),
    ),
    "missing-config-map": (
        needing({"configMapRef": {"name": "settings"}}, thing("ConfigMap", "settings", "other")),
        needing({"configMapRef": {"name": "settings", "optional": True}}),
    ),
    "missing-namespace": ([account()], [account(), _HERE, account(namespace="default")]),
}
