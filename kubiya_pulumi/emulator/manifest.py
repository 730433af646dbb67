"""Generate the manifest of a runner.

A manifest contains the same kinds of objects as a real one and is valid for a real cluster. Its
namespaced objects have fixed names, like those of a real manifest. The names of its cluster-scoped
objects contain the runner's name, unless manifests share them.
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from kubiya_pulumi.emulator.models import DeploymentName

KubernetesObject = dict[str, Any]
PolicyRule = dict[str, list[str]]

RBAC = "rbac.authorization.k8s.io"
RELEASE = "v2.0.0"
PAUSE_IMAGE = "registry.k8s.io/pause:3.10"
"""An image of Kubernetes itself, which does nothing and needs no permissions."""

DNS_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
MAX_LABEL_LENGTH = 63
MAX_SHORT_LABEL_LENGTH = 40
"""Leaves room for a prefix and a suffix within a label."""
LABEL_DIGEST_LENGTH = 10

# The libyaml classes are ten times as fast, but not available on every platform.
YamlDumper: type[Any] = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
YamlLoader: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class _Component:
    """A component of the runner: a Deployment, its ServiceAccount, Role and Service."""

    name: str
    port: int
    rules: tuple[PolicyRule, ...]
    has_service: bool = True


def _rule(group: str, resources: str, verbs: str) -> PolicyRule:
    return {"apiGroups": [group], "resources": resources.split(), "verbs": verbs.split()}


COMPONENTS = (
    _Component(
        "kubiya-operator",
        8080,
        (
            _rule("apps", "deployments", "get list watch update patch"),
            _rule("", "configmaps secrets", "get list watch"),
        ),
        has_service=False,
    ),
    _Component(
        "agent-manager",
        8082,
        (
            _rule("", "pods pods/log", "get list watch create delete"),
            _rule("", "secrets", "get list"),
        ),
    ),
    _Component(
        "tool-manager",
        8083,
        (_rule("batch", "jobs", "*"), _rule("", "pods pods/exec pods/log", "*")),
    ),
    _Component(
        "workflow-engine",
        8084,
        (_rule("", "configmaps", "get list watch create update"),),
    ),
)


def is_dns_label(name: str) -> bool:
    """Return whether a name is an RFC 1123 label, as the name of a namespace must be."""
    return len(name) <= MAX_LABEL_LENGTH and DNS_LABEL.fullmatch(name) is not None


def dns_label(name: str) -> str:
    """Return a label of up to 40 characters for a runner's name.

    A name that is such a label is returned unchanged. Any other name is reduced to the characters
    of a label and gets a part of its hash, so that two names never share a label.
    """
    if len(name) <= MAX_SHORT_LABEL_LENGTH and is_dns_label(name):
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:LABEL_DIGEST_LENGTH]
    reduced = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    stem = reduced[: MAX_SHORT_LABEL_LENGTH - LABEL_DIGEST_LENGTH - 1].strip("-")
    return f"{stem}-{digest}" if stem else f"runner-{digest}"


def manifest_file_name(runner: str) -> str:
    """Return a new last segment for the URL of a runner's manifest, with 128 random bits."""
    return f"{dns_label(runner)}-{secrets.token_hex(16)}.yaml"


def manifest_text(
    runner: str, namespace: str, *, shared: bool = False, image: str | None = None
) -> str:
    """Return a new manifest as multi-document YAML, with fresh credentials.

    Args:
        runner: the runner's name; any characters.
        namespace: the namespace of its objects; a valid name.
        shared: whether its cluster-scoped objects have the same names as those of other runners.
            Default: False, the names contain the runner's name.
        image: the image of every container. Default: None, each component has an image of its own.
    """
    label = dns_label(runner)
    objects = [_object("v1", "Namespace", namespace)]
    for component in COMPONENTS:
        objects += _namespaced_rbac(component, namespace)
    objects += _cluster_rbac("tool-manager" if shared else f"tool-manager-{label}", namespace)
    objects += _settings(runner)
    objects += [_service(component) for component in COMPONENTS if component.has_service]
    objects += [_deployment(component, image) for component in COMPONENTS]
    for obj in objects:
        _complete_metadata(obj, runner, label, namespace)
    return yaml.dump_all(objects, Dumper=YamlDumper, sort_keys=False, explicit_start=True)


def deployments_of(namespace: str) -> tuple[DeploymentName, ...]:
    """Return the Deployments of a manifest that `manifest_text` returns for a namespace."""
    return tuple(DeploymentName(namespace, component.name) for component in COMPONENTS)


def deployments_in(text: str) -> tuple[DeploymentName, ...]:
    """Return the Deployments of a manifest; none if the text is not Kubernetes YAML."""
    try:
        documents: Iterable[object] = list(yaml.load_all(text, Loader=YamlLoader))
    except (yaml.YAMLError, RecursionError, ValueError):
        return ()
    names = []
    for document in documents:
        if not isinstance(document, dict) or document.get("kind") != "Deployment":
            continue
        metadata = document.get("metadata")
        if isinstance(metadata, dict):
            namespace = str(metadata.get("namespace") or "default")
            names.append(DeploymentName(namespace, str(metadata.get("name"))))
    return tuple(names)


