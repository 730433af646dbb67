"""Connections are pooled, shared and closed with the client, and so are shared clients."""

import gc
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import urllib3

from kubiya_pulumi.api import (
    ApiError,
    Clock,
    Connection,
    PoolTimeoutError,
    Runner,
    RunnersClient,
    bounded_io,
    sessions,
    shared_client,
)
from kubiya_pulumi.api import client as client_module
from kubiya_pulumi.api.clock import Deadline
from kubiya_pulumi.api.transport import OperationLimits
from tests.api.scripted_service import reply

THREADS = 32


def test_sequential_calls_share_a_connection(client, service) -> None:
    service.replies = [reply(200, {"status": "ok"})]
    for _ in range(20):
        client.get_runner_health("a")
    assert len(service.requests) == 20
    assert len(service.connections) == 1


def test_errors_and_retries_share_a_connection(connect, service) -> None:
    client = connect(service.url, max_retries=2)
    service.replies = [reply(503, "x" * 100_000)]
    with pytest.raises(ApiError):
        client.list_runners()
    service.replies = [reply(404, "<html>" + "x" * 100_000)]
    with pytest.raises(ApiError):
        client.describe_runner("a")
    service.replies = [reply(302, "x" * 100_000, Location="/login")]
    with pytest.raises(ApiError):
        client.list_runners()
    assert len(service.requests) == 3 + 4 + 1
    assert len(service.connections) == 1


def test_downloads_share_a_connection(client, service) -> None:
    service.replies = [reply(302, "moved", Location="/m"), reply(200, "kind: Namespace")]
    for _ in range(5):
        client.download_manifest("/m", runner="a")
    assert len(service.requests) == 6
    assert len(service.connections) == 1


def test_each_thread_has_one_connection(client, service) -> None:
    together = threading.Barrier(THREADS)

    def respond(handler) -> None:
        # Respond only after all requests have arrived, so that they are concurrent.
        together.wait(30)
        reply(200, {"name": handler.path.split("/")[3]})(handler)

    service.replies = [respond]
    names = [f"runner-{number}" for number in range(THREADS * 3)]
    with ThreadPoolExecutor(THREADS) as pool:
        runners = list(pool.map(client.describe_runner, names))
    assert [runner.name for runner in runners] == names
    assert len(service.requests) == len(names)
    assert len(service.connections) == THREADS


def test_more_threads_than_connections_share_them(client, service) -> None:
    service.replies = [reply(200, {"name": "a"})]
    with ThreadPoolExecutor(THREADS * 2) as pool:
        runners = list(pool.map(client.describe_runner, ["a"] * (THREADS * 4)))
    assert runners == [Runner(name="a")] * (THREADS * 4)
    assert len(service.connections) <= THREADS


@pytest.fixture
def busy_client(connect, service, monkeypatch) -> Iterator[RunnersClient]:
    """A client whose only connections wait for responses that do not arrive."""
    monkeypatch.setattr(sessions, "MAX_CONNECTIONS", 2)
    client = connect(service.url, timeout_seconds=30, max_retries=3)
    arrived, over = threading.Semaphore(0), threading.Event()

    def hang(handler) -> None:
        arrived.release()
        over.wait(30)
        reply(200, {"name": "a"})(handler)

    service.replies = [hang]
    with ThreadPoolExecutor(sessions.MAX_CONNECTIONS) as pool:
        calls = [pool.submit(client.describe_runner, "a") for _ in range(sessions.MAX_CONNECTIONS)]
        assert all(arrived.acquire(timeout=30) for _ in calls)
        try:
            yield client
        finally:
            over.set()
        assert [call.result() for call in calls] == [Runner(name="a")] * len(calls)


def test_the_wait_for_a_connection_ends_at_the_total_timeout(busy_client, service, delays) -> None:
    with pytest.raises(PoolTimeoutError) as raised:
        busy_client.get_runner_health("a", total_timeout_seconds=0.2)
    assert str(raised.value) == (
        f'could not read the health of runner "a": no connection to {service.url} became free '
        "within 0.2 seconds. Retry with fewer concurrent calls."
    )
    assert not raised.value.sent
    assert len(service.requests) == len(service.connections) == 2
    assert delays == []


@pytest.mark.parametrize(
    "call",
    [lambda client: client.list_runners(), lambda client: client.create_runner("a")],
    ids=["list", "create"],
)
def test_the_wait_for_a_connection_ends_at_the_deadline(
    call, busy_client, service, delays, monkeypatch
) -> None:
    limits = OperationLimits(Deadline(busy_client._transport._clock, 0.2), max_retries=4)
    monkeypatch.setattr(busy_client._transport, "limits", lambda *_: limits)
    with pytest.raises(PoolTimeoutError, match=r"became free within 0\.2 seconds") as raised:
        call(busy_client)
    assert not raised.value.outcome_unknown
    assert len(service.requests) == len(service.connections) == 2
    assert delays == []


def test_a_wait_for_a_connection_shortens_the_time_to_open_one(
    connect, service, monkeypatch
) -> None:
    """The connection is opened with what remains of the total timeout, not with its start."""
    timeouts: list[float] = []
    real_connect = urllib3.util.connection.create_connection

    def create_connection(address, timeout=None, *args, **kwargs):
        timeouts.append(timeout)
        return real_connect(address, timeout, *args, **kwargs)

    service.replies = [reply(200, {"status": "ok"})]
    seconds = [0.0]
    clock = Clock(now=lambda: seconds[0])
    connection = Connection(api_key="key", base_url=service.url)
    with RunnersClient(connection, clock=clock) as client:
        pool = bounded_io._HTTPPool

        def get_connection(self, timeout=None):
            seconds[0] += 9
            return get_conn(self, timeout)

        get_conn = pool._get_conn
        monkeypatch.setattr(pool, "_get_conn", get_connection)
        monkeypatch.setattr(urllib3.util.connection, "create_connection", create_connection)
        client.get_runner_health("a", total_timeout_seconds=10)
    assert timeouts == [1]


def test_threads_share_one_client_per_connection(monkeypatch) -> None:
    constructed: list[Connection] = []

    class CountedClient(RunnersClient):
        def __init__(self, connection: Connection) -> None:
            constructed.append(connection)
            time.sleep(0.05)  # Let the other threads run.
            super().__init__(connection)

    monkeypatch.setattr(client_module, "RunnersClient", CountedClient)
    monkeypatch.setattr(client_module, "_shared_clients", {})
    together = threading.Barrier(THREADS)

    def get(number: int) -> RunnersClient:
        together.wait(30)
        return shared_client(Connection(api_key=f"key-{number % 2}"))

    with ThreadPoolExecutor(THREADS) as pool:
        clients = set(pool.map(get, range(THREADS)))
    assert len(constructed) == len(clients) == 2
    for client in clients:
        client.close()


@pytest.mark.filterwarnings("error::ResourceWarning")
def test_a_client_closes_its_connections(service) -> None:
    service.replies = [reply(200, [])]
    with RunnersClient(Connection(api_key="key", base_url=service.url)) as client:
        client.list_runners()
        client.download_manifest("/m", runner="a")
        assert len(service.connections) == 2
    assert all(service.ended.acquire(timeout=10) for _ in range(2))
    del client
    gc.collect()
