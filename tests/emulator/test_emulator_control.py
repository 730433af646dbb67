"""The control over HTTP: the same as from Python."""

from typing import Any

import pytest
import requests
from plain_client import Client

from kubiya_pulumi.emulator import Emulator


def control(emulator: Emulator, method: str, path: str, **options: Any) -> requests.Response:
    return requests.request(method, f"{emulator.url}/_emulator{path}", timeout=10, **options)


def test_runners(emulator: Emulator) -> None:
    made = control(emulator, "PUT", "/runners/a%20%25", json={"description": "d"})
    assert made.status_code == 201
    assert emulator.runners["a %"].description == "d"
    [shown] = control(emulator, "GET", "/runners").json()
    assert shown == made.json()
    assert shown["manifest_url"] == emulator.manifest_url("a %")
    assert "manifest" not in shown
    assert control(emulator, "PUT", "/runners/a%20%25").status_code == 400
    assert control(emulator, "DELETE", "/runners/a%20%25").status_code == 204
    assert control(emulator, "DELETE", "/runners/a%20%25").status_code == 404
    emulator.add_runner("b")
    assert control(emulator, "DELETE", "/runners").status_code == 204
    assert not emulator.runners


def test_manifest_and_health(emulator: Emulator, client: Client) -> None:
    emulator.add_runner("a")
    path = "/runners/a/manifest"
    assert control(emulator, "PUT", path, data="kind: X # ü\n".encode()).status_code == 204
    assert emulator.runners["a"].manifest == "kind: X # ü\n"
    assert control(emulator, "PUT", path, data=b"\xff").status_code == 400
    assert control(emulator, "PUT", "/runners/b/manifest", data=b"").status_code == 404
    for body, status in (
        ({"healthy": False}, "unhealthy"),
        ({"healthy": True}, "healthy"),
        ({"failing": {"x": "y"}}, "unhealthy"),
        ({}, "healthy"),
    ):
        assert control(emulator, "PUT", "/runners/a/health", json=body).status_code == 204
        assert client.health("a").json()["status"] == status
    for wrong in ({"healthy": "no"}, {"failing": []}, {"failing": {"x": 1}}):
        assert control(emulator, "PUT", "/runners/a/health", json=wrong).status_code == 400


def test_calls(emulator: Emulator, client: Client) -> None:
    client.describe("nobody")
    assert control(emulator, "GET", "/calls").json() == [
        {
            "method": "GET",
            "path": "/v1/runners/nobody/describe",
            "operation": "describeRunner",
            "runner": "nobody",
            "authorized": True,
            "status": 404,
        }
    ]
    assert control(emulator, "DELETE", "/calls").status_code == 204
    assert control(emulator, "GET", "/calls").json() == []


def test_faults(emulator: Emulator, client: Client) -> None:
    added = control(emulator, "POST", "/faults", json={"kind": "status", "status": 503, "nth": 2})
    assert added.status_code == 201
    assert control(emulator, "GET", "/faults").json() == [added.json()]
    assert [client.list().status_code for _ in range(3)] == [200, 503, 200]
    control(emulator, "POST", "/faults", json={"kind": "reset"})
    assert control(emulator, "DELETE", "/faults").status_code == 204
    assert client.list().status_code == 200
    refused = control(emulator, "POST", "/faults", json={"kind": "other"})
    assert (refused.status_code, "kind" in refused.json()["error"]["message"]) == (400, True)


def test_switches_without_the_keys() -> None:
    with Emulator(api_key="pinned", forbidden_keys=["weak"], form="observed") as emulator:
        shown = control(emulator, "GET", "/options")
        assert shown.json()["form"] == "observed"
        changed = control(emulator, "PATCH", "/options", json={"list_as": "array"})
        assert changed.json() == shown.json() | {"list_as": "array"}
        assert emulator.api_key == "pinned"
        wrong = control(emulator, "PATCH", "/options", json={"api_key": "other", "form": 1})
        assert (wrong.status_code, emulator.api_key) == (400, "pinned")
        control(emulator, "PATCH", "/options", json={"forbidden_keys": ["pinned"]})
        assert (
            requests.get(
                f"{emulator.url}/api/v3/runners",
                headers={"Authorization": "UserKey pinned"},
                timeout=10,
            ).status_code
            == 403
        )
        assert control(emulator, "DELETE", "/options").json() == shown.json()
        for answer in (shown, changed, wrong):
            assert "pinned" not in answer.text
            assert "weak" not in answer.text


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
def test_what_cannot_be_done(
    emulator: Emulator, method: str, path: str, body: bytes, status: int
) -> None:
    assert control(emulator, method, path, data=body).status_code == status
    assert not emulator.runners


def test_control_is_no_call_and_meets_no_fault(emulator: Emulator) -> None:
    emulator.faults.add("reset")
    assert control(emulator, "GET", "/runners").status_code == 200
    assert emulator.calls == []
