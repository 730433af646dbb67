"""Send the requests of an operation, and retry them.

`retries` decides whether and when a request is retried, `attempt` sends it once.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import requests

from kubiya_pulumi.api.attempt import Request, send
from kubiya_pulumi.api.clock import Clock, Deadline
from kubiya_pulumi.api.connection import Connection
from kubiya_pulumi.api.errors import ApiError
from kubiya_pulumi.api.responses import Response, error_from_response
from kubiya_pulumi.api.retries import Retry, backoff_delay, classify
from kubiya_pulumi.api.sessions import Tls, api_session, download_session
from kubiya_pulumi.api.urls import normalize_url, redirect_origin
from kubiya_pulumi.errors import KubiyaError

OPERATION_TIMEOUT = 300.0
"""The maximum seconds of an operation with all its requests and delays. A longer timeout of the
connection replaces it."""
MAX_RESPONSE_BYTES = 8 * 2**20
"""The maximum size of the response of an operation."""
IDEMPOTENT = frozenset({"GET", "PUT", "DELETE"})
"""The methods that have the same effect when a request is processed twice."""


@dataclass(frozen=True)
class OperationLimits:
    """The limits of an operation, which all its requests share."""

    deadline: Deadline
    """When the operation must be complete."""
    max_retries: int
    """How often each of its requests may be retried."""


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
        tls = Tls(connection.ca_bundle)
        self._api = api_session(connection, tls)
        self._downloads = download_session(tls)

    def close(self) -> None:
        """Close all connections."""
        self._api.close()
        self._downloads.close()

    def limits(self, total_timeout_seconds: float | None = None) -> OperationLimits:
        """Return the limits of an operation that starts now.

        Args:
            total_timeout_seconds: the time limit of the operation, whose request is then sent only
                once. Default: None, the time limit and the retries of every operation.
        """
        if total_timeout_seconds is not None:
            return OperationLimits(Deadline(self._clock, total_timeout_seconds), max_retries=0)
        seconds = max(OPERATION_TIMEOUT, self._connection.timeout_seconds)
        return OperationLimits(Deadline(self._clock, seconds), self._connection.max_retries)

    def call(
        self,
        operation: str,
        method: str,
        path: str,
        *,
        runner: str | None = None,
        body: dict[str, Any] | None = None,
        limits: OperationLimits | None = None,
        confirm_not_created: Callable[[], bool] | None = None,
    ) -> Response:
        """Call an operation of the API and return its successful response.

        Args:
            operation: the client's method, for errors.
            method: the HTTP method.
            path: the percent-encoded path, relative to the base URL.
            runner: the runner's name, for errors.
            body: the data to send as JSON. Default: None, no body.
            limits: the limits of the operation. Default: None, those of an operation that starts
                now.
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
        response = self._send_with_retries(
            self._api,
            request,
            limits or self.limits(),
            confirm_not_created=confirm_not_created,
        )
        if response.is_success:
            return response
        message = None
        if response.redirect is not None:
            message = f"it redirects to {redirect_origin(request.url, response.redirect)}"
        raise self.error(response, message)

    def send_download(self, request: Request, limits: OperationLimits) -> Response:
        """Send a request without the API key and return its response, whatever its status.

        Args:
            request: the request.
            limits: the limits of the operation.

        Raises:
            TransportError: no response arrived.
            InvalidResponseError: the response is truncated or too large.
        """
        return self._send_with_retries(self._downloads, request, limits)

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
        limits: OperationLimits,
        *,
        confirm_not_created: Callable[[], bool] | None = None,
    ) -> Response:
        """Send a request, retry it where that is safe, and return the last response."""
        for attempt in range(limits.max_retries + 1):
            outcome = send(
                session,
                request,
                timeout_seconds=self._connection.timeout_seconds,
                deadline=limits.deadline,
            )
            if attempt == limits.max_retries:
                break
            retry = classify(outcome)
            needs_confirmation = retry is Retry.IF_IDEMPOTENT and request.method not in IDEMPOTENT
            if retry is Retry.NEVER or (needs_confirmation and confirm_not_created is None):
                break
            delay = backoff_delay(attempt, outcome, self._clock)
            if delay >= limits.deadline.remaining:
                break
            self._clock.sleep(delay)
            if needs_confirmation and not _is_confirmed(confirm_not_created):
                break
            if limits.deadline.expired:
                break
        if isinstance(outcome, KubiyaError):
            raise outcome
        return outcome


def _is_confirmed(confirm_not_created: Callable[[], bool] | None) -> bool:
    try:
        return confirm_not_created is not None and confirm_not_created()
    except KubiyaError:
        return False
