"""The bounds of a call: how long its answer may take and how much may come, whatever is sent.

A timeout of a socket is a bound for one read, and there can be any number of those: a service
that sends a byte a second, or headers without end, is never late. So every read of an answer,
from its status line to its last trailer, goes through a reader that knows what is left.
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

LONGEST_HEAD = 2**20
"""The most bytes of an answer before its body."""


@dataclass(frozen=True)
class Bounds:
    """What one call may take."""

    seconds_left: Callable[[], float]
    """How long the next read may wait."""
    longest_body: int
    """The most bytes of the answer after its headers, unpacked; on the wire twice as many."""


class ResponseTooLargeError(OSError):
    """More came than may come. The message is the end of "the answer …"."""

    def __init__(self, most_bytes: int, what: str = "is longer than") -> None:
        super().__init__(f"{what} {most_bytes / 2**20:g} MiB")


_current: ContextVar[Bounds] = ContextVar("_current")


@contextmanager
def within(bounds: Bounds) -> Iterator[None]:
    """Let the bounds count for the answers that are read in this block."""
    token = _current.set(bounds)
    try:
        yield
    finally:
        _current.reset(token)


class _Reader(io.RawIOBase):
    """Reads from a connection no longer and no more than the current bounds allow."""

    def __init__(self, connection: socket.socket, raw: io.RawIOBase) -> None:
        self._connection = connection
        self._raw = raw
        self._bounds = _current.get()
        self._left = LONGEST_HEAD
        self._too_long = ResponseTooLargeError(LONGEST_HEAD, "has headers of more than")

    def head_is_over(self) -> None:
        longest = self._bounds.longest_body
        self._left += 2 * longest  # A body in small chunks is longer on the wire.
        self._too_long = ResponseTooLargeError(longest)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        seconds = self._bounds.seconds_left()
        if seconds <= 0:
            raise TimeoutError
        self._connection.settimeout(seconds)
        size = self._raw.readinto(buffer)
        self._left -= size or 0
        if self._left < 0:
            raise self._too_long
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
        self._reader.head_is_over()
        if 100 <= self.status < 200:
            # The real answer comes after it, and must not be taken for that to the next call.
            self.will_close = True


class _HTTPConnection(urllib3.connection.HTTPConnection):
    response_class = _Response


class _HTTPSConnection(urllib3.connection.HTTPSConnection):
    response_class = _Response


class _HTTPPool(urllib3.HTTPConnectionPool):
    ConnectionCls = _HTTPConnection


class _HTTPSPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _HTTPSConnection


BOUNDED_POOLS = {"http": _HTTPPool, "https": _HTTPSPool}
"""For `urllib3.PoolManager.pool_classes_by_scheme`: pools whose answers have bounds."""
