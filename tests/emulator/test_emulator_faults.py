"""Injected faults, as a client on a raw socket observes them."""

from __future__ import annotations

import socket
import struct
import threading
import time
from typing import Any, get_args

import pytest
from plain_client import Client

from kubiya_pulumi.emulator import Emulator, Fault, OptionError
from kubiya_pulumi.emulator.faults import Kind

NAME = "runner-prod"


def exchange(emulator: Emulator, request_line: str) -> tuple[bytes, bool]:
    """Return what the connection delivers, and whether a reset ended it."""
    port = int(emulator.url.rpartition(":")[2])
    head = f"{request_line} HTTP/1.1\r\nHost: x\r\nAuthorization: UserKey k\r\n"
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(f"{head}Content-Length: 0\r\n\r\n".encode())
        received = b""
        try:
            while chunk := connection.recv(65536):
                received += chunk
        except ConnectionResetError:
            return received, True
        return received, False


@pytest.mark.parametrize("when", ["before", "after"])
def test_reset(emulator: Emulator, when: str) -> None:
    emulator.faults.add("reset", operation="createRunner", when=when)
    assert exchange(emulator, f"POST /api/v3/runners/{NAME}") == (b"", True)
    assert (NAME in emulator.runners) == (when == "after")
    [call] = emulator.calls
    assert (call.operation, call.status) == ("createRunner", None)


