"""Connections are kept and shared, and closed with the client."""

import gc
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from kubiya_pulumi.api import ApiError, Connection, RunnersClient
from tests.api.scripted_service import reply

THREADS = 32


def test_calls_one_after_the_other_share_a_connection(client, service) -> None:
    service.replies = [reply(200, {"status": "ok"})]
    for _ in range(20):
        client.get_runner_health("a")
    assert len(service.requests) == 20
    assert len(service.connections) == 1


def test_refusals_and_retries_share_it_too(connect, service) -> None:
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


def test_downloads_share_one(client, service) -> None:
    service.replies = [reply(302, "moved", Location="/m"), reply(200, "kind: Namespace")]
    for _ in range(5):
        client.download_manifest("/m", runner="a")
    assert len(service.requests) == 6
    assert len(service.connections) == 1


def test_many_threads_have_a_connection_each_and_no_more(client, service) -> None:
    together = threading.Barrier(THREADS)

    def answer(handler) -> None:
        # Nobody is answered before all have asked, so that all call at once.
        together.wait(30)
        reply(200, {"name": handler.path.split("/")[3]})(handler)

    service.replies = [answer]
    names = [f"runner-{number}" for number in range(THREADS * 3)]
    with ThreadPoolExecutor(THREADS) as pool:
        runners = list(pool.map(client.describe_runner, names))
    assert [runner.name for runner in runners] == names
    assert len(service.requests) == len(names)
    assert len(service.connections) == THREADS


def test_more_threads_than_connections_wait_for_one(client, service) -> None:
    service.replies = [reply(200, [])]
    with ThreadPoolExecutor(THREADS * 2) as pool:
        lists = list(pool.map(lambda _: client.list_runners(), range(THREADS * 4)))
    assert lists == [()] * (THREADS * 4)
    assert len(service.connections) <= THREADS


@pytest.mark.filterwarnings("error::ResourceWarning")
def test_a_client_closes_what_it_opened(service) -> None:
    service.replies = [reply(200, [])]
    with RunnersClient(Connection(api_key="key", base_url=service.url)) as client:
        client.list_runners()
        client.download_manifest("/m", runner="a")
        assert len(service.connections) == 2
    assert all(service.ended.acquire(timeout=10) for _ in range(2))
    del client
    gc.collect()
