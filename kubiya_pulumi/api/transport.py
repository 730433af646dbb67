"""Send requests: a single attempt with limits on time and size, and the retries.

`retries` decides whether and when a request is retried.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import requests
import urllib3

from kubiya_pulumi.api.bounded_io import (
    MIN_TIMEOUT_SECONDS,
    ReadLimits,
    ResponseTooLargeError,
    limits_for,
)
from kubiya_pulumi.api.clock import Clock, Deadline
from kubiya_pulumi.api.connection import Connection
from kubiya_pulumi.api.error_mapping import error_from_exception
from kubiya_pulumi.api.errors import ApiError, InvalidResponseError, ResponseTimeoutError
from kubiya_pulumi.api.operations import DOWNLOAD
from kubiya_pulumi.api.responses import Response, error_from_response
from kubiya_pulumi.api.retries import Retry, backoff_delay, classify, parse_retry_after
from kubiya_pulumi.api.sessions import (
    api_session,
    download_session,
    suppress_url_logging,
    tls_context,
)
from kubiya_pulumi.api.urls import normalize_url, origin, redirect_origin
from kubiya_pulumi.errors import KubiyaError

OPERATION_TIMEOUT = 300.0
"""The maximum seconds of an operation with all its requests and delays. A longer timeout of the
connection replaces it."""
MAX_RESPONSE_BYTES = 8 * 2**20
"""The maximum size of the response of an operation."""
IDEMPOTENT = frozenset({"GET", "PUT", "DELETE"})
"""The methods that have the same effect when a request is processed twice."""

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


class Transport:
    """Sends requests with the settings of a connection. Thread-safe.

    Args:
        connection: the settings.
        clock: the clock of the deadlines and the delays.
    """

    base_url: str
    """The normalized base URL, without a trailing slash."""

    def __init__(self, connection: Connection, *, clock: Clock) -> None:
        self.base_url = normalize_url(connection.base_url).rstrip("/")
        self._connection = connection
        self._clock = clock
        tls = tls_context(connection.ca_bundle)
        self._api = api_session(connection, tls)
        self._downloads = download_session(tls)

    def close(self) -> None:
        """Close all connections."""
        self._api.close()
        self._downloads.close()

    def deadline(self) -> Deadline:
        """Return the deadline of an operation that starts now."""
        return Deadline(self._clock, max(OPERATION_TIMEOUT, self._connection.timeout_seconds))

    def call(
        self,
        operation: str,
        method: str,
        path: str,
        *,
        runner: str | None = None,
        body: dict[str, Any] | None = None,
        deadline: Deadline | None = None,
        total_timeout_seconds: float | None = None,
        confirm_not_created: Callable[[], bool] | None = None,
    ) -> Response:
        """Call an operation of the API and return its successful response.

        Args:
            operation: the client's method, for errors.
            method: the HTTP method.
            path: the percent-encoded path, relative to the base URL.
            runner: the runner's name, for errors.
            body: the data to send as JSON. Default: None, no body.
            deadline: the deadline of the operation. Default: None, that of an operation that
                starts now.
            total_timeout_seconds: the time limit of the operation, which is then sent only once.
                Default: None.
            confirm_not_created: called before the retry of a POST whose outcome is unknown.
                Returns True if the POST certainly had no effect. Default: None, not retried.

        Raises:
            ApiError: the service returned a status other than 2xx.
            TransportError: no response arrived.
            InvalidResponseError: the response is truncated or too large.
        """
        headers = {"Accept": "application/json"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        request = Request(
            operation=operation,
            runner=runner,
            method=method,
            url=self.base_url + path,
            headers=headers,
            content=None if body is None else json.dumps(body).encode(),
            max_response_bytes=MAX_RESPONSE_BYTES,
        )
        max_retries = self._connection.max_retries
        if total_timeout_seconds is not None:
            deadline, max_retries = Deadline(self._clock, total_timeout_seconds), 0
        response = self._send_with_retries(
            self._api,
            request,
            deadline or self.deadline(),
            max_retries=max_retries,
            confirm_not_created=confirm_not_created,
        )
        if response.is_success:
            return response
        message = None
        if response.redirect is not None:
            message = f"it redirects to {redirect_origin(request.url, response.redirect)}"
        raise self.error(response, message)

    def send_download(self, request: Request, deadline: Deadline) -> Response:
        """Send a request without the API key and return its response, whatever its status.

        Args:
            request: the request.
            deadline: the deadline of the operation.

        Raises:
            TransportError: no response arrived.
            InvalidResponseError: the response is truncated or too large.
        """
        max_retries = self._connection.max_retries
        return self._send_with_retries(self._downloads, request, deadline, max_retries=max_retries)

    def error(self, response: Response, message: str | None = None) -> ApiError:
        """Return the error that a response reports, without the API key.

        Args:
            response: a response that is not a success.
            message: the message of the error. Default: None, the service's own.
        """
        return error_from_response(response, message, secret=self._connection.api_key)

    def _send_with_retries(
        self,
        session: requests.Session,
        request: Request,
        deadline: Deadline,
        *,
        max_retries: int,
        confirm_not_created: Callable[[], bool] | None = None,
    ) -> Response:
        """Send a request, retry it where that is safe, and return the last response."""
        for attempt in range(max_retries + 1):
            outcome = send(
                session,
                request,
                timeout_seconds=self._connection.timeout_seconds,
                deadline=deadline,
            )
            if attempt == max_retries:
                break
            retry = classify(outcome)
            needs_confirmation = retry is Retry.IF_IDEMPOTENT and request.method not in IDEMPOTENT
            if retry is Retry.NEVER or (needs_confirmation and confirm_not_created is None):
                break
            delay = backoff_delay(attempt, outcome, self._clock)
            if delay >= deadline.remaining:
                break
            self._clock.sleep(delay)
            if needs_confirmation and not _is_confirmed(confirm_not_created):
                break
            if deadline.expired:
                break
        if isinstance(outcome, KubiyaError):
            raise outcome
        return outcome


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


def _is_confirmed(confirm_not_created: Callable[[], bool] | None) -> bool:
    try:
        return confirm_not_created is not None and confirm_not_created()
    except KubiyaError:
        return False
