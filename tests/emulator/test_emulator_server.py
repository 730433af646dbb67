"""The emulator as a server: concurrent clients, its address, start and stop, its exports."""

from __future__ import annotations

import gc
import http.client
import socket
import threading
import time
import weakref
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests
from plain_client import Client

import kubiya_pulumi.emulator as package
from kubiya_pulumi.emulator import AddressError, Emulator, EmulatorError, StateFileError
from kubiya_pulumi.emulator.http_server import listen


def test_concurrent_clients(emulator: Emulator) -> None:
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


def test_concurrent_creates_of_one_name_create_it_once(emulator: Emulator) -> None:
    emulator.configure(create_existing="conflict")

    def create(_: int) -> int:
        client = Client(emulator)
        with client.session:
            return client.create("same").status_code

    with ThreadPoolExecutor(32) as pool:
        assert sorted(pool.map(create, range(32))) == [200] + [409] * 31


def test_connections_are_kept_alive(emulator: Emulator) -> None:
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


def test_latency_follows_the_operation(emulator: Emulator) -> None:
    emulator.configure(latency_seconds=60)
    url, headers = f"{emulator.url}/api/v3/runners/slow", {"Authorization": "UserKey k"}
    with pytest.raises(requests.ReadTimeout):
        requests.post(url, headers=headers, timeout=0.5)
    assert "slow" in emulator.runners


def test_it_stops_with_open_connections_and_calls_in_progress() -> None:
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
    assert {
        thread for thread in threading.enumerate() if thread.name == "kubiya-emulator"
    } <= before
    with Emulator(port=port) as second:
        assert second.url == f"http://127.0.0.1:{port}"


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.0.0.2"])
def test_loopback_addresses(host: str) -> None:
    with Emulator(host=host) as emulator:
        assert requests.get(f"{emulator.url}/_emulator/runners", timeout=10).json() == []


@pytest.mark.skipif(not socket.has_ipv6, reason="IPv6 is not available")
def test_the_ipv6_loopback_address() -> None:
    emulator = Emulator(host="::1")
    try:
        emulator.start()
    except AddressError:
        pytest.skip("the IPv6 loopback address is not available")
    try:
        assert emulator.url.startswith("http://[::1]:")
        assert requests.get(f"{emulator.url}/_emulator/runners", timeout=10).json() == []
        emulator.add_runner("x")
        assert requests.get(emulator.manifest_url("x"), timeout=10).status_code == 200
    finally:
        emulator.stop()


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.com", ""])
def test_an_address_that_is_not_loopback_is_refused(host: str) -> None:
    with pytest.raises(AddressError, match=r"use 127\.0\.0\.1"):
        Emulator(host=host).start()


def test_a_port_in_use_or_out_of_range(emulator: Emulator) -> None:
    port = int(emulator.url.rpartition(":")[2])
    with pytest.raises(AddressError, match=f"{port}.*in use"):
        Emulator(port=port).start()
    for invalid in (-1, 65536):
        with pytest.raises(AddressError, match=str(invalid)):
            Emulator(port=invalid).start()


def test_start_and_stop() -> None:
    before = threading.active_count()
    emulator = Emulator()
    assert threading.active_count() == before
    emulator.start()
    assert requests.get(f"{emulator.url}/_emulator/runners", timeout=10).json() == []
    port = int(emulator.url.rpartition(":")[2])
    emulator.stop()
    assert threading.active_count() == before
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), 10)


def test_it_stops_without_delay() -> None:
    durations = []
    for _ in range(5):
        with Emulator() as emulator, requests.Session() as session:
            session.get(f"{emulator.url}/_emulator/runners", timeout=10)
            started = time.monotonic()
            emulator.stop()
            durations.append(time.monotonic() - started)
    # The fastest: another process may use the processor in the meantime.
    assert min(durations) < 0.05


def test_stop_does_nothing_if_the_emulator_does_not_run() -> None:
    emulator = Emulator()
    emulator.stop()
    with emulator:
        emulator.stop()
        emulator.stop()
    emulator.stop()


def test_start_is_refused_while_the_emulator_runs(emulator: Emulator) -> None:
    with pytest.raises(
        EmulatorError, match=rf"^The emulator is already running at {emulator.url}\.$"
    ):
        emulator.start()
    with pytest.raises(EmulatorError, match="already running"), emulator:
        pass
    assert requests.get(f"{emulator.url}/_emulator/runners", timeout=10).json() == []


