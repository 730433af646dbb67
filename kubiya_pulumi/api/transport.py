"""Calls of the API and downloads: from a path or URL to the answer, made again where that is safe.

`attempts` makes one call over the wire, `retries` says whether and when it is made again.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import requests

from kubiya_pulumi.api.attempts import Call, attempt
from kubiya_pulumi.api.clock import Clock, Deadline
from kubiya_pulumi.api.connection import Connection
from kubiya_pulumi.api.errors import DOWNLOAD, InvalidResponseError
from kubiya_pulumi.api.responses import Response, error_from
from kubiya_pulumi.api.retries import Again, again, backoff_delay
from kubiya_pulumi.api.sessions import api_session, download_session, tls_context
from kubiya_pulumi.api.urls import is_https_or_loopback, normalize_url, origin, resolve_url
from kubiya_pulumi.errors import KubiyaError

LONGEST_OPERATION = 300.0
"""The most seconds of an operation with all its calls, looks and pauses; or the connection's
timeout, if that is longer."""
LONGEST_ANSWER = 8 * 2**20
"""The most bytes of an operation's answer."""
LONGEST_MANIFEST = 16 * 2**20
"""The most bytes of a downloaded manifest."""
MOST_REDIRECTS = 5
"""How many redirects a download follows."""

IDEMPOTENT = frozenset({"GET", "PUT", "DELETE"})
"""The methods that are the same made twice as made once."""


class Transport:
    """Makes calls with the settings of one connection; for any number of threads.

    Args:
        connection: the settings.
        clock: the time, and how to wait.
    """

    def __init__(self, connection: Connection, *, clock: Clock) -> None:
        self._connection = connection
        self._base_url = normalize_url(connection.base_url).rstrip("/")
        self._clock = clock
        tls = tls_context(connection.ca_bundle)
        self._api = api_session(connection, tls)
        self._downloads = download_session(tls)

    def close(self) -> None:
        """Close all connections."""
        self._api.close()
        self._downloads.close()

    def deadline(self) -> Deadline:
        """When an operation that begins now has to be over."""
        return Deadline(self._clock, max(LONGEST_OPERATION, self._connection.timeout_seconds))

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
        """Call an operation of the API and give its answer, which is a success.

        Args:
            operation: the client's method, for errors.
            method: the HTTP method.
            path: the path below the base URL, percent-encoded.
            runner: the runner's name, for errors.
            body: what to send as JSON; None sends no body.
            deadline: when the operation has to be over. Default: as for one that begins now.
            total_timeout_seconds: how long it may take in all, and is then made only once.
            confirm_not_created: for a POST, looks whether one that ended in doubt has certainly done
                nothing and may be made again.

        Raises:
            ApiError: the service answered without success.
            TransportError: it did not answer.
            InvalidResponseError: the answer was cut off or too long.
        """
        headers = {"Accept": "application/json"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        call = Call(
            operation=operation,
            runner=runner,
            method=method,
            url=self._base_url + path,
            headers=headers,
            content=None if body is None else json.dumps(body).encode(),
            longest_answer=LONGEST_ANSWER,
        )
        retries = self._connection.max_retries
        if total_timeout_seconds is not None:
            deadline, retries = Deadline(self._clock, total_timeout_seconds), 0
        answer = self._answer(
            self._api,
            call,
            deadline or self.deadline(),
            retries=retries,
            confirm_not_created=confirm_not_created,
        )
        if answer.is_success:
            return answer
        message = None
        if answer.redirect is not None:
            message = f"it redirects to {_shown(call.url, answer.redirect)}"
        raise error_from(answer, message, secret=self._connection.api_key)

    def download(self, url: str, *, runner: str) -> Response:
        """Get what a manifest's URL gives, without the API key, and with at most 5 redirects.

        Args:
            url: the URL; a relative one is relative to the base URL.
            runner: the runner's name, for errors.

        Raises:
            InvalidResponseError: the URL is none, or is plain http:// to another machine, or
                leads to such a one; the answer was cut off or too long.
            ApiError: its server answered without success.
            TransportError: its server did not answer.
        """
        base = self._base_url + "/"
        deadline = self.deadline()
        for _ in range(MOST_REDIRECTS + 1):
            base = _manifest_url(base, url, runner)
            call = Call(
                operation=DOWNLOAD,
                runner=runner,
                method="GET",
                url=base,
                headers={"Accept": "application/yaml, text/yaml, text/plain, */*"},
                longest_answer=LONGEST_MANIFEST,
            )
            answer = self._answer(
                self._downloads, call, deadline, retries=self._connection.max_retries
            )
            if answer.redirect is None:
                break
            url = answer.redirect
        if answer.is_success:
            return answer
        message = "too many redirects" if answer.redirect else None
        raise error_from(answer, message, secret=self._connection.api_key)

    def _answer(
        self,
        session: requests.Session,
        call: Call,
        deadline: Deadline,
        *,
        retries: int,
        confirm_not_created: Callable[[], bool] | None = None,
    ) -> Response:
        """Make a call, again as often as the rules allow, and give the last answer."""
        for repetition in itertools.count():
            timeout = self._connection.timeout_seconds
            outcome = attempt(session, call, timeout_seconds=timeout, deadline=deadline)
            may_follow = repetition < retries and self._waits_to_repeat(
                call, outcome, repetition, deadline, confirm_not_created
            )
            if not may_follow:
                break
        if isinstance(outcome, KubiyaError):
            raise outcome
        return outcome

    def _waits_to_repeat(
        self,
        call: Call,
        outcome: Response | KubiyaError,
        repetition: int,
        deadline: Deadline,
        confirm_not_created: Callable[[], bool] | None,
    ) -> bool:
        """Say whether to make the call again, when it is time to; "no" comes at once."""
        verdict = again(outcome)
        has_to_look = verdict is Again.IN_DOUBT and call.method not in IDEMPOTENT
        if verdict is Again.NO or (has_to_look and confirm_not_created is None):
            return False
        pause = backoff_delay(repetition, outcome, self._clock)
        if pause >= deadline.seconds_left():
            return False
        self._clock.sleep(pause)
        if has_to_look and not (confirm_not_created and _says_yes(confirm_not_created)):
            return False
        return not deadline.is_over()


def _says_yes(look: Callable[[], bool]) -> bool:
    try:
        return look()
    except KubiyaError:
        return False


def _manifest_url(base: str, url: str, runner: str) -> str:
    if not url.strip():
        raise InvalidResponseError(DOWNLOAD, runner, "has no URL of a manifest")
    try:
        target = resolve_url(base, url.strip())
    except ValueError as error:
        problem = f"gives a manifest URL that {error}"
        raise InvalidResponseError(DOWNLOAD, runner, problem) from None
    if urlsplit(base).scheme == "https" and urlsplit(target).scheme == "http":
        problem = f"leads from https:// to plain http:// ({origin(target)})"
        raise InvalidResponseError(DOWNLOAD, runner, problem)
    if not is_https_or_loopback(target):
        problem = f"gives a manifest URL that is not https:// ({origin(target)})"
        raise InvalidResponseError(DOWNLOAD, runner, problem)
    return target


def _shown(base: str, url: str) -> str:
    """As much as may be shown of where a redirect leads."""
    try:
        return origin(resolve_url(base, url))
    except ValueError:
        return "an address that is no URL"
