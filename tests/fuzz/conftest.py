"""A service that notes what it was asked, and no way to any other."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from kubiya_pulumi.api import Clock, Connection, RunnersClient
from tests.api.conftest import OUTSIDE
from tests.api.scripted_service import Handler, ScriptedService

KEY = "the-key-5ab7f1"


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in OUTSIDE:
        monkeypatch.delenv(name, raising=False)


class _PromptHandler(Handler):
    # An answer's body must not wait until its headers are acknowledged, a thousand times over.
    disable_nagle_algorithm = True


@pytest.fixture
def ports() -> set[int]:
    """The ports of this machine that a test may call."""
    return set()


@pytest.fixture
def service(ports: set[int]) -> Iterator[ScriptedService]:
    with ScriptedService() as running:
        running.RequestHandlerClass = _PromptHandler
        ports.add(running.port)
        yield running


@pytest.fixture(autouse=True)
def looked_up(ports: set[int], monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The hosts that were to be called. None but the test's own services are."""
    hosts: list[str] = []
    real = socket.getaddrinfo

    def look_up(host: Any, port: Any, *args: Any, **kwargs: Any) -> Any:
        hosts.append(host)
        if not is_loopback(host) or port not in ports:
            raise socket.gaierror(socket.EAI_NONAME, "out of a fuzzer's reach")
        return real(host, port, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return hosts


def is_loopback(host: str) -> bool:
    """Whether the host is this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


@pytest.fixture
def connect() -> Iterator[Callable[..., RunnersClient]]:
    """Make clients that are closed after the test, and that wait for nothing."""
    with ExitStack() as stack:

        def make(base_url: str, **settings: Any) -> RunnersClient:
            settings = {"api_key": KEY, "timeout_seconds": 10, "max_retries": 0, **settings}
            connection = Connection(base_url=base_url, **settings)
            return stack.enter_context(RunnersClient(connection, clock=Clock(sleep=lambda _: None)))

        yield make
