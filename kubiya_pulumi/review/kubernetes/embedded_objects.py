"""Objects and permissions inside of objects: their controller applies or grants them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from kubiya_pulumi.review.kubernetes.coerce import as_str

_CONTENT = ("data", "metadata", "roleRef", "rules", "spec", "subjects", "template", "webhooks")


def _entry(*names: str) -> re.Pattern[str]:
    """Return a pattern of an entry with one of the names, in YAML or JSON."""
    return re.compile(rf"(?:^|[\s{{,\"'])(?:{'|'.join(names)})[\"']?[ \t]{{0,9}}:", re.MULTILINE)


_API_VERSION = _entry("apiVersion")
_KIND = _entry("kind")
_VERBS = _entry("verbs")
_RULE_FIELDS = ("apiGroups", "nonResourceURLs", "resources")
_RULE_FIELD = _entry(*_RULE_FIELDS)
_POD_FIELD = _entry(
    "hostIPC",
    "hostNetwork",
    "hostPID",
    "hostPath",
    "privileged",
    "securityContext",
    "serviceAccountName",
)


def is_embedded_object(value: Mapping[str, object]) -> bool:
    """Return whether a mapping is an object, not only a reference to one."""
    has_type = as_str(value.get("apiVersion")) and as_str(value.get("kind"))
    return bool(has_type) and any(key in value for key in _CONTENT)


def is_object_text(text: str) -> bool:
    """Return whether a text contains an object, a rule of a role, or a part of a pod."""
    if ":" not in text:
        return False
    is_object = _API_VERSION.search(text) is not None and _KIND.search(text) is not None
    is_rule = _VERBS.search(text) is not None and _RULE_FIELD.search(text) is not None
    return is_object or is_rule or _POD_FIELD.search(text) is not None


def permission_fields(value: Mapping[str, Any]) -> list[str]:
    """Return the fields of a mapping that make it a rule of a role, or that name a role."""
    return [
        *(("verbs",) if "verbs" in value and any(key in value for key in _RULE_FIELDS) else ()),
        *(("kind",) if value.get("kind") in ("ClusterRole", "Role") else ()),
        *(key for key, entry in value.items() if entry and _names_role(as_str(key).lower())),
    ]


def _names_role(key: str) -> bool:
    return "clusterrole" in key or "roleref" in key
