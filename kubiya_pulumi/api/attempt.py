"""Send a request once, with limits on time and size."""

from __future__ import annotations

from dataclasses import dataclass, field

import requests
import urllib3

from kubiya_pulumi.api.bounded_io import (
    MIN_TIMEOUT_SECONDS,
    ReadLimits,
    ResponseTooLargeError,
    limits_for,
)
from kubiya_pulumi.api.clock import Deadline
from kubiya_pulumi.api.error_mapping import error_from_exception
from kubiya_pulumi.api.errors import InvalidResponseError, ResponseTimeoutError
from kubiya_pulumi.api.operations import DOWNLOAD
from kubiya_pulumi.api.responses import Response
from kubiya_pulumi.api.retries import parse_retry_after
from kubiya_pulumi.api.sessions import suppress_url_logging
from kubiya_pulumi.api.urls import origin
from kubiya_pulumi.errors import KubiyaError

_CHUNK_BYTES = 2**16
"""The maximum number of decompressed bytes to read at once."""
_CONTENT_ENCODINGS = frozenset({"", "identity", "gzip", "x-gzip", "deflate"})
"""The values of `Content-Encoding` that are requested and can be decompressed in chunks."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """A request, and the size limit of its response."""

    operation: str
    """The client's method."""
    runner: str | None
    """The runner's name, if the operation concerns one."""
    method: str
    url: str = field(repr=False)
    headers: dict[str, str]
    content: bytes | None = None
    max_response_bytes: int
    """The maximum size of the response, decompressed."""


def send(
    session: requests.Session, request: Request, *, timeout_seconds: float, deadline: Deadline
) -> Response | KubiyaError:
    """Send a request once and return its complete response, or the error.

    Errors are returned, not raised: raising inside `except` would keep the request, and with it
    the API key, in `__context__`.

    Args:
        session: the session to send it with.
        request: the request.
        timeout_seconds: the maximum seconds of the connection attempt, and of each read.
        deadline: the deadline of the operation.
    """

    def timeout() -> float:
        return min(timeout_seconds, deadline.remaining)

    if deadline.expired:
        problem = (
            f"the time limit of {deadline.seconds:g} seconds expired before the request was sent"
        )
        return ResponseTimeoutError(request.operation, request.runner, problem, sent=False)
    limits = ReadLimits(
        pool_timeout=lambda: deadline.remaining,
        timeout=timeout,
        max_body_bytes=request.max_response_bytes,
    )
    try:
        with (
            suppress_url_logging(url_is_secret=request.operation == DOWNLOAD),
            limits_for(limits),
            session.request(
                request.method,
                request.url,
                headers={"Accept-Encoding": "gzip, deflate", **request.headers},
                data=request.content,
                timeout=max(timeout(), MIN_TIMEOUT_SECONDS),
                # Plain http:// must stay on this machine, so it must not use a proxy.
                proxies={"http": ""},
                stream=True,
            ) as response,
        ):
            return _read(response, request)
    except KubiyaError as error:
        return error
    except (OSError, urllib3.exceptions.HTTPError, ValueError) as exception:
        return error_from_exception(
            exception,
            operation=request.operation,
            runner=request.runner,
            origin=origin(request.url),
            timeout_seconds=deadline.seconds if deadline.expired else timeout_seconds,
            total_timeout_seconds=deadline.seconds,
        )


def _read(response: requests.Response, request: Request) -> Response:
    encoding = response.headers.get("Content-Encoding", "").strip().lower()
    if encoding not in _CONTENT_ENCODINGS:
        problem = "uses a Content-Encoding that was not requested"
        raise InvalidResponseError(request.operation, request.runner, problem)
    body = bytearray()
    for chunk in response.iter_content(_CHUNK_BYTES):
        body += chunk
        if len(body) > request.max_response_bytes:
            raise ResponseTooLargeError(request.max_response_bytes)
    return Response(
        operation=request.operation,
        runner=request.runner,
        status=response.status_code,
        body=bytes(body),
        retry_after=parse_retry_after(response.headers.get("Retry-After")),
        location=response.headers.get("Location"),
    )
