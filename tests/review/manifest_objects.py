"""Builders of Kubernetes objects for tests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from kubiya_pulumi.emulator.manifest import YamlDumper
from kubiya_pulumi.review import KubernetesObject, parse_manifest

Object = dict[str, Any]

RBAC = "rbac.authorization.k8s.io"
NAMESPACE = "runners"
IMAGE = "ghcr.io/example/app@sha256:" + "0" * 64


def parsed(*objects: Mapping[str, Any]) -> tuple[KubernetesObject, ...]:
    """Return the objects, parsed from the text of a manifest."""
    return parse_manifest(yaml.dump_all(objects, Dumper=YamlDumper, sort_keys=False))


def kubernetes_object(
    kind: str, name: str, namespace: str = NAMESPACE, api: str = "v1", **content: Any
) -> Object:
    """Return an object; an empty namespace is omitted."""
    metadata = {"name": name} | ({"namespace": namespace} if namespace else {})
    return {"apiVersion": api, "kind": kind, "metadata": metadata, **content}


def service_account(name: str = "app", namespace: str = NAMESPACE) -> Object:
    """Return a ServiceAccount."""
    return kubernetes_object("ServiceAccount", name, namespace)


def rule(groups: str, resources: str, verbs: str, *names: str) -> Object:
    """Return a rule of a role from space-separated words; `core` is the core group."""
    return {
        "apiGroups": ["" if group == "core" else group for group in groups.split()],
        "resources": resources.split(),
        "verbs": verbs.split(),
        **({"resourceNames": list(names)} if names else {}),
    }


def role(*rules: Object, name: str = "app", namespace: str = NAMESPACE) -> Object:
    """Return a Role."""
    return kubernetes_object("Role", name, namespace, f"{RBAC}/v1", rules=list(rules))


def cluster_role(
    *rules: Object, name: str = "app", labels: Mapping[str, str] | None = None, **content: Any
) -> Object:
    """Return a ClusterRole."""
    body = kubernetes_object("ClusterRole", name, "", f"{RBAC}/v1", rules=list(rules), **content)
    body["metadata"]["labels"] = dict(labels or {})
    return body


def subject(name: str = "app", namespace: str = NAMESPACE, kind: str = "ServiceAccount") -> Object:
    """Return a subject of a binding."""
    if kind == "ServiceAccount":
        return {"kind": kind, "name": name, "namespace": namespace}
    return {"kind": kind, "name": name, "apiGroup": RBAC}


def grant_role(
    to: str, *subjects: Object, namespace: str = "", name: str = "app", kind: str = ""
) -> Object:
    """Return a ClusterRoleBinding, or in a namespace a RoleBinding.

    Args:
        to: the name of the role.
        subjects: the subjects; by default the ServiceAccount `app`.
        namespace: the namespace of a RoleBinding.
        name: the name of the binding.
        kind: the kind of the role; by default Role in a namespace, otherwise ClusterRole.
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
    """Return a container that complies with the restricted Pod Security Standard."""
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
    """Return the spec of a pod that complies with the restricted Pod Security Standard."""
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
    """Return a Deployment of pods."""
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
