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
    cluster_role,
    container,
    deployment,
    grant_role,
    kubernetes_object,
    pod_spec,
    role,
    rule,
    service_account,
    subject,
)

Manifest = list[Object]

_HERE = kubernetes_object("Namespace", NAMESPACE, "")
_ADMISSION = "admissionregistration.k8s.io"


def everywhere(*rules: Object) -> Manifest:
    """The ServiceAccount `app` has the rules in the whole cluster."""
    return [service_account(), cluster_role(*rules), grant_role("app")]


def here(*rules: Object) -> Manifest:
    """The ServiceAccount `app` has the rules, of a ClusterRole, in one namespace."""
    return [
        service_account(),
        cluster_role(*rules),
        grant_role("app", namespace=NAMESPACE, kind="ClusterRole"),
    ]


def running(image: str) -> Manifest:
    return [deployment(pod_spec(container(image=image)))]


def variable(name: str, value: str) -> Manifest:
    return [deployment(pod_spec(container(env=[{"name": name, "value": value}])))]


def settings(**data: Any) -> Manifest:
    return [kubernetes_object("ConfigMap", "settings", data=data)]


def needing(env: Mapping[str, Any], *others: Object) -> Manifest:
    return [deployment(pod_spec(container(envFrom=[env]))), *others]


RULE_CASES: Mapping[str, tuple[Manifest, Manifest]] = {
    "cluster-admin": ([grant_role("cluster-admin")], [grant_role("view")]),
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
        [grant_role("view", subject("system:masters", kind="Group"))],
        [grant_role("view", subject("masters", kind="Group"))],
    ),
    "unauthenticated-subject": (
        [grant_role("view", subject("system:anonymous", kind="User"))],
        [grant_role("view", subject("system:authenticated", kind="Group"))],
    ),
    "built-in-role": (
        [cluster_role(rule("core", "pods", "get"), name="view")],
        [cluster_role(rule("core", "pods", "get"), name="viewer"), grant_role("view", name="view")],
    ),
    "image-latest-tag": (running("registry:5000/app"), running("registry:5000/app:v1")),
    "image-without-digest": (running("app:v1"), running("app:v1@sha256:" + "0" * 64)),
    "secret-in-config-map": (settings(password="hunter2"), settings(password="", user="app")),
    "secret-in-environment": (variable("API_KEY", "hunter2"), variable("API_KEY", "$(OTHER)")),
    "missing-service-account": (
        [deployment(pod_spec(serviceAccountName="app"))],
        [
            deployment(pod_spec(serviceAccountName="app")),
            service_account(),
            deployment(name="other"),
        ],
    ),
    "missing-role": (
        [grant_role("app", namespace=NAMESPACE)],
        [grant_role("system:node"), grant_role("view")],
    ),
    "missing-subject": ([grant_role("view")], [grant_role("view", subject("default"))]),
    "service-account-without-role": (
        [deployment(pod_spec(serviceAccountName="app")), service_account()],
        [
            deployment(pod_spec(serviceAccountName="app")),
            service_account(),
            role(rule("core", "pods", "get")),
            grant_role("app", subject("system:serviceaccounts", kind="Group"), namespace=NAMESPACE),
        ],
    ),
    "missing-secret": (
        needing({"secretRef": {"name": "credentials"}}),
        needing({"secretRef": {"name": "credentials"}}, kubernetes_object("Secret", "credentials")),
    ),
    "missing-config-map": (
        needing(
            {"configMapRef": {"name": "settings"}},
            kubernetes_object("ConfigMap", "settings", "other"),
        ),
        needing({"configMapRef": {"name": "settings", "optional": True}}),
    ),
    "missing-namespace": (
        [service_account()],
        [service_account(), _HERE, service_account(namespace="default")],
    ),
}
