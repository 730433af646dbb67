"""One call over the wire, made once: from the request to its whole answer, or to what went wrong.

Whatever the service does, what is read has an end, in bytes and in time.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

import requests
import urllib3

from kubiya_pulumi.api.bounded_io import Bounds, ResponseTooLargeError, within
from kubiya_pulumi.api.clock import Deadline
from kubiya_pulumi.api.error_mapping import error_from_failure
from kubiya_pulumi.api.errors import DOWNLOAD, InvalidResponseError, ResponseTimeoutError
from kubiya_pulumi.api.responses import Response
from kubiya_pulumi.api.retries import parse_retry_after
from kubiya_pulumi.api.urls import origin
from kubiya_pulumi.errors import KubiyaError

SHORTEST_TIMEOUT = 0.001
"""Seconds to wait for a connection where next to nothing is left: a socket refuses zero."""
LONGEST_PIECE = 2**16
"""How many bytes of an answer, unpacked, are taken at once."""
PACKINGS = frozenset({"", "identity", "gzip", "x-gzip", "deflate"})
"""The values of `Content-Encoding` that are asked for and unpacked piece by piece."""


@dataclass(frozen=True, kw_only=True)
class Call:
    """A request, and how much may be answered."""

    operation: str
    """The client's method."""
    runner: str | None
    """The runner's name, if the operation is about one."""
    method: str
    url: str = field(repr=False)
    headers: dict[str, str]
    content: bytes | None = None
    longest_answer: int
    """The most bytes of the answer, unpacked."""


def attempt(
    session: requests.Session, call: Call, *, timeout_seconds: float, deadline: Deadline
) -> Response | KubiyaError:
    """Make a call once, and give its whole answer, or the error that it ended in.

    The error is given, not raised: what is raised for a failure drags it along as its context,
    and with it the request, which holds the key.

    Args:
        session: what to call with.
        call: the request.
        timeout_seconds: how long to wait for a connection, and for each part of the answer.
        deadline: when all of it has to be over.
    """

    def seconds_left() -> float:
        return min(timeout_seconds, deadline.seconds_left())

    if deadline.is_over():
        problem = f"the {deadline.seconds:g} seconds that it may take in all were over"
        return ResponseTimeoutError(call.operation, call.runner, problem, sent=False)
    try:
        with (
            _unlogged(secret_url=call.operation == DOWNLOAD),
            within(Bounds(seconds_left, call.longest_answer)),
            session.request(
                call.method,
                call.url,
                headers={"Accept-Encoding": "gzip, deflate", **call.headers},
                data=call.content,
                timeout=max(seconds_left(), SHORTEST_TIMEOUT),
                # Plain http:// never leaves the machine, so not through a proxy either.
                proxies={"http": ""},
                stream=True,
            ) as response,
        ):
            return _whole(response, call)
    except KubiyaError as error:
        return error
    except (OSError, urllib3.exceptions.HTTPError, ValueError) as failure:
        waited = deadline.seconds if deadline.is_over() else timeout_seconds
        return error_from_failure(failure, call.operation, call.runner, origin(call.url), waited)


def _whole(response: requests.Response, call: Call) -> Response:
    body = bytearray()
    packing = response.headers.get("Content-Encoding", "").strip().lower()
    if packing not in PACKINGS:
        raise InvalidResponseError(
            call.operation, call.runner, "is compressed in a way that was not asked for"
        )
    for piece in response.iter_content(LONGEST_PIECE):
        body += piece
        if len(body) > call.longest_answer:
            raise ResponseTooLargeError(call.longest_answer)
    return Response(
        operation=call.operation,
        runner=call.runner,
        status=response.status_code,
        body=bytes(body),
        retry_after=parse_retry_after(response.headers.get("Retry-After")),
        location=response.headers.get("Location"),
    )


_url_is_secret = ContextVar("_url_is_secret", default=False)


@contextmanager
def _unlogged(*, secret_url: bool) -> Iterator[None]:
    """Keep urllib3 from logging a URL that is called in this block, if that is a secret."""
    token = _url_is_secret.set(secret_url)
    try:
        yield
    finally:
        _url_is_secret.reset(token)


def _is_loggable(_record: logging.LogRecord) -> bool:
    return not _url_is_secret.get()


for _name in ("urllib3.connection", "urllib3.connectionpool", "urllib3.util.retry"):
    logging.getLogger(_name).addFilter(_is_loggable)