def _object(api: str, kind: str, name: str, **content: Any) -> KubernetesObject:
    return {"apiVersion": api, "kind": kind, "metadata": {"name": name}, **content}


def _complete_metadata(obj: KubernetesObject, runner: str, label: str, namespace: str) -> None:
    """Add the namespace, labels and annotations of an object."""
    metadata = obj["metadata"]
    if obj["kind"] not in {"Namespace", "ClusterRole", "ClusterRoleBinding"}:
        metadata["namespace"] = namespace
    metadata["labels"] = {
        **metadata.get("labels", {}),
        "app.kubernetes.io/part-of": "kubiya-runner",
        "kubiya.ai/runner": label,
    }
    metadata["annotations"] = {"kubiya.ai/runner-name": runner}


def _namespaced_rbac(component: _Component, namespace: str) -> list[KubernetesObject]:
    name, rules = component.name, [dict(rule) for rule in component.rules]
    subject = {"kind": "ServiceAccount", "name": name, "namespace": namespace}
    role = {"apiGroup": RBAC, "kind": "Role", "name": name}
    return [
        _object("v1", "ServiceAccount", name),
        _object(f"{RBAC}/v1", "Role", name, rules=rules),
        _object(f"{RBAC}/v1", "RoleBinding", name, roleRef=role, subjects=[subject]),
    ]


def _cluster_rbac(prefix: str, namespace: str) -> list[KubernetesObject]:
    """Return permissions on the whole cluster: what a reviewer checks first."""
    everything = {"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}
    volumes = _rule("", "persistentvolumes", "get list watch create delete")
    subject = {"kind": "ServiceAccount", "name": "tool-manager", "namespace": namespace}
    objects = []
    for suffix, rule in (("full-access", everything), ("persistent-volumes", volumes)):
        name = f"{prefix}-{suffix}"
        role = {"apiGroup": RBAC, "kind": "ClusterRole", "name": name}
        objects += [
            _object(f"{RBAC}/v1", "ClusterRole", name, rules=[rule]),
            _object(
                f"{RBAC}/v1", "ClusterRoleBinding", name, roleRef=role, subjects=[dict(subject)]
            ),
        ]
    return objects


def _settings(runner: str) -> list[KubernetesObject]:
    """Return the Secrets and the ConfigMap. The credentials are random and grant no access."""
    credentials = {
        "nats.creds": f"jwt: {secrets.token_urlsafe(48)}\nseed: {secrets.token_urlsafe(32)}\n"
    }
    tls = {
        "tls.crt": _pem("CERTIFICATE", secrets.token_bytes(512)),
        "tls.key": _pem("PRIVATE KEY", secrets.token_bytes(256)),
    }
    data = {
        "RUNNER_NAME": runner,
        "NATS_URL": "tls://connect.example.com:4222",
        "LOG_LEVEL": "info",
    }
    return [
        _object("v1", "Secret", "nats-credentials", type="Opaque", data=_base64(credentials)),
        _object("v1", "Secret", "registry-tls", type="kubernetes.io/tls", data=_base64(tls)),
        _object("v1", "ConfigMap", "runner-settings", data=data),
    ]


def _pem(kind: str, content: bytes) -> str:
    body = base64.encodebytes(content).decode()
    return f"-----BEGIN {kind}-----\n{body}-----END {kind}-----\n"


def _base64(data: Mapping[str, str]) -> dict[str, str]:
    return {key: base64.b64encode(value.encode()).decode() for key, value in data.items()}


def _service(component: _Component) -> KubernetesObject:
    port = {"name": "http", "port": 80, "targetPort": "http"}
    return _object(
        "v1",
        "Service",
        component.name,
        spec={"selector": {"app.kubernetes.io/name": component.name}, "ports": [port]},
    )


def _deployment(component: _Component, image: str | None) -> KubernetesObject:
    labels = {"app.kubernetes.io/name": component.name}
    pod = {
        "serviceAccountName": component.name,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": 65532,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [_container(component, image)],
        "volumes": [
            {"name": "nats", "secret": {"secretName": "nats-credentials"}},
            {"name": "registry", "secret": {"secretName": "registry-tls"}},
        ],
    }
    spec = {
        "replicas": 1,
        "selector": {"matchLabels": dict(labels)},
        "template": {"metadata": {"labels": dict(labels)}, "spec": pod},
    }
    deployment = _object("apps/v1", "Deployment", component.name, spec=spec)
    deployment["metadata"]["labels"] = dict(labels)
    return deployment


def _container(component: _Component, image: str | None) -> KubernetesObject:
    return {
        "name": component.name,
        "image": image or f"ghcr.io/kubiyabot/{component.name}:{RELEASE}",
        "ports": [{"name": "http", "containerPort": component.port}],
        "envFrom": [{"configMapRef": {"name": "runner-settings"}}],
        "resources": {
            "requests": {"cpu": "10m", "memory": "32Mi"},
            "limits": {"cpu": "500m", "memory": "256Mi"},
        },
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [
            {"name": "nats", "mountPath": "/etc/kubiya/nats", "readOnly": True},
            {"name": "registry", "mountPath": "/etc/kubiya/registry", "readOnly": True},
        ],
    }
