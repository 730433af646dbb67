"""For each rule a manifest that breaks it, and a similar one that does not.

The cases of the Pod Security Standards are in `pod_cases`.
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

_NAMESPACE = kubernetes_object("Namespace", NAMESPACE, "")
_ADMISSION = "admissionregistration.k8s.io"


def cluster_wide(*rules: Object) -> Manifest:
    """Grant the ServiceAccount `app` the rules in the whole cluster."""
    return [service_account(), cluster_role(*rules), grant_role("app")]


def in_namespace(*rules: Object) -> Manifest:
    """Grant the ServiceAccount `app` the rules of a ClusterRole in one namespace."""
    return [
        service_account(),
        cluster_role(*rules),
        grant_role("app", namespace=NAMESPACE, kind="ClusterRole"),
    ]


def with_image(image: str) -> Manifest:
    return [deployment(pod_spec(container(image=image)))]


def with_variable(name: str, value: str) -> Manifest:
    return [deployment(pod_spec(container(env=[{"name": name, "value": value}])))]


def with_config_map(**data: Any) -> Manifest:
    return [kubernetes_object("ConfigMap", "settings", data=data)]


def with_env_from(env: Mapping[str, Any], *others: Object) -> Manifest:
    return [deployment(pod_spec(container(envFrom=[env]))), *others]


def token_secret(account: str) -> Object:
    secret = kubernetes_object("Secret", "token", type="kubernetes.io/service-account-token")
    secret["metadata"]["annotations"] = {"kubernetes.io/service-account.name": account}
    return secret


def labelled_namespace(level: str) -> Object:
    item = kubernetes_object("Namespace", NAMESPACE, "")
    item["metadata"]["labels"] = {"pod-security.kubernetes.io/enforce": level}
    return item


RULE_CASES: Mapping[str, tuple[Manifest, Manifest]] = {
    "cluster-admin": ([grant_role("cluster-admin")], [grant_role("view")]),
    "full-access": (cluster_wide(rule("*", "*", "*")), cluster_wide(rule("*", "*", "get"))),
    "wildcard-verbs": (
        cluster_wide(rule("apps", "scales", "*")),
        cluster_wide(rule("*", "*", "get")),
    ),
    "wildcard-resources": (
        cluster_wide(rule("apps", "*", "get")),
        cluster_wide(rule("apps", "*/scale", "get")),
    ),
    "wildcard-api-groups": (
        cluster_wide(rule("*", "events", "get")),
        in_namespace(rule("", "*", "*")),
    ),
    "read-secrets-cluster-wide": (
        cluster_wide(rule("core", "secrets", "watch")),
        in_namespace(rule("core", "secrets", "get")),
    ),
    "read-secrets": (
        in_namespace(rule("core", "secrets", "list")),
        in_namespace(rule("core", "secrets", "get", "registry"), rule("core", "secrets", "create")),
    ),
    "escalate": (
        in_namespace(rule(RBAC, "roles", "escalate")),
        in_namespace(rule("core", "roles", "escalate")),
    ),
    "bind": (
        cluster_wide(rule(RBAC, "clusterroles", "bind", "view")),
        cluster_wide(rule(RBAC, "clusterrolebindings", "bind create")),
    ),
    "impersonate": (
        cluster_wide(rule("core", "users", "impersonate")),
        cluster_wide(rule("core", "users", "get create")),
    ),
    "create-workloads": (
        in_namespace(rule("batch", "jobs", "create")),
        # A create request has no object name.
        in_namespace(rule("batch", "jobs", "create", "one"), rule("core", "pods", "get delete")),
    ),
    "exec-into-pods": (
        in_namespace(rule("core", "pods/exec", "create")),
        in_namespace(rule("core", "pods/log", "get"), rule("core", "pods", "get")),
    ),
    "create-tokens": (
        in_namespace(rule("core", "serviceaccounts/token", "create", "app")),
        in_namespace(rule("core", "serviceaccounts", "create")),
    ),
    "admission-webhooks": (
        cluster_wide(rule(_ADMISSION, "mutatingwebhookconfigurations", "patch")),
        # A grant in a namespace has no effect on cluster-scoped resources.
        in_namespace(rule(_ADMISSION, "mutatingwebhookconfigurations", "patch")),
    ),
    "nodes-proxy": (
        cluster_wide(rule("core", "nodes/proxy", "get")),
        cluster_wide(rule("core", "nodes", "get list watch")),
    ),
    "change-nodes": (
        cluster_wide(rule("core", "nodes", "patch")),
        cluster_wide(rule("core", "nodes", "get"), rule("core", "nodes/status", "get")),
    ),
    "create-persistent-volumes": (
        cluster_wide(rule("core", "persistentvolumes", "create")),
        cluster_wide(rule("core", "persistentvolumeclaims", "create")),
    ),
    "approve-certificates": (
        cluster_wide(rule("certificates.k8s.io", "signers", "approve")),
        cluster_wide(rule("certificates.k8s.io", "certificatesigningrequests/approval", "update")),
    ),
    "change-namespaces": (
        in_namespace(rule("core", "namespaces", "patch")),
        in_namespace(rule("core", "namespaces", "get")),
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
    "unknown-role": (
        [grant_role("platform-superuser")],
        [grant_role("system:node"), grant_role("view")],
    ),
    "unknown-service-account": (
        [deployment(pod_spec(serviceAccountName="platform"))],
        [deployment(pod_spec(serviceAccountName="app")), service_account(), deployment(name="b")],
    ),
    "aggregated-role": (
        [
            cluster_role(
                aggregationRule={"clusterRoleSelectors": [{"matchLabels": {"part": "of-app"}}]}
            )
        ],
        [cluster_role(aggregationRule={"clusterRoleSelectors": []})],
    ),
    "all-users-subject": (
        [grant_role("view", subject("system:authenticated", kind="Group"))],
        [grant_role("view", subject("system:authenticated", kind="User"))],
    ),
    "all-service-accounts-subject": (
        [grant_role("view", subject("system:serviceaccounts:runners", kind="Group"))],
        [grant_role("view", subject("system:serviceaccounts", kind="Group"))],
    ),
    "proxy-to-pods": (
        in_namespace(rule("core", "services/proxy", "get")),
        in_namespace(rule("core", "pods services", "get list")),
    ),
    "constrained-impersonation": (
        cluster_wide(rule("authentication.k8s.io", "users", "impersonate:user-info")),
        cluster_wide(rule("core", "users", "impersonate:user-info")),
    ),
    "admission-policies": (
        cluster_wide(rule(_ADMISSION, "mutatingadmissionpolicybindings", "create")),
        cluster_wide(rule(_ADMISSION, "mutatingadmissionpolicybindings", "get list watch")),
    ),
    "create-token-secrets": (
        in_namespace(rule("core", "secrets", "create")),
        in_namespace(rule("core", "secrets", "create", "registry")),
    ),
    "change-api": (
        cluster_wide(rule("apiextensions.k8s.io", "customresourcedefinitions", "patch")),
        cluster_wide(rule("apiextensions.k8s.io", "customresourcedefinitions/status", "patch")),
    ),
    "change-network": (
        in_namespace(rule("discovery.k8s.io", "endpointslices", "patch")),
        in_namespace(rule("discovery.k8s.io", "endpointslices", "get delete")),
    ),
    "change-storage": (
        cluster_wide(rule("storage.k8s.io", "csidrivers", "update")),
        in_namespace(rule("storage.k8s.io", "csidrivers", "update")),
    ),
    "place-pods": (
        in_namespace(rule("core", "pods/binding", "create")),
        in_namespace(rule("core", "pods/eviction", "create")),
    ),
    "change-system-configuration": (
        cluster_wide(rule("core", "configmaps", "update")),
        [
            *in_namespace(rule("core", "configmaps", "update")),
            role(rule("core", "configmaps", "update", "lock"), namespace="kube-system"),
        ],
    ),
    "image-latest-tag": (with_image("registry:5000/app"), with_image("registry:5000/app:v1")),
    "image-without-digest": (with_image("app:v1"), with_image("app:v1@sha256:" + "0" * 64)),
    "secret-in-config-map": (
        with_config_map(password="hunter2"),
        with_config_map(password="", user="app"),
    ),
    "secret-in-environment": (
        with_variable("API_KEY", "hunter2"),
        with_variable("API_KEY", "$(OTHER)"),
    ),
    "secret-in-command": (
        [deployment(pod_spec(container(args=["--password=hunter2"])))],
        [deployment(pod_spec(container(args=["--password=$(PASSWORD)"])))],
    ),
    "secret-in-annotation": (
        [deployment(annotations={"example.com/token": "hunter2"})],
        [deployment(annotations={"checksum/token": "hunter2"})],
    ),
    "node-persistent-volume": (
        [kubernetes_object("PersistentVolume", "data", "", spec={"hostPath": {"path": "/"}})],
        [kubernetes_object("PersistentVolume", "data", "", spec={"csi": {"driver": "a"}})],
    ),
    "identity-secret": (
        [token_secret("other"), service_account()],
        [token_secret("app"), service_account()],
    ),
    "long-lived-token": (
        [token_secret("app"), service_account()],
        [kubernetes_object("Secret", "app"), service_account()],
    ),
    "admission-control": (
        [kubernetes_object("MutatingWebhookConfiguration", "all", "", f"{_ADMISSION}/v1")],
        [kubernetes_object("ValidatingAdmissionPolicy", "all", "", f"{_ADMISSION}/v1")],
    ),
    "api-extension": (
        [kubernetes_object("ValidatingAdmissionPolicy", "all", "", f"{_ADMISSION}/v1")],
        [kubernetes_object("CustomResourceDefinition", "all", "", "apiextensions.k8s.io/v1")],
    ),
    "lowered-pod-security": (
        [labelled_namespace("privileged")],
        [labelled_namespace("restricted")],
    ),
    "certificate-request": (
        [
            kubernetes_object(
                "CertificateSigningRequest",
                "node",
                "",
                "certificates.k8s.io/v1",
                spec={"signerName": "kubernetes.io/kubelet-serving"},
            )
        ],
        [kubernetes_object("ClusterTrustBundle", "a", "", "certificates.k8s.io/v1beta1")],
    ),
    "manual-endpoints": (
        [kubernetes_object("Endpoints", "app")],
        [kubernetes_object("Service", "app")],
    ),
    "cluster-state": (
        [kubernetes_object("Binding", "app", target={"kind": "Node", "name": "worker"})],
        [kubernetes_object("PersistentVolumeClaim", "app", spec={})],
    ),
    "unreviewed-pod": (
        [kubernetes_object("Task", "app", api="example.com/v1", spec={"image": "app"})],
        [kubernetes_object("Task", "app", api="example.com/v1", spec=pod_spec())],
    ),
    "unreviewed-kind": (
        [kubernetes_object("Task", "app", api="example.com/v1", spec=pod_spec())],
        [kubernetes_object("Ingress", "app", api="networking.k8s.io/v1", spec=pod_spec())],
    ),
    "unreviewed-permissions": (
        [kubernetes_object("Task", "app", api="example.com/v1", spec=rule("core", "pods", "get"))],
        [role(rule("core", "pods", "get"))],
    ),
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
        with_env_from({"secretRef": {"name": "credentials"}}),
        with_env_from(
            {"secretRef": {"name": "credentials"}}, kubernetes_object("Secret", "credentials")
        ),
    ),
    "missing-config-map": (
        with_env_from(
            {"configMapRef": {"name": "settings"}},
            kubernetes_object("ConfigMap", "settings", "other"),
        ),
        with_env_from({"configMapRef": {"name": "settings", "optional": True}}),
    ),
    "missing-namespace": (
        [service_account()],
        [service_account(), _NAMESPACE, service_account(namespace="default")],
    ),
    "optional-secret": (
        with_env_from({"secretRef": {"name": "credentials", "optional": True}}),
        with_env_from({"configMapRef": {"name": "settings", "optional": True}}),
    ),
    "invalid-object": (with_config_map(enabled=True), with_config_map(enabled="true")),
}
