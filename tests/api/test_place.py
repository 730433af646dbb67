"""Where a client finds the runners, and as whom."""

import base64
import json

import pytest

from kubiya_pulumi.api import Connection
from kubiya_pulumi.api.place import place_of


def token(claims: object) -> str:
    """Return a JSON Web Token; only its claims matter."""
    text = claims if isinstance(claims, bytes) else json.dumps(claims).encode()
    return f"e30.{base64.urlsafe_b64encode(text).decode().rstrip('=')}.c2ln"


def account(api_key: str, base_url: str = "https://api.example") -> str:
    return place_of(Connection(api_key=api_key, base_url=base_url)).account


@pytest.mark.parametrize(
    "claim",
    ["organization", "org", "org_id", "organizationId", "https://api.example/claims/organization"],
)
def test_the_organization_of_a_token_is_the_account(claim: str) -> None:
    for subject in ("1", "2"):
        assert account(token({"sub": subject, claim: "acme"})) == "organization acme"


@pytest.mark.parametrize(
    "key",
    [
        "opaque",
        "a.b.c",
        "..",
        token({"sub": "1"}),
        token({"organization": ""}),
        token({"organization": 5}),
        token(["organization"]),
        token(b"\xff"),
        token(b"[" * 100_000),
        "e30.\x7e\x7e.c2ln",
    ],
)
def test_any_other_key_has_a_fingerprint(key: str) -> None:
    assert account(key).startswith("key ")
    assert key not in account(key)
    assert account(key) == account(key) != account(key + "x")
    assert account(key) != account(key, "https://other.example")


@pytest.mark.parametrize(
    "url", ["https://API.example/", "https://api.example", "https://api.example/api/v1/"]
)
def test_spellings_of_a_base_url_are_one_place(url: str) -> None:
    place = place_of(Connection(api_key="k", base_url=url))
    assert place == place_of(Connection(api_key="k", base_url="https://api.example"))


def test_the_account_is_not_printed() -> None:
    place = place_of(Connection(api_key="k", base_url="https://api.example"))
    assert place.account not in repr(place)
