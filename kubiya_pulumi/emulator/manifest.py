"""The manifest of a runner: the same kinds of objects as a real one, valid for a real cluster.

The objects stand in a namespace of the runner's own and carry fixed names there, as a real
manifest's do; those of the whole cluster carry the runner's name.
"""

import base64
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import yaml

from kubiya_pulumi.emulator.models import DeploymentName
from kubiya_pulumi.emulator.names import dns_label

__all__ = ["deployments_in", "file_name", "manifest_text"]

_Object = dict[str, Any]
_Rule = dict[str, list[str]]
_RBAC: Final = "rbac.authorization.k8s.io"
_RELEASE: Final = "v2.0.0"

# libyaml's dumper and loader are ten times as fast, and not on every platform.
_Dumper: Final = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
_Loader: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class _Component:
    """A Deployment of the runner, with what it needs around it."""

    name: str
    port: int
    rules: tuple[_Rule, ...]
    served: bool = True


def _rule(group: str, resources: str, verbs: str) -> _Rule:
    return {"apiGroups": [group], "resources": resources.split(), "verbs": verbs.split()}


_COMPONENTS: Final = (
    _Component(
        "kubiya-operator",
        8080,
        (
            _rule("apps", "deployments", "get list watch update patch"),
            _rule("", "configmaps secrets", "get list watch"),
        ),
        served=False,
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


def file_name(runner: str) -> str:
    """A new last part of the URL of the runner's manifest; 128 bits of it cannot be guessed."""
    return f"{dns_label(runner)}-{secrets.token_hex(16)}.yaml"


def manifest_text(runner: str, namespace: str) -> str:
    """A new manifest for the runner as multi-document YAML, with fresh credentials in it.

    Args:
        runner: the runner's name, whatever its characters.
        namespace: where the objects go; a valid name of a namespace.
    """
    label = dns_label(runner)
    objects = [_object("v1", "Namespace", namespace)]
    objects += [each for part in _COMPONENTS for each in _access(part, namespace)]
    objects += _cluster_access(label, namespace)
    objects += _settings(runner)
    objects += [_service(part) for part in _COMPONENTS if part.served]
    objects += [_deployment(part) for part in _COMPONENTS]
    for each in objects:
        _place(each, runner, label, namespace)
    return yaml.dump_all(objects, Dumper=_Dumper, sort_keys=False, explicit_start=True)


def deployments_in(text: str) -> tuple[DeploymentName, ...]:
    """The Deployments of a manifest; none where the text is no Kubernetes YAML."""
    try:
        documents: Iterable[object] = list(yaml.load_all(text, Loader=_Loader))
    except (yaml.YAMLError, RecursionError, ValueError):
        return ()
    found = []
    for each in documents:
        metadata = each.get("metadata") if isinstance(each, dict) else None
        if isinstance(metadata, dict) and each.get("kind") == "Deployment":  # type: ignore[attr-defined]
            namespace = str(metadata.get("namespace") or "default")
            found.append(DeploymentName(namespace, str(metadata.get("name"))))
    return tuple(found)


def _object(api: str, kind: str, name: str, **content: Any) -> _Object:
    return {"apiVersion": api, "kind": kind, "metadata": {"name": name}, **content}


def _place(each: _Object, runner: str, label: str, namespace: str) -> None:
    """Completes the metadata: where the object is, and whose."""
    metadata = each["metadata"]
    if each["kind"] not in {"Namespace", "ClusterRole", "ClusterRoleBinding"}:
        metadata["namespace"] = namespace
    metadata["labels"] = {
        **metadata.get("labels", {}),
        "app.kubernetes.io/part-of": "kubiya-runner",
        "kubiya.ai/runner": label,
    }
    metadata["annotations"] = {"kubiya.ai/runner-name": runner}


def _access(part: _Component, namespace: str) -> list[_Object]:
    subject = {"kind": "ServiceAccount", "name": part.name, "namespace": namespace}
    reference = {"apiGroup": _RBAC, "kind": "Role", "name": part.name}
    return [
        _object("v1", "ServiceAccount", part.name),
        _object(f"{_RBAC}/v1", "Role", part.name, rules=[dict(rule) for rule in part.rules]),
        _object(f"{_RBAC}/v1", "RoleBinding", part.name, roleRef=reference, subjects=[subject]),
    ]


def _cluster_access(label: str, namespace: str) -> list[_Object]:
    """What a reviewer looks at first: rights on the whole cluster."""
    everything = {"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}
    volumes = _rule("", "persistentvolumes", "get list watch create delete")
    subject = {"kind": "ServiceAccount", "name": "tool-manager", "namespace": namespace}
    objects = []
    for suffix, rule in (("full-access", everything), ("persistent-volumes", volumes)):
        name = f"tool-manager-{label}-{suffix}"
        role = {"apiGroup": _RBAC, "kind": "ClusterRole", "name": name}
        objects += [
            _object(f"{_RBAC}/v1", "ClusterRole", name, rules=[rule]),
            _object(
                f"{_RBAC}/v1", "ClusterRoleBinding", name, roleRef=role, subjects=[dict(subject)]
            ),
        ]
    return objects


def _settings(runner: str) -> list[_Object]:
    """The Secrets and the ConfigMap. The credentials are random and open nothing."""
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


def _service(part: _Component) -> _Object:
    port = {"name": "http", "port": 80, "targetPort": "http"}
    return _object(
        "v1",
        "Service",
        part.name,
        spec={"selector": {"app.kubernetes.io/name": part.name}, "ports": [port]},
    )


def _deployment(part: _Component) -> _Object:
    labels = {"app.kubernetes.io/name": part.name}
    pod = {
        "serviceAccountName": part.name,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": 65532,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [_container(part)],
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
    deployment = _object("apps/v1", "Deployment", part.name, spec=spec)
    deployment["metadata"]["labels"] = dict(labels)
    return deployment


def _container(part: _Component) -> _Object:
    return {
        "name": part.name,
        "image": f"ghcr.io/kubiyabot/{part.name}:{_RELEASE}",
        "ports": [{"name": "http", "containerPort": part.port}],
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
