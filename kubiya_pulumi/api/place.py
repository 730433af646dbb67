"""Where a client finds the runners, and as whom: what their existence depends on."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

from kubiya_pulumi.api.connection import Connection
from kubiya_pulumi.api.urls import normalize_url

ORGANIZATION_CLAIMS = frozenset({"organization", "organizationid", "org", "orgid"})
"""The names of a token's claim that is its organization, in lower case and without separators. A
name that is a URL counts by its last segment."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """The service and the account whose runners a client sees."""

    base_url: str
    """The normalized base URL."""
    account: str = field(repr=False)
    """The organization of the API key if the key is a token that contains it, else a fingerprint
    of the key. It is a secret."""


def place_of(connection: Connection) -> Place:
    """Return where a connection leads, and as whom."""
    base_url = normalize_url(connection.base_url).rstrip("/")
    organization = _organization(connection.api_key)
    if organization is not None:
        return Place(base_url=base_url, account=f"organization {organization}")
    # The same key has the same fingerprint in every state, but another one at another service.
    fingerprint = hashlib.sha256(f"{base_url}\n{connection.api_key}".encode()).hexdigest()
    return Place(base_url=base_url, account=f"key {fingerprint}")


def _organization(api_key: str) -> str | None:
    """Return the organization in the key, if that is a JSON Web Token with one; otherwise None."""
    parts = api_key.split(".")
    claims = _claims(parts[1]) if len(parts) == 3 else {}
    for name, value in sorted(claims.items()):
        last = name.rstrip("/").rpartition("/")[2]
        is_organization = last.lower().replace("_", "").replace("-", "") in ORGANIZATION_CLAIMS
        if is_organization and isinstance(value, str) and value:
            return value
    return None


def _claims(segment: str) -> dict[str, Any]:
    try:
        decoded = base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))
        claims = json.loads(decoded)
    except (ValueError, RecursionError):  # Also of base64 and of the text's encoding.
        return {}
    return claims if isinstance(claims, dict) else {}
