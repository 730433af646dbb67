"""Objects inside of objects, as data or as text: their controller applies them."""

from __future__ import annotations

import re
from collections.abc import Mapping

from kubiya_pulumi.review.kubernetes.coerce import as_str

_CONTENT = ("data", "metadata", "roleRef", "rules", "spec", "subjects", "template", "webhooks")


def _entry(*names: str) -> re.Pattern[str]:
    """Return a pattern of an entry with one of the names, in YAML or JSON."""
    return re.compile(rf"(?:^|[\s{{,\"'])(?:{'|'.join(names)})[\"']?[ \t]{{0,9}}:", re.MULTILINE)


_API_VERSION = _entry("apiVersion")
_KIND = _entry("kind")
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
    """Return whether a text contains an object, or a part of a pod as patches have it."""
    if ":" not in text:
        return False
    is_object = _API_VERSION.search(text) is not None and _KIND.search(text) is not None
    return is_object or _POD_FIELD.search(text) is not None
