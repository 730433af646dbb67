"""Endless responses of a service, which count how much of them was sent."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Iterator

from tests.api.scripted_service import Handler, Reply

CHUNK = 2**16
OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
TOO_LARGE = "is larger than LIMIT"
MAX_SENT_BYTES = 2**28
"""Where a response ends that the client should have rejected long before."""


class Endless:
    """A reply that continues until the client closes the connection."""

    def __init__(self, start: bytes, chunks: Callable[[], Iterator[bytes]]) -> None:
        self._start = start
        self._chunks = chunks
        self.sent = 0

    def __call__(self, handler: Handler) -> None:
        handler.close_connection = True
        handler.wfile.write(self._start)
        for chunk in self._chunks():
            handler.wfile.write(chunk)
            self.sent += len(chunk)
            if self.sent >= MAX_SENT_BYTES:
                return


def repeat(chunk: bytes) -> Callable[[], Iterator[bytes]]:
    """Repeat the same bytes without end."""
    joined = chunk * max(1, CHUNK // len(chunk))

    def chunks() -> Iterator[bytes]:
        while True:
            yield joined

    return chunks


def bomb(size: int, wbits: int) -> Callable[[], Iterator[bytes]]:
    """Compress `size` bytes of spaces to about a thousandth."""

    def chunks() -> Iterator[bytes]:
        compressor = zlib.compressobj(9, zlib.DEFLATED, wbits)
        for _ in range(size // 2**20):
            yield compressor.compress(b" " * 2**20)
        yield compressor.flush()

    return chunks


def members(size: int) -> Callable[[], Iterator[bytes]]:
    """Compress `size` bytes of spaces as many concatenated gzip members."""
    member = gzip.compress(b" " * 2**20, mtime=0)
    return lambda: iter([member] * (size // 2**20))


REPLIES: dict[str, tuple[Reply, str]] = {
    "a body without a length": (
        Endless(OK + b"\r\n", repeat(b" ")),
        TOO_LARGE,
    ),
    "a body with a length": (
        Endless(OK + b"Content-Length: 99999999999\r\n\r\n", repeat(b" ")),
        TOO_LARGE,
    ),
    "chunks": (Endless(CHUNKED, repeat(b"10\r\n" + b" " * 16 + b"\r\n")), TOO_LARGE),
    "tiny chunks": (Endless(CHUNKED, repeat(b"1\r\n \r\n")), TOO_LARGE),
    "a chunk's length": (
        Endless(CHUNKED, repeat(b"0")),
        f"{TOO_LARGE}|was truncated",
    ),
    "a chunk extension": (
        Endless(CHUNKED + b"1;", repeat(b"x")),
        f"{TOO_LARGE}|was truncated",
    ),
    "trailers": (Endless(CHUNKED + b"0\r\n", repeat(b"x: y\r\n")), TOO_LARGE),
    "a gzip bomb": (
        Endless(OK + b"Content-Encoding: gzip\r\n\r\n", bomb(2**28, 31)),
        TOO_LARGE,
    ),
    "a deflate bomb": (
        Endless(OK + b"Content-Encoding: deflate\r\n\r\n", bomb(2**28, 15)),
        TOO_LARGE,
    ),
    "a gzip bomb of many members": (
        Endless(OK + b"Content-Encoding: gzip\r\n\r\n", members(2**28)),
        TOO_LARGE,
    ),
    "a nested gzip bomb": (
        Endless(OK + b"Content-Encoding: gzip, gzip\r\n\r\n", bomb(2**28, 31)),
        "uses a Content-Encoding that was not requested",
    ),
    "a status line": (Endless(b"HTTP/1.1 200 ", repeat(b"x")), "is not HTTP"),
    "a header": (Endless(OK + b"x: ", repeat(b"y")), "is not HTTP"),
    "headers": (Endless(OK, repeat(b"x: y\r\n")), "is not HTTP"),
    "interim responses": (
        Endless(b"", repeat(b"HTTP/1.1 100 Continue\r\n\r\n")),
        "has headers larger than 1 MiB",
    ),
}
"""Each endless response, and a pattern of its error. LIMIT is the size limit."""
