"""Objects of manifests for tests, in few words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from kubiya_pulumi.review import KubernetesObject, parse_manifest

Object = dict[str, Any]

RBAC = "rbac.authorization.k8s.io"
NAMESPACE = "runners"
IMAGE = "ghcr.io/example/app@sha256:" + "0" * 64


def parsed(*objects: Mapping[str, Any]) -> tuple[KubernetesObject, ...]:
    """The objects as a manifest's text would give them."""
    return parse_manifest(yaml.safe_dump_all(objects, sort_keys=False))


def kubernetes_object(
    kind: str, name: str, namespace: str = NAMESPACE, api: str = "v1", **content: Any
) -> Object:
    """An object; an empty namespace is left out."""
    metadata = {"name": name} | ({"namespace": namespace} if namespace else {})
    return {"apiVersion": api, "kind": kind, "metadata": metadata, **content}


def service_account(name: str = "app", namespace: str = NAMESPACE) -> Object:
    """A ServiceAccount."""
    return kubernetes_object("ServiceAccount", name, namespace)


def rule(groups: str, resources: str, verbs: str, *names: str) -> Object:
    """A rule of a role, from words; the core group is `core`."""
    return {
        "apiGroups": ["" if group == "core" else group for group in groups.split()],
        "resources": resources.split(),
        "verbs": verbs.split(),
        **({"resourceNames": list(names)} if names else {}),
    }


def role(*rules: Object, name: str = "app", namespace: str = NAMESPACE) -> Object:
    """A Role."""
    return kubernetes_object("Role", name, namespace, f"{RBAC}/v1", rules=list(rules))


def cluster_role(
    *rules: Object, name: str = "app", labels: Mapping[str, str] | None = None, **content: Any
) -> Object:
    """A ClusterRole."""
    made = kubernetes_object("ClusterRole", name, "", f"{RBAC}/v1", rules=list(rules), **content)
    made["metadata"]["labels"] = dict(labels or {})
    return made


def subject(name: str = "app", namespace: str = NAMESPACE, kind: str = "ServiceAccount") -> Object:
    """A subject of a binding."""
    if kind == "ServiceAccount":
        return {"kind": kind, "name": name, "namespace": namespace}
    return {"kind": kind, "name": name, "apiGroup": RBAC}


def grant_role(
    to: str, *subjects: Object, namespace: str = "", name: str = "app", kind: str = ""
) -> Object:
    """A ClusterRoleBinding to a ClusterRole; in a namespace, a RoleBinding.

    Args:
        to: the name of the role.
        subjects: by default, the ServiceAccount `app`.
        namespace: of the RoleBinding.
        name: of the binding.
        kind: of the role; by default Role in a namespace, and ClusterRole elsewhere.
    """
    return kubernetes_object(
        "RoleBinding" if namespace else "ClusterRoleBinding",
        name,
        namespace,
        f"{RBAC}/v1",
        roleRef={
            "apiGroup": RBAC,
            "kind": kind or ("Role" if namespace else "ClusterRole"),
            "name": to,
        },
        subjects=list(subjects or [subject()]),
    )


def container(name: str = "app", **content: Any) -> Object:
    """A container that keeps to the restricted Pod Security Standard."""
    return {
        "name": name,
        "image": IMAGE,
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
        },
        **content,
    }


def pod_spec(*containers: Object, **content: Any) -> Object:
    """The specification of a pod that keeps to the restricted Pod Security Standard."""
    return {
        "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
        "containers": list(containers or [container()]),
        **content,
    }


def deployment(
    spec: Object | None = None,
    name: str = "app",
    namespace: str = NAMESPACE,
    annotations: Mapping[str, str] | None = None,
) -> Object:
    """A Deployment of such pods."""
    labels = {"app": name}
    return kubernetes_object(
        "Deployment",
        name,
        namespace,
        "apps/v1",
        spec={
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels, "annotations": dict(annotations or {})},
                "spec": spec or pod_spec(),
            },
        },
    )
