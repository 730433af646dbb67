"""Which objects a stack has in the cluster, and whether they are there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from terminal import output


def objects_of(state: dict[str, Any]) -> list[dict[str, Any]]:
    """As much of each Kubernetes object in an exported state as kubectl needs to find it."""
    outputs = [each.get("outputs", {}) for each in state["deployment"]["resources"]]
    return [_reference(each) for each in outputs if {"apiVersion", "kind", "metadata"} <= {*each}]


def present(file: Path) -> list[str]:
    """The names of those objects in a file that are in the cluster.

    Raises:
        CommandError: kubectl cannot tell.
    """
    return output("kubectl", "get", "-f", str(file), "--ignore-not-found", "-o", "name").split()


def _reference(outputs: dict[str, Any]) -> dict[str, Any]:
    metadata = {key: outputs["metadata"].get(key) for key in ("name", "namespace")}
    return {
        "apiVersion": outputs["apiVersion"],
        "kind": outputs["kind"],
        "metadata": {key: value for key, value in metadata.items() if value},
    }
