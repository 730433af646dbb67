"""A service that records its requests, and no access to any other host."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from kubiya_pulumi.api import Clock, Connection, RunnersClient
from tests.api.conftest import NETWORK_VARIABLES
from tests.api.scripted_service import Handler, ScriptedService

KEY = "the-key-5ab7f1"


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NETWORK_VARIABLES:
        monkeypatch.delenv(name, raising=False)


class _PromptHandler(Handler):
    # The body of a response must not wait until its headers are acknowledged.
    disable_nagle_algorithm = True


@pytest.fixture
def ports() -> set[int]:
    """The local ports that a test may connect to."""
    return set()


@pytest.fixture
def service(ports: set[int]) -> Iterator[ScriptedService]:
    with ScriptedService() as running:
        running.RequestHandlerClass = _PromptHandler
        ports.add(running.port)
        yield running


@pytest.fixture(autouse=True)
def resolved_hosts(ports: set[int], monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The hosts that clients resolved. Only the test's own services can be reached."""
    hosts: list[str] = []
    real = socket.getaddrinfo

    def getaddrinfo(host: Any, port: Any, *args: Any, **kwargs: Any) -> Any:
        hosts.append(host)
        if not is_loopback(host) or port not in ports:
            raise socket.gaierror(socket.EAI_NONAME, "blocked by the fuzzer")
        return real(host, port, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return hosts


def is_loopback(host: str) -> bool:
    """Return whether the host is this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


@pytest.fixture
def connect() -> Iterator[Callable[..., RunnersClient]]:
    """Return a factory of clients that never wait. They are closed after the test."""
    with ExitStack() as stack:

        def make(base_url: str, **settings: Any) -> RunnersClient:
            settings = {"api_key": KEY, "timeout_seconds": 10, "max_retries": 0, **settings}
            connection = Connection(base_url=base_url, **settings)
            return stack.enter_context(RunnersClient(connection, clock=Clock(sleep=lambda _: None)))

        yield make
