"""A scripted service, and clients that do not wait between retries."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import yaml

from kubiya_pulumi.api import Clock, Connection, RunnersClient
from tests.api.scripted_service import ScriptedService

KEY = "the-key-5ab7f1"
NETWORK_VARIABLES = (
    *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"),
    *("http_proxy", "https_proxy", "all_proxy", "no_proxy"),
    *("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR", "NETRC"),
)


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove the machine's own proxy and TLS settings."""
    for name in NETWORK_VARIABLES:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def service() -> Iterator[ScriptedService]:
    with ScriptedService() as running:
        yield running


@pytest.fixture
def delays() -> list[float]:
    """The seconds that clients would have waited before each retry."""
    return []


@pytest.fixture
def clock(delays: list[float]) -> Clock:
    """A clock that a sleep moves forward, and whose jitter is always the maximum."""
    return Clock(
        now=lambda: time.monotonic() + sum(delays),
        sleep=delays.append,
        jitter=lambda _low, high: high,
    )


@pytest.fixture
def connect(clock: Clock) -> Iterator[Callable[..., RunnersClient]]:
    """Return a factory of clients that never wait. They are closed after the test."""
    with ExitStack() as stack:

        def make(base_url: str, **settings: Any) -> RunnersClient:
            settings = {"api_key": KEY, "timeout_seconds": 10, **settings}
            connection = Connection(base_url=base_url, **settings)
            return stack.enter_context(RunnersClient(connection, clock=clock))

        yield make


@pytest.fixture
def client(service: ScriptedService, connect: Callable[..., RunnersClient]) -> RunnersClient:
    return connect(service.url)


@pytest.fixture
def key() -> str:
    return KEY


@pytest.fixture(scope="session")
def contract() -> dict[str, Any]:
    path = Path(__file__).parents[1] / "runners-openapi.yaml"
    loaded: dict[str, Any] = yaml.safe_load(path.read_text())
    return loaded
