"""What a service may send that has no end, and how much of it was sent."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Iterator

from tests.api.scripted_service import Handler, Reply

PIECE = 2**16
OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
TOO_LONG = "is longer than LIMIT"
LONGEST = 2**28
"""Where a test stops that should have been stopped long before."""


class Endless:
    """A reply that goes on until the client has enough of it."""

    def __init__(self, beginning: bytes, pieces: Callable[[], Iterator[bytes]]) -> None:
        self._beginning = beginning
        self._pieces = pieces
        self.sent = 0

    def __call__(self, handler: Handler) -> None:
        handler.close_connection = True
        handler.wfile.write(self._beginning)
        for piece in self._pieces():
            handler.wfile.write(piece)
            self.sent += len(piece)
            if self.sent >= LONGEST:
                return


def over_and_over(piece: bytes) -> Callable[[], Iterator[bytes]]:
    """The same piece, joined to larger ones."""
    joined = piece * max(1, PIECE // len(piece))

    def pieces() -> Iterator[bytes]:
        while True:
            yield joined

    return pieces


def bomb(size: int, wbits: int) -> Callable[[], Iterator[bytes]]:
    """That many bytes of nothing, compressed a thousand times."""

    def pieces() -> Iterator[bytes]:
        packer = zlib.compressobj(9, zlib.DEFLATED, wbits)
        for _ in range(size // 2**20):
            yield packer.compress(b" " * 2**20)
        yield packer.flush()

    return pieces


def members(size: int) -> Callable[[], Iterator[bytes]]:
    """The same as many small files of gzip, one after the other."""
    member = gzip.compress(b" " * 2**20, mtime=0)
    return lambda: iter([member] * (size // 2**20))


REPLIES: dict[str, tuple[Reply, str]] = {
    "a body without a length": (
        Endless(OK + b"\r\n", over_and_over(b" ")),
        TOO_LONG,
    ),
    "a body with a length": (
        Endless(OK + b"Content-Length: 99999999999\r\n\r\n", over_and_over(b" ")),
        TOO_LONG,
    ),
    "chunks": (Endless(CHUNKED, over_and_over(b"10\r\n" + b" " * 16 + b"\r\n")), TOO_LONG),
    "tiny chunks": (Endless(CHUNKED, over_and_over(b"1\r\n \r\n")), TOO_LONG),
    "the length of a chunk": (
        Endless(CHUNKED, over_and_over(b"0")),
        f"{TOO_LONG}|was cut off",
    ),
    "the words beside a chunk's length": (
        Endless(CHUNKED + b"1;", over_and_over(b"x")),
        f"{TOO_LONG}|was cut off",
    ),
    "trailers": (Endless(CHUNKED + b"0\r\n", over_and_over(b"x: y\r\n")), TOO_LONG),
    "a bomb of gzip": (
        Endless(OK + b"Content-Encoding: gzip\r\n\r\n", bomb(2**28, 31)),
        TOO_LONG,
    ),
    "a bomb of deflate": (
        Endless(OK + b"Content-Encoding: deflate\r\n\r\n", bomb(2**28, 15)),
        TOO_LONG,
    ),
    "a bomb of many files of gzip": (
        Endless(OK + b"Content-Encoding: gzip\r\n\r\n", members(2**28)),
        TOO_LONG,
    ),
    "a bomb in a bomb": (
        Endless(OK + b"Content-Encoding: gzip, gzip\r\n\r\n", bomb(2**28, 31)),
        "is compressed in a way that was not asked for",
    ),
    "a status line": (Endless(b"HTTP/1.1 200 ", over_and_over(b"x")), "is not HTTP"),
    "a header": (Endless(OK + b"x: ", over_and_over(b"y")), "is not HTTP"),
    "headers": (Endless(OK, over_and_over(b"x: y\r\n")), "is not HTTP"),
    "interim answers": (
        Endless(b"", over_and_over(b"HTTP/1.1 100 Continue\r\n\r\n")),
        "has headers of more than 1 MiB",
    ),
}
"""What has no end, and how the error says so, as a pattern with LIMIT for the limit."""
