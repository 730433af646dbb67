#!/usr/bin/env python3
"""Write the default roles and bindings of Kubernetes, as a real API server creates them.

    tools/default_roles.py      rewrite default_roles.json and default_bindings.json of the review

Run it after a change of the Kubernetes version in `pins.py`. A test compares the files with the API
server.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from cluster import cluster
from terminal import output

FOLDER = Path(__file__).resolve().parent.parent / "kubiya_pulumi/review/kubernetes"
ROLES = "clusterroles,roles"
BINDINGS = "clusterrolebindings,rolebindings"
DEFAULT_ROLES = "--selector=kubernetes.io/bootstrapping=rbac-defaults"


def default_roles(listed: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the parts of the roles that the review needs, sorted by kind, namespace and name.

    An aggregated role has no rules of its own: a controller sets them to those that it selects.

    Args:
        listed: the roles, as the API server returns them.
    """
    roles = [
        {
            "kind": role["kind"],
            "metadata": {
                key: role["metadata"][key]
                for key in ("name", "namespace", "labels")
                if key in role["metadata"]
            },
            **(
                {"aggregationRule": role["aggregationRule"]}
                if role.get("aggregationRule")
                else {"rules": role.get("rules") or []}
            ),
        }
        for role in listed
    ]
    return sorted(roles, key=_sort_key)


def default_bindings(listed: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the parts of the bindings that the review needs, sorted by kind, namespace and name.

    Args:
        listed: the bindings, as the API server returns them.
    """
    bindings = [
        {
            "kind": binding["kind"],
            "metadata": {
                key: binding["metadata"][key]
                for key in ("name", "namespace")
                if key in binding["metadata"]
            },
            "roleRef": binding["roleRef"],
            "subjects": binding.get("subjects") or [],
        }
        for binding in listed
    ]
    return sorted(bindings, key=_sort_key)


def as_text(objects: Iterable[Mapping[str, Any]]) -> str:
    """Return the content of a file: JSON with one object in each line."""
    lines = ",\n".join(json.dumps(item, separators=(",", ":")) for item in objects)
    return f"[\n{lines}\n]\n"


def _sort_key(role: Mapping[str, Any]) -> tuple[str, str, str]:
    metadata = role["metadata"]
    return (role["kind"], metadata.get("namespace", ""), metadata["name"])


def main() -> None:
    """Rewrite the files from a new control plane, or from the cluster of KUBECONFIG."""
    with cluster() as kubeconfig:
        roles = default_roles(_listed(kubeconfig, ROLES))
        bindings = default_bindings(_listed(kubeconfig, BINDINGS))
    (FOLDER / "default_roles.json").write_text(as_text(roles))
    (FOLDER / "default_bindings.json").write_text(as_text(bindings))


def _listed(kubeconfig: Path, kinds: str) -> list[dict[str, Any]]:
    text = output(
        "kubectl", f"--kubeconfig={kubeconfig}", "get", kinds,
        "--all-namespaces", DEFAULT_ROLES, "--output=json",
    )  # fmt: skip
    return list(json.loads(text)["items"])


if __name__ == "__main__":
    main()
