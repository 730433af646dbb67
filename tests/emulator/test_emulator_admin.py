"""The admin API offers what `Emulator` offers in Python."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from plain_client import Client

from kubiya_pulumi.emulator import Emulator


def admin(emulator: Emulator, method: str, path: str, **options: Any) -> requests.Response:
    return requests.request(method, f"{emulator.url}/_emulator{path}", timeout=10, **options)


def test_runners(emulator: Emulator) -> None:
    created = admin(emulator, "PUT", "/runners/a%20%25", json={"description": "d"})
    assert created.status_code == 201
    assert emulator.runners["a %"].description == "d"
    [shown] = admin(emulator, "GET", "/runners").json()
    assert shown == created.json()
    assert shown["manifest_url"] == emulator.manifest_url("a %")
    assert "manifest" not in shown
    assert admin(emulator, "PUT", "/runners/a%20%25").status_code == 400
    assert admin(emulator, "DELETE", "/runners/a%20%25").status_code == 204
    assert admin(emulator, "DELETE", "/runners/a%20%25").status_code == 404
    emulator.add_runner("b")
    assert admin(emulator, "DELETE", "/runners").status_code == 204
    assert not emulator.runners


def test_manifest_and_health(emulator: Emulator, client: Client) -> None:
    emulator.add_runner("a")
    path = "/runners/a/manifest"
    assert admin(emulator, "PUT", path, data="kind: X # ü\n".encode()).status_code == 204
    assert emulator.runners["a"].manifest == "kind: X # ü\n"
    assert admin(emulator, "PUT", path, data=b"\xff").status_code == 400
    assert admin(emulator, "PUT", "/runners/b/manifest", data=b"").status_code == 404
    for body, status in (
        ({"healthy": False}, "unhealthy"),
        ({"healthy": True}, "healthy"),
        ({"failing": {"x": "y"}}, "unhealthy"),
        ({}, "healthy"),
    ):
        assert admin(emulator, "PUT", "/runners/a/health", json=body).status_code == 204
        assert client.health("a").json()["status"] == status
    for invalid in ({"healthy": "no"}, {"failing": []}, {"failing": {"x": 1}}):
        assert admin(emulator, "PUT", "/runners/a/health", json=invalid).status_code == 400


def test_calls(emulator: Emulator, client: Client) -> None:
    client.describe("missing")
    assert admin(emulator, "GET", "/calls").json() == [
        {
            "method": "GET",
            "path": "/v1/runners/missing/describe",
            "operation": "describeRunner",
            "runner": "missing",
            "authorized": True,
            "status": 404,
        }
    ]
    assert admin(emulator, "DELETE", "/calls").status_code == 204
    assert admin(emulator, "GET", "/calls").json() == []


def test_faults(emulator: Emulator, client: Client) -> None:
    added = admin(emulator, "POST", "/faults", json={"kind": "status", "status": 503, "nth": 2})
    assert added.status_code == 201
    assert admin(emulator, "GET", "/faults").json() == [added.json()]
    assert [client.list().status_code for _ in range(3)] == [200, 503, 200]
    admin(emulator, "POST", "/faults", json={"kind": "reset"})
    assert admin(emulator, "DELETE", "/faults").status_code == 204
    assert client.list().status_code == 200
    refused = admin(emulator, "POST", "/faults", json={"kind": "other"})
    assert (refused.status_code, "kind" in refused.json()["error"]["message"]) == (400, True)


def test_options_without_the_keys() -> None:
    with Emulator(api_key="pinned", forbidden_keys=["weak"], form="observed") as emulator:
        shown = admin(emulator, "GET", "/options")
        assert shown.json()["form"] == "observed"
        changed = admin(emulator, "PATCH", "/options", json={"list_as": "array"})
        assert changed.json() == shown.json() | {"list_as": "array"}
        assert emulator.api_key == "pinned"
        invalid = admin(emulator, "PATCH", "/options", json={"api_key": "other", "form": 1})
        assert (invalid.status_code, emulator.api_key) == (400, "pinned")
        admin(emulator, "PATCH", "/options", json={"forbidden_keys": ["pinned"]})
        assert (
            requests.get(
                f"{emulator.url}/api/v3/runners",
                headers={"Authorization": "UserKey pinned"},
                timeout=10,
            ).status_code
            == 403
        )
        assert admin(emulator, "DELETE", "/options").json() == shown.json()
        for response in (shown, changed, invalid):
            assert "pinned" not in response.text
            assert "weak" not in response.text


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/nowhere", b"", 404),
        ("POST", "/runners", b"", 405),
        ("PATCH", "/options", b"{", 400),
        ("PUT", "/runners/x", b"[]", 400),
        ("POST", "/faults", b" " * (1024 * 1024 + 1), 413),
        ("PUT", "/runners/%FF", b"", 400),
        ("PUT", "/runners/a%2Fb", b"", 400),
    ],
)
def test_an_invalid_request_changes_nothing(
    emulator: Emulator, method: str, path: str, body: bytes, status: int
) -> None:
    assert admin(emulator, method, path, data=body).status_code == status
    assert not emulator.runners


def test_admin_requests_are_not_recorded_and_not_faulted(emulator: Emulator) -> None:
    emulator.faults.add("reset")
    assert admin(emulator, "GET", "/runners").status_code == 200
    assert emulator.calls == []
