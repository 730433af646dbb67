"""Limit the time and the size of a response, whatever the service sends.

A socket timeout limits a single read, and a response can take any number of reads: a service that
sends a byte per second, or endless headers, never runs into it. Therefore every read of a
response, from its status line to its last trailer, goes through a reader that knows the limits of
the request.

The reader replaces the file object of `http.client.HTTPResponse`, and the connection pools are
subclasses of urllib3's. `tests/api/test_limits.py` fails if a new version of either does not use
them.
"""

from __future__ import annotations

import http.client
import io
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import urllib3

MAX_HEADER_BYTES = 2**20
"""The maximum size of a response before its body."""
MIN_TIMEOUT_SECONDS = 0.001
"""The timeout where almost no time remains: sockets and queues reject 0."""


@dataclass(frozen=True, kw_only=True)
class ReadLimits:
    """The limits of a single request."""

    pool_timeout: Callable[[], float]
    """Returns the maximum seconds to wait for a free connection of the pool."""
    timeout: Callable[[], float]
    """Returns the maximum seconds of the next connection attempt or read."""
    max_body_bytes: int
    """The maximum size of the response after its headers, decompressed. Twice as many bytes are
    accepted on the wire."""


class ResponseTooLargeError(OSError):
    """The response exceeds a limit. The message is a predicate of the response."""

    def __init__(self, max_bytes: int, problem: str = "is larger than") -> None:
        super().__init__(f"{problem} {max_bytes / 2**20:g} MiB")


# Neither `requests` nor urllib3 passes a value of a request to its connection, and connections are
# shared by threads. So the limits are a variable of the context in which a request is sent.
_current: ContextVar[ReadLimits] = ContextVar("_current")


@contextmanager
def limits_for(limits: ReadLimits) -> Iterator[None]:
    """Apply the limits to the requests that this block sends."""
    token = _current.set(limits)
    try:
        yield
    finally:
        _current.reset(token)


class _Reader(io.RawIOBase):
    """Reads from a connection within the current limits."""

    def __init__(self, connection: socket.socket, raw: io.RawIOBase) -> None:
        self._connection = connection
        self._raw = raw
        self._limits = _current.get()
        self._remaining_bytes = MAX_HEADER_BYTES
        self._too_large = ResponseTooLargeError(MAX_HEADER_BYTES, "has headers larger than")

    def begin_body(self) -> None:
        max_bytes = self._limits.max_body_bytes
        self._remaining_bytes += 2 * max_bytes  # Small chunks are longer on the wire.
        self._too_large = ResponseTooLargeError(max_bytes)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        seconds = self._limits.timeout()
        if seconds <= 0:
            raise TimeoutError
        self._connection.settimeout(seconds)
        size = self._raw.readinto(buffer)
        self._remaining_bytes -= size or 0
        if self._remaining_bytes < 0:
            raise self._too_large
        return size

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Response(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self._reader = _Reader(sock, self.fp.detach())
        self.fp = io.BufferedReader(self._reader)

    def begin(self) -> None:
        super().begin()
        self._reader.begin_body()
        if 100 <= self.status < 200:
            # The final response follows and must not be read as that of the next request.
            self.will_close = True


class _HTTPConnection(urllib3.connection.HTTPConnection):
    response_class = _Response

    def connect(self) -> None:
        # The wait for a free connection may have used up some of the time.
        self.timeout = max(_current.get().timeout(), MIN_TIMEOUT_SECONDS)
        super().connect()


class _HTTPSConnection(_HTTPConnection, urllib3.connection.HTTPSConnection):
    pass


class _HTTPPool(urllib3.HTTPConnectionPool):
    ConnectionCls = _HTTPConnection

    def _get_conn(self, timeout: float | None = None) -> Any:  # noqa: ARG002
        # `requests` passes no timeout for this wait.
        return super()._get_conn(max(_current.get().pool_timeout(), MIN_TIMEOUT_SECONDS))


class _HTTPSPool(_HTTPPool, urllib3.HTTPSConnectionPool):
    ConnectionCls = _HTTPSConnection


BOUNDED_POOLS: dict[str, type[Any]] = {"http": _HTTPPool, "https": _HTTPSPool}
"""Connection pools with limits, for `urllib3.PoolManager.pool_classes_by_scheme`."""
