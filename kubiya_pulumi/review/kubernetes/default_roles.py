"""The default roles of Kubernetes, which every API server creates when it starts.

`default_roles.json` has them as an API server of version 1.35 creates them without alpha and beta
features. `tools/default_roles.py` writes the file. Other versions of Kubernetes may add roles and
rules.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

CLUSTER_ADMIN = "cluster-admin"

_DATA = "default_roles.json"


@cache
def default_roles() -> tuple[Mapping[str, Any], ...]:
    """Return the bodies of the default ClusterRoles and Roles: kind, metadata and rules.

    An aggregated role has an `aggregationRule` instead of rules.
    """
    return tuple(json.loads(files(__package__).joinpath(_DATA).read_text(encoding="utf-8")))


@cache
def default_role_names(kind: str, namespace: str) -> frozenset[str]:
    """Return the names of the default roles of a kind.

    Args:
        kind: `ClusterRole` or `Role`.
        namespace: the namespace of the Roles; empty for ClusterRoles.
    """
    return frozenset(
        role["metadata"]["name"]
        for role in default_roles()
        if role["kind"] == kind and role["metadata"].get("namespace", "") == namespace
    )