def test_a_stopped_emulator_can_be_started_with_its_state() -> None:
    emulator = Emulator(list_as="keyed")
    emulator.start()
    runner = emulator.add_runner("kept", description="d")
    emulator.configure(version_as="number")
    requests.get(f"{emulator.url}/nowhere", timeout=10)
    emulator.faults.add("reset", operation="listRunners")
    emulator.stop()
    with emulator:
        assert emulator.runners == {"kept": runner}
        assert (emulator.options.list_as, emulator.options.version_as) == ("keyed", "number")
        assert [call.path for call in emulator.calls] == ["/nowhere"]
        assert [fault.kind for fault in emulator.faults.pending()] == ["reset"]
        assert requests.get(emulator.manifest_url("kept"), timeout=10).text == runner.manifest
        emulator.remove_runner("kept")
    with emulator:
        assert emulator.runners == {}


@pytest.mark.parametrize("was_started", [False, True])
def test_url_and_runners_require_a_running_emulator(*, was_started: bool) -> None:
    emulator = Emulator()
    if was_started:
        emulator.start()
        emulator.stop()
    for use in (
        lambda: emulator.url,
        lambda: emulator.runners,
        lambda: emulator.add_runner("x"),
        lambda: emulator.remove_runner("x"),
        lambda: emulator.set_manifest("x", ""),
        lambda: emulator.set_health("x"),
        lambda: emulator.manifest_url("x"),
    ):
        with pytest.raises(EmulatorError, match=r"^The emulator .*; call start\(\) first.*\.$"):
            use()


def test_options_faults_and_calls_do_not_require_a_running_emulator() -> None:
    emulator = Emulator()
    emulator.configure(api_key="pinned")
    emulator.faults.add("status", status=503)
    assert (emulator.api_key, emulator.calls) == ("pinned", [])
    with emulator:
        url, headers = f"{emulator.url}/api/v3/runners", {"Authorization": "UserKey pinned"}
        assert [requests.get(url, headers=headers, timeout=10).status_code for _ in range(2)] == [
            503,
            200,
        ]


def test_construction_opens_nothing(emulator: Emulator, tmp_path: Path) -> None:
    port = int(emulator.url.rpartition(":")[2])
    state, kubeconfig = tmp_path / "state.db", tmp_path / "missing"
    Emulator(port=port, state=state, follow_cluster=kubeconfig)
    Emulator(host="0.0.0.0", port=-1)
    assert list(tmp_path.iterdir()) == []


def test_a_failed_start_leaves_nothing_open(tmp_path: Path) -> None:
    threads = threading.active_count()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    emulator = Emulator(port=port, state=tmp_path / "missing" / "state.db")
    with pytest.raises(StateFileError, match="cannot be opened"):
        emulator.start()
    with pytest.raises(EmulatorError, match=r"start\(\)"):
        _ = emulator.url
    assert threading.active_count() == threads
    emulator.stop()
    (tmp_path / "missing").mkdir()
    with emulator:
        assert emulator.url == f"http://127.0.0.1:{port}"


def test_a_garbage_collected_emulator_stops() -> None:
    before = set(threading.enumerate())
    emulator = Emulator()
    emulator.start()
    port = int(emulator.url.rpartition(":")[2])
    [thread] = set(threading.enumerate()) - before
    reference = weakref.ref(emulator)
    del emulator
    gc.collect()
    assert reference() is None
    assert not thread.is_alive()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), 10)


def test_an_internal_error_is_logged_and_returned(
    emulator: Emulator,
    client: Client,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("broken")

    emulator = client.emulator
    monkeypatch.setattr(emulator._backend.store, "get", broken)
    response = client.describe("x")
    assert (response.status_code, response.json()["error"]["code"]) == (
        500,
        "internal_server_error",
    )
    assert "describeRunner failed" in caplog.text
    assert emulator.api_key not in caplog.text


def test_every_export_can_be_imported() -> None:
    assert package.__all__ == sorted(package.__all__)
    assert all(hasattr(package, name) for name in package.__all__)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_a_response_is_sent_without_waiting_for_an_acknowledgement(host: str) -> None:
    """A client delays the acknowledgement of a first segment for 40 ms."""
    with (
        listen(host, 0) as listener,
        socket.create_connection(listener.getsockname()[:2]),
        listener.accept()[0] as accepted,
    ):
        assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
