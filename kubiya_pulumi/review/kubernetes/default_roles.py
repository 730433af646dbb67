"""The default roles and bindings of Kubernetes, which every API server creates when it starts.

`default_roles.json` and `default_bindings.json` have them as an API server of version 1.35 creates
them without alpha and beta features. `tools/default_roles.py` writes the files. Other versions of
Kubernetes may add roles, rules and bindings.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

_ROLES = "default_roles.json"
_BINDINGS = "default_bindings.json"


@cache
def default_roles() -> tuple[Mapping[str, Any], ...]:
    """Return the bodies of the default ClusterRoles and Roles: kind, metadata and rules.

    An aggregated role has an `aggregationRule` instead of rules.
    """
    return _read(_ROLES)


@cache
def default_bindings() -> tuple[Mapping[str, Any], ...]:
    """Return the bodies of the default bindings: kind, metadata, roleRef and subjects."""
    return _read(_BINDINGS)


@cache
def default_names(kind: str, namespace: str) -> frozenset[str]:
    """Return the names of the default roles or bindings of a kind.

    Args:
        kind: `ClusterRole`, `ClusterRoleBinding`, `Role` or `RoleBinding`.
        namespace: the namespace of the objects; empty for a cluster-scoped kind.
    """
    return frozenset(
        item["metadata"]["name"]
        for item in (*default_roles(), *default_bindings())
        if item["kind"] == kind and item["metadata"].get("namespace", "") == namespace
    )


def _read(file: str) -> tuple[Mapping[str, Any], ...]:
    return tuple(json.loads(files(__package__).joinpath(file).read_text(encoding="utf-8")))
