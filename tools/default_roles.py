#!/usr/bin/env python3
"""Write the default roles of Kubernetes, as a real API server creates them, for the review.

    tools/default_roles.py      rewrite kubiya_pulumi/review/kubernetes/default_roles.json

Run it after a change of the Kubernetes version in `pins.py`. A test compares the file with the API
server.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from cluster import cluster
from terminal import output

FILE = Path(__file__).resolve().parent.parent / "kubiya_pulumi/review/kubernetes/default_roles.json"
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


def as_text(roles: Iterable[Mapping[str, Any]]) -> str:
    """Return the content of the file: JSON with one role in each line."""
    lines = ",\n".join(json.dumps(role, separators=(",", ":")) for role in roles)
    return f"[\n{lines}\n]\n"


def _sort_key(role: Mapping[str, Any]) -> tuple[str, str, str]:
    metadata = role["metadata"]
    return (role["kind"], metadata.get("namespace", ""), metadata["name"])


def main() -> None:
    """Rewrite the file from a new control plane, or from the cluster of KUBECONFIG."""
    with cluster() as kubeconfig:
        text = output(
            "kubectl", f"--kubeconfig={kubeconfig}", "get", "clusterroles,roles",
            "--all-namespaces", DEFAULT_ROLES, "--output=json",
        )  # fmt: skip
    FILE.write_text(as_text(default_roles(json.loads(text)["items"])))


if __name__ == "__main__":
    main()
