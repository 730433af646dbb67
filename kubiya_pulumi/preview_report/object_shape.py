"""Which parts of an object the report reads, and where an object has another form than that."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from kubiya_pulumi.preview_report.hidden import Hidden, Path
from kubiya_pulumi.review.kubernetes.api_groups import RBAC_GROUP
from kubiya_pulumi.review.kubernetes.coerce import get_path

_TEXTS = [str]
_RULE = {
    "verbs": _TEXTS,
    "apiGroups": _TEXTS,
    "resources": _TEXTS,
    "resourceNames": _TEXTS,
    "nonResourceURLs": _TEXTS,
}
_SELECTOR = {
    "matchLabels": {},
    "matchExpressions": [{"key": str, "operator": str, "values": _TEXTS}],
}
# https://kubernetes.io/docs/reference/kubernetes-api/authorization-resources/
_ROLE = {"rules": [_RULE], "aggregationRule": {"clusterRoleSelectors": [_SELECTOR]}}
_BINDING = {
    "roleRef": {"kind": str, "name": str},
    "subjects": [{"kind": str, "name": str, "namespace": str}],
}
_RBAC: Mapping[str, Any] = {
    "ClusterRole": _ROLE,
    "Role": _ROLE,
    "ClusterRoleBinding": _BINDING,
    "RoleBinding": _BINDING,
}
_METADATA = {"name": str, "namespace": str, "generateName": str, "labels": {}}
_POD: Any = {
    key: [{"image": str}] for key in ("containers", "initContainers", "ephemeralContainers")
}

# https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/
_TEMPLATE_KINDS = (
    "DaemonSet",
    "Deployment",
    "Job",
    "ReplicaSet",
    "ReplicationController",
    "StatefulSet",
)
_POD_PATHS: Mapping[str, tuple[str, ...]] = {
    "Pod": ("spec",),
    "PodTemplate": ("template", "spec"),
    "CronJob": ("spec", "jobTemplate", "spec", "template", "spec"),
    **dict.fromkeys(_TEMPLATE_KINDS, ("spec", "template", "spec")),
}
"""The path of the pod's specification in each kind of Kubernetes that has one."""


def is_rbac(api_version: str) -> bool:
    """Return whether an API version is one of RBAC."""
    return api_version.rpartition("/")[0] == RBAC_GROUP


def is_reviewed(api_version: str, kind: str, path: Path) -> bool:
    """Return whether the report depends on the value at a path of an object.

    It depends on the identity of each object, on RBAC and the labels by which roles are
    aggregated, on the specification of each pod, and on custom kinds, which may contain pods.
    """
    if path[:1] in ((), ("apiVersion",), ("kind",)):
        return True
    if path[0] == "metadata":
        identity = {"name", "namespace", "generateName"}
        used = identity | {"labels"} if is_rbac(api_version) and kind == "ClusterRole" else identity
        return len(path) == 1 or path[1] in used
    if is_rbac(api_version) or not _is_kubernetes_api(api_version):
        return True
    pod = _POD_PATHS.get(kind, ())
    return bool(pod) and path[: len(pod)] == pod[: len(path)]


def malformed_paths(api_version: str, kind: str, body: Mapping[str, Any]) -> Iterator[Path]:
    """Yield the paths of values that the report reads, and whose types Kubernetes does not allow.

    A hidden value is not malformed.
    """
    yield from _mismatches(body.get("metadata"), _METADATA, ("metadata",))
    metadata = body.get("metadata")
    if not isinstance(metadata, Hidden) and not (
        get_path(metadata, "name") or get_path(metadata, "generateName")
    ):
        yield ("metadata", "name")
    if is_rbac(api_version):
        yield from _mismatches(body, _RBAC.get(kind, {}), ())
    elif _is_kubernetes_api(api_version) and (pod := _POD_PATHS.get(kind)):
        schema = _POD
        for key in reversed(pod):
            schema = {key: schema}
        yield from _mismatches(body, schema, ())


def _mismatches(value: object, schema: Any, path: Path) -> Iterator[Path]:
    """Yield the paths of values that differ from a schema of nested types. Any may be missing."""
    if value is None or isinstance(value, Hidden):
        return
    if isinstance(schema, Mapping):
        if not isinstance(value, Mapping):
            yield path
            return
        for key, entry in schema.items():
            yield from _mismatches(value.get(key), entry, (*path, key))
    elif isinstance(schema, list):
        if not isinstance(value, list):
            yield path
            return
        for index, entry in enumerate(value):
            # An entry, unlike a property, cannot be missing.
            if entry is None:
                yield (*path, index)
            yield from _mismatches(entry, schema[0], (*path, index))
    elif not isinstance(value, schema):
        yield path


def _is_kubernetes_api(api_version: str) -> bool:
    group = api_version.rpartition("/")[0]
    return "." not in group or group.endswith(".k8s.io")
