"""Generate the manifest of a runner.

A manifest contains the same kinds of objects as a real one and is valid for a real cluster. Its
namespaced objects have fixed names, like those of a real manifest. The names of its cluster-scoped
objects contain the runner's name, unless manifests share them.

The objects are serialized once, with placeholders such as `{namespace}` for what differs between
runners: a test or a benchmark may create hundreds of them.
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
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

PLACEHOLDER = re.compile(r"'\{(\w+)\}'|\{(\w+)\}")
"""A placeholder that is a whole YAML scalar, which is quoted, or a part of one."""

# The libyaml classes are ten times as fast, but not available on every platform.
YamlDumper: type[Any] = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
YamlLoader: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
MAX_WIDTH = 2**31 - 1
"""The greatest width of a line for libyaml."""


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
    values = {
        "runner": runner,
        "label": dns_label(runner),
        "namespace": namespace,
        **_credentials(),
    }

    scalars = {name: _scalar(text) for name, text in values.items()}

    def value(placeholder: re.Match[str]) -> str:
        scalar, part = placeholder.groups()
        return scalars[scalar] if scalar else values[part]

    return PLACEHOLDER.sub(value, _template(shared, image))


@cache
def _template(shared: bool, image: str | None) -> str:  # noqa: FBT001
    """Return the text of a manifest, with placeholders."""
    objects = [_object("v1", "Namespace", "{namespace}")]
    for component in COMPONENTS:
        objects += _namespaced_rbac(component)
    objects += _cluster_rbac("tool-manager" if shared else "tool-manager-{label}")
    objects += _settings()
    objects += [_service(component) for component in COMPONENTS if component.has_service]
    objects += [_deployment(component, image) for component in COMPONENTS]
    for obj in objects:
        _complete_metadata(obj)
    return str(yaml.dump_all(objects, Dumper=YamlDumper, sort_keys=False, explicit_start=True))


def _scalar(text: str) -> str:
    """Return a text as a YAML scalar on one line, with quotes if it needs them."""
    style = None if text.isprintable() else '"'  # Only double quotes escape a line break.
    document = yaml.dump(text, Dumper=YamlDumper, default_style=style, width=MAX_WIDTH)
    return str(document).removesuffix("\n").removesuffix("\n...")


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


def _complete_metadata(obj: KubernetesObject) -> None:
    """Add the namespace, labels and annotations of an object."""
    metadata = obj["metadata"]
    if obj["kind"] not in {"Namespace", "ClusterRole", "ClusterRoleBinding"}:
        metadata["namespace"] = "{namespace}"
    metadata["labels"] = {
        **metadata.get("labels", {}),
        "app.kubernetes.io/part-of": "kubiya-runner",
        "kubiya.ai/runner": "{label}",
    }
    metadata["annotations"] = {"kubiya.ai/runner-name": "{runner}"}


def _namespaced_rbac(component: _Component) -> list[KubernetesObject]:
    name, rules = component.name, [dict(rule) for rule in component.rules]
    subject = {"kind": "ServiceAccount", "name": name, "namespace": "{namespace}"}
    role = {"apiGroup": RBAC, "kind": "Role", "name": name}
    return [
        _object("v1", "ServiceAccount", name),
        _object(f"{RBAC}/v1", "Role", name, rules=rules),
        _object(f"{RBAC}/v1", "RoleBinding", name, roleRef=role, subjects=[subject]),
    ]


def _cluster_rbac(prefix: str) -> list[KubernetesObject]:
    """Return permissions on the whole cluster: what a reviewer checks first."""
    everything = {"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}
    volumes = _rule("", "persistentvolumes", "get list watch create delete")
    subject = {"kind": "ServiceAccount", "name": "tool-manager", "namespace": "{namespace}"}
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


def _settings() -> list[KubernetesObject]:
    """Return the Secrets and the ConfigMap."""
    credentials = {"nats.creds": "{nats_credentials}"}
    tls = {"tls.crt": "{certificate}", "tls.key": "{private_key}"}
    data = {
        "RUNNER_NAME": "{runner}",
        "NATS_URL": "tls://connect.example.com:4222",
        "LOG_LEVEL": "info",
    }
    return [
        _object("v1", "Secret", "nats-credentials", type="Opaque", data=credentials),
        _object("v1", "Secret", "registry-tls", type="kubernetes.io/tls", data=tls),
        _object("v1", "ConfigMap", "runner-settings", data=data),
    ]


def _credentials() -> dict[str, str]:
    """Return the data of the Secrets, in base64. They are random and grant no access."""
    jwt, seed = secrets.token_urlsafe(48), secrets.token_urlsafe(32)
    texts = {
        "nats_credentials": f"jwt: {jwt}\nseed: {seed}\n",
        "certificate": _pem("CERTIFICATE", secrets.token_bytes(512)),
        "private_key": _pem("PRIVATE KEY", secrets.token_bytes(256)),
    }
    return {name: base64.b64encode(text.encode()).decode() for name, text in texts.items()}


def _pem(kind: str, content: bytes) -> str:
    body = base64.encodebytes(content).decode()
    return f"-----BEGIN {kind}-----\n{body}-----END {kind}-----\n"


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
