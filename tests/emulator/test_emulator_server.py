"""The emulator as a server: many clients at once, its address, its end, its surface."""

import http.client
import socket
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from plain_client import Client

import kubiya_pulumi.emulator as package
from kubiya_pulumi.emulator import AddressError, Emulator


def test_many_clients_at_once(emulator: Emulator) -> None:
    names = [f"runner-{number}" for number in range(96)]

    def create(name: str) -> tuple[int, int]:
        client = Client(emulator)
        with client.session:
            return client.create(name).status_code, client.list().status_code

    with ThreadPoolExecutor(32) as pool:
        assert set(pool.map(create, names)) == {(200, 200)}
    assert set(emulator.runners) == set(names)
    assert len({runner.namespace for runner in emulator.runners.values()}) == len(names)
    assert len(emulator.calls) == 2 * len(names)


def test_of_many_creates_of_one_name_one_makes_it(emulator: Emulator) -> None:
    emulator.configure(create_existing="conflict")

    def create(_: int) -> int:
        client = Client(emulator)
        with client.session:
            return client.create("same").status_code

    with ThreadPoolExecutor(32) as pool:
        assert sorted(pool.map(create, range(32))) == [200] + [409] * 31


def test_a_connection_is_kept(emulator: Emulator) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", int(emulator.url.rpartition(":")[2]), 10)
    connection.connect()
    first = connection.sock
    for method, path in (
        ("GET", "/nowhere"),
        ("POST", "/api/v3/runners/x"),
        ("HEAD", "/manifests/x"),
        ("DELETE", "/api/v3/runners"),
        ("GET", "/_emulator/calls"),
    ):
        connection.request(method, path)
        connection.getresponse().read()
        assert connection.sock is first
    connection.close()


def test_latency_comes_after_the_work(emulator: Emulator) -> None:
    emulator.configure(latency_seconds=60)
    url, headers = f"{emulator.url}/api/v3/runners/slow", {"Authorization": "UserKey k"}
    with pytest.raises(requests.ReadTimeout):
        requests.post(url, headers=headers, timeout=0.5)
    assert "slow" in emulator.runners


def test_it_ends_with_connections_open_and_calls_under_way() -> None:
    before = set(threading.enumerate())
    with Emulator(latency_seconds=60) as emulator:
        port = int(emulator.url.rpartition(":")[2])
        idle, half, slow = (socket.create_connection(("127.0.0.1", port), 10) for _ in range(3))
        half.sendall(b"POST /api/v3/runners/x HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{")
        slow.sendall(b"GET /api/v3/runners HTTP/1.1\r\nHost: x\r\n\r\n")
        while len(emulator.calls) < 2:
            threading.Event().wait(0.005)
    assert idle.recv(1) == b""
    with pytest.raises(ConnectionResetError):
        slow.recv(1)
    for connection in (idle, half, slow):
        connection.close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), 10)
    assert {each for each in threading.enumerate() if each.name == "kubiya-emulator"} <= before
    with Emulator(port=port) as again:
        assert again.url == f"http://127.0.0.1:{port}"


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.0.0.2"])
def test_loopback_addresses(host: str) -> None:
    with Emulator(host=host) as emulator:
        assert requests.get(f"{emulator.url}/_emulator/runners", timeout=10).json() == []


@pytest.mark.skipif(not socket.has_ipv6, reason="there is no IPv6")
def test_the_ipv6_loopback_address() -> None:
    try:
        emulator = Emulator(host="::1")
    except AddressError:
        pytest.skip("there is no IPv6 loopback address")
    with emulator:
        assert emulator.url.startswith("http://[::1]:")
        assert requests.get(f"{emulator.url}/_emulator/runners", timeout=10).json() == []
        emulator.add_runner("x")
        assert requests.get(emulator.manifest_url("x"), timeout=10).status_code == 200


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.com", ""])
def test_an_address_that_others_can_reach_is_refused(host: str) -> None:
    with pytest.raises(AddressError, match=r"use 127\.0\.0\.1"):
        Emulator(host=host)


def test_a_port_in_use_or_out_of_range(emulator: Emulator) -> None:
    port = int(emulator.url.rpartition(":")[2])
    with pytest.raises(AddressError, match=f"{port}.*in use"):
        Emulator(port=port)
    for wrong in (-1, 65536):
        with pytest.raises(AddressError, match=str(wrong)):
            Emulator(port=wrong)


def test_an_error_of_its_own_is_an_answer(
    emulator: Emulator,
    client: Client,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("broken")

    emulator = client.emulator
    monkeypatch.setattr(emulator._backend.store, "get", broken)
    answer = client.describe("x")
    assert (answer.status_code, answer.json()["error"]["code"]) == (500, "internal_server_error")
    assert "describeRunner failed" in caplog.text
    assert emulator.api_key not in caplog.text


def test_the_surface() -> None:
    assert package.__all__ == sorted(package.__all__)
    assert all(hasattr(package, name) for name in package.__all__)
