"""Find the Kubernetes objects of a stack, and check whether they exist in the cluster."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from terminal import output


def objects_of(state: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the API version, kind, name and namespace of each Kubernetes object in a state.

    Args:
        state: the state, as `pulumi stack export` prints it.
    """
    required = {"apiVersion", "kind", "metadata"}
    outputs = [resource.get("outputs", {}) for resource in state["deployment"].get("resources", [])]
    return [_reference(properties) for properties in outputs if required <= properties.keys()]


def existing_objects(file: Path) -> list[str]:
    """Return the names of those objects in a manifest file that exist in the cluster.

    Raises:
        CommandError: kubectl failed.
    """
    return output("kubectl", "get", "-f", str(file), "--ignore-not-found", "-o", "name").split()


def _reference(outputs: dict[str, Any]) -> dict[str, Any]:
    metadata = {key: outputs["metadata"].get(key) for key in ("name", "namespace")}
    return {
        "apiVersion": outputs["apiVersion"],
        "kind": outputs["kind"],
        "metadata": {key: value for key, value in metadata.items() if value},
    }