def test_cut(emulator: Emulator) -> None:
    emulator.add_runner(NAME)
    emulator.faults.add("cut", operation="getRunnerManifest")
    received, was_reset = exchange(emulator, f"GET /v1/runners/{NAME}/manifest")
    head, _, body = received.partition(b"\r\n\r\n")
    content_length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
    assert (len(body), was_reset) == (content_length // 2, False)


@pytest.mark.parametrize("when", ["before", "after"])
def test_hang_until_the_emulator_stops(when: str) -> None:
    with Emulator() as emulator:
        emulator.faults.add("hang", when=when)
        results: list[tuple[bytes, bool]] = []
        waiting = threading.Thread(
            target=lambda: results.append(exchange(emulator, f"POST /api/v3/runners/{NAME}"))
        )
        waiting.start()
        client = Client(emulator)
        with client.session:
            while not emulator.calls:
                time.sleep(0.005)
            while when == "after" and not emulator.runners:
                client.list()
            assert client.describe(NAME).status_code == (404 if when == "before" else 200)
        assert not results
    waiting.join(10)
    assert results == [(b"", True)]


@pytest.mark.parametrize("when", ["before", "after"])
def test_hang_for_a_number_of_seconds(client: Client, when: str) -> None:
    client.emulator.faults.add("hang", seconds=0.01, when=when)
    assert client.create(NAME).status_code == 200
    assert NAME in client.emulator.runners


def test_drip(client: Client) -> None:
    client.emulator.add_runner(NAME)
    whole = client.describe(NAME).content
    client.emulator.faults.add("drip", seconds=0)
    port = int(client.emulator.url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        request = f"GET /v1/runners/{NAME}/describe HTTP/1.1\r\nHost: x\r\n"
        connection.sendall(f"{request}Authorization: UserKey k\r\n\r\n".encode())
        received = b""
        while not received.endswith(whole):
            received += connection.recv(1)
    assert f"content-length: {len(whole)}\r\n".encode() in received


def test_a_slow_drip_ends_when_the_emulator_stops() -> None:
    with Emulator() as emulator:
        emulator.faults.add("drip", seconds=1000)
        port = int(emulator.url.rpartition(":")[2])
        connection = socket.create_connection(("127.0.0.1", port), timeout=10)
        connection.sendall(b"GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n")
        assert connection.recv(65536).startswith(b"HTTP/1.1 404")
    with connection, pytest.raises(ConnectionResetError):
        connection.recv(65536)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("status", [204, 400, 401, 429, 500, 502, 503, 599])
def test_status(client: Client, status: int, when: str) -> None:
    client.emulator.faults.add("status", status=status, retry_after="7", when=when)
    response = client.create(NAME)
    assert (response.status_code, response.headers["retry-after"]) == (status, "7")
    assert (NAME in client.emulator.runners) == (when == "after")
    assert client.create(NAME).status_code == 200


def test_html(client: Client) -> None:
    client.emulator.faults.add("html")
    response = client.list()
    assert (response.status_code, response.text[:15]) == (200, "<!DOCTYPE html>")


def test_wrong_shape(client: Client) -> None:
    client.emulator.faults.add("wrong_shape")
    assert client.list().json() == ["of another shape"]


@pytest.mark.parametrize("status", [None, 307])
def test_redirect(client: Client, status: int | None) -> None:
    client.emulator.faults.add("redirect", location="http://127.0.0.1:1/", status=status)
    response = client.list()
    assert (response.status_code, response.headers["location"]) == (
        status or 302,
        "http://127.0.0.1:1/",
    )


def test_which_calls_fail(client: Client) -> None:
    faults = client.emulator.faults
    faults.add("status", status=500, nth=2)
    faults.add("status", status=503, operation="describeRunner", nth=1, count=2)
    faults.add("status", status=502, runner="special", count=None)
    statuses = [client.list().status_code for _ in range(3)]
    assert statuses == [200, 500, 200]
    assert [client.describe("a").status_code for _ in range(3)] == [503, 503, 404]
    assert [client.describe("special").status_code for _ in range(3)] == [502, 502, 502]
    assert [fault.status for fault in faults.pending()] == [502]
    faults.clear()
    assert faults.pending() == ()
    assert client.describe("special").status_code == 404


def test_faults_that_match_the_same_call_fail_one_call_each(client: Client) -> None:
    faults = client.emulator.faults
    faults.add("status", status=500)
    faults.add("status", status=503)
    faults.add("status", status=502, nth=2, count=2)
    assert [client.list().status_code for _ in range(5)] == [500, 503, 502, 502, 200]
    assert faults.pending() == ()


def test_faults_apply_to_unknown_paths_and_wrong_keys(client: Client) -> None:
    client.emulator.configure(api_key="pinned")
    client.emulator.faults.add("status", status=503, count=2)
    assert client.call("GET", "/nowhere").status_code == 503
    wrong = {"Authorization": "UserKey wrong"}
    assert client.call("GET", "/api/v3/runners", headers=wrong).status_code == 503
    assert client.call("GET", "/api/v3/runners", headers=wrong).status_code == 401


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({}, "kind"),
        ({"kind": "other"}, "kind"),
        ({"kind": ["reset"]}, "kind"),
        ({"kind": "status"}, "status"),
        ({"kind": "status", "status": 700}, "status"),
        ({"kind": "status", "status": "500"}, "status"),
        ({"kind": "status", "status": 500, "retry_after": "a\r\nb: c"}, "retry_after"),
        ({"kind": "redirect"}, "location"),
        ({"kind": "redirect", "location": "http://ü/"}, "location"),
        ({"kind": "reset", "nth": 0}, "nth"),
        ({"kind": "reset", "nth": None}, "nth"),
        ({"kind": "reset", "count": 0}, "count"),
        ({"kind": "reset", "count": True}, "count"),
        ({"kind": "reset", "when": "later"}, "when"),
        ({"kind": "reset", "operation": None}, "operation"),
        ({"kind": "reset", "runner": 1}, "runner"),
        ({"kind": "hang", "seconds": -1}, "seconds"),
        ({"kind": "hang", "seconds": float("inf")}, "seconds"),
        ({"kind": "hang", "secs": 1}, "secs"),
    ],
)
def test_an_invalid_fault_is_refused(data: dict[str, Any], field: str) -> None:
    with pytest.raises(OptionError, match=field):
        Fault.from_dict(data)


def test_messages_about_faults_quote_names() -> None:
    kinds = ", ".join(f'"{kind}"' for kind in get_args(Kind))
    for data, message in (
        ({}, 'A fault requires the field "kind".'),
        ({"kind": "other"}, f'The field "kind" of a fault must be one of {kinds}.'),
        ({"kind": "status"}, 'A fault of kind "status" requires the field "status".'),
        (
            {"kind": "reset", "when": "later"},
            'The field "when" of a fault must be "before" or "after".',
        ),
        (
            {"kind": "reset", "nth": 0},
            'The field "nth" of a fault must be an integer, 1 or greater.',
        ),
        ({"kind": "reset", "b": 1, "a": 1}, "A fault has no such field: a, b."),
    ):
        with pytest.raises(OptionError) as raised:
            Fault.from_dict(data)
        assert str(raised.value) == message


def test_a_client_that_disconnects_does_not_harm(client: Client) -> None:
    port = int(client.emulator.url.rpartition(":")[2])
    for sent in (
        b"POST /api/v3/runners/x HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{",
        b"GET",
    ):
        with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
            connection.sendall(sent)
            linger = struct.pack("ii", 1, 0)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    assert client.list().status_code == 200
    assert "x" not in client.emulator.runners
