"""Build previews in the engine's JSON, with content that a real preview cannot be made to have."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

GROUP = "kubernetes:yaml/v2:ConfigGroup"
RBAC = "rbac.authorization.k8s.io/v1"
CLUSTER = "urn:pulumi:dev::infra::pulumi:providers:kubernetes::default_4_34_2"


def urn(type_: str, name: str) -> str:
    return f"urn:pulumi:dev::infra::{type_}::{name}"


def step(op: str, type_: str, name: str, **more: Any) -> dict[str, Any]:
    return {"op": op, "urn": urn(type_, name), **more}


def state(inputs: dict[str, Any], cluster: str = CLUSTER, **more: Any) -> dict[str, Any]:
    return {"inputs": inputs, "provider": f"{cluster}::an-id", **more}


def object_step(
    op: str, *versions: dict[str, Any] | None, cluster: str = CLUSTER
) -> dict[str, Any]:
    """Return a step for an object, given the object before and after the step."""
    old, new = (*versions, None)[:2] if op != "create" else (None, versions[0])
    if op == "same":
        new = old
    body = new or old
    assert body is not None
    name = "/".join(filter(None, (body["metadata"].get("namespace"), body["metadata"]["name"])))
    type_ = f"kubernetes:{body['apiVersion']}:{body['kind']}".replace(":v1:", ":core/v1:")
    return step(
        op,
        f"{GROUP}${type_}",
        f"objects:{name}",
        oldState=old and state(old, cluster),
        newState=new and state(new, cluster),
    )


def document(*steps: dict[str, Any], unlisted: int = 0, **more: Any) -> str:
    """Return the output of `pulumi preview --json`.

    Args:
        steps: the steps of the document.
        unlisted: the number of unchanged resources that the document omits.
        more: other fields of the document.
    """
    counts = Counter(step["op"] for step in steps)
    counts["same"] += unlisted
    return json.dumps({"steps": steps, "duration": 1, "changeSummary": counts, **more})


def role(name: str = "reader", *, namespace: str = "", rules: list[Any]) -> dict[str, Any]:
    kind = "Role" if namespace else "ClusterRole"
    return _object(RBAC, kind, name, namespace, rules=rules)


def rule(verbs: str, resources: str, group: str = "") -> dict[str, list[str]]:
    return {"apiGroups": [group], "resources": resources.split(), "verbs": verbs.split()}


def binding(
    name: str = "reader", *, role_name: str = "reader", role_kind: str = "", namespace: str = ""
) -> dict[str, Any]:
    kind = "RoleBinding" if namespace else "ClusterRoleBinding"
    subject = {"kind": "ServiceAccount", "name": "tool-manager", "namespace": "kubiya-system"}
    ref_kind = role_kind or ("Role" if namespace else "ClusterRole")
    reference = {"apiGroup": RBAC.split("/")[0], "kind": ref_kind, "name": role_name}
    return _object(RBAC, kind, name, namespace, roleRef=reference, subjects=[subject])


def deployment(name: str, *images: str, **container: Any) -> dict[str, Any]:
    containers = [{"name": f"c{n}", "image": image, **container} for n, image in enumerate(images)]
    pod = {"spec": {"containers": containers, "serviceAccountName": name}}
    return _object("apps/v1", "Deployment", name, "kubiya-system", spec={"template": pod})


def _object(api: str, kind: str, name: str, namespace: str, **content: Any) -> dict[str, Any]:
    metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
    return {"apiVersion": api, "kind": kind, "metadata": metadata, **content}
