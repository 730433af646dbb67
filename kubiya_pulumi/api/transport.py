"""HTTP and nothing else: one call from request to whole answer, again where that is safe.

The rules for calling again are `urllib3.Retry`'s. The loop around it is here because its own
ends where an answer's headers do: an answer that breaks off later is as worth another call.
"""

from __future__ import annotations

import json
import logging
import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import requests
import urllib3

from kubiya_pulumi.api.answers import Answer, error_from
from kubiya_pulumi.api.connection import Connection
from kubiya_pulumi.api.errors import DOWNLOAD, KubiyaError, MalformedAnswerError
from kubiya_pulumi.api.failures import error_from_failure, retriable_part
from kubiya_pulumi.api.sessions import api_session, download_session, tls_context
from kubiya_pulumi.api.urls import is_safe, normalised, origin, resolved

LONGEST_ANSWER = 8 * 2**20
"""The most bytes of an operation's answer."""
LONGEST_MANIFEST = 16 * 2**20
"""The most bytes of a downloaded manifest."""
MOST_REDIRECTS = 5
"""How many redirects a download follows."""
LONGEST_PAUSE = 60.0
"""The most seconds between two calls, whatever `Retry-After` asks for."""


RULES = urllib3.Retry(
    other=0,  # A certificate that is not trusted now will not be in a second.
    allowed_methods=frozenset({"GET", "PUT", "DELETE"}),
    status_forcelist=frozenset({429, 500, 502, 503, 504}),
    backoff_factor=0.5,
    backoff_jitter=0.5,
    backoff_max=LONGEST_PAUSE,
)
"""When a call is made again; how often at most is the connection's to say."""


@dataclass(frozen=True)
class _Call:
    operation: str
    runner: str | None
    method: str
    url: str
    headers: dict[str, str]
    content: bytes | None = None


class Transport:
    """Makes calls with the settings of one connection; for any number of threads.

    Args:
        connection: the settings.
        pause: waits the given number of seconds between two calls.
    """

    def __init__(
        self, connection: Connection, *, pause: Callable[[float], None] = time.sleep
    ) -> None:
        self._connection = connection
        self._base_url = normalised(connection.base_url).rstrip("/")
        self._pause = pause
        tls = tls_context(connection.ca_bundle)
        self._api = api_session(connection, tls)
        self._downloads = download_session(tls)
        self._retries = RULES.new(total=connection.max_retries)

    def close(self) -> None:
        """Close all connections."""
        self._api.close()
        self._downloads.close()

    def call(
        self,
        operation: str,
        method: str,
        path: str,
        *,
        runner: str | None = None,
        body: dict[str, Any] | None = None,
        within_seconds: float | None = None,
        nothing_done: Callable[[], bool] | None = None,
    ) -> Answer:
        """Call an operation of the API and give its answer, which is a success.

        Args:
            operation: the client's method, for errors.
            method: the HTTP method.
            path: the path below the base URL, percent-encoded.
            runner: the runner's name, for errors.
            body: what to send as JSON; None sends no body.
            within_seconds: how long it may take in all, and is then made only once; None leaves
                both to the connection's settings.
            nothing_done: for a POST, looks whether one that ended in doubt has certainly done
                nothing and may be made again.

        Raises:
            ApiError: the service answered without success.
            NoAnswerError: it did not answer.
            MalformedAnswerError: the answer was cut off or too long.
        """
        content = None if body is None else json.dumps(body).encode()
        headers = {"Accept": "application/json"}
        if content is not None:
            headers["Content-Type"] = "application/json"
        call = _Call(operation, runner, method, self._base_url + path, headers, content)
        if within_seconds is None:
            answer = self._answer(self._api, call, LONGEST_ANSWER, nothing_done)
        else:
            answer = self._answer_within(self._api, call, within_seconds)
        if answer.is_success:
            return answer
        message = None
        if answer.redirect is not None:
            message = f"it redirects to {_shown(call.url, answer.redirect)}"
        raise error_from(answer, message, secret=self._connection.api_key)

    def download(self, url: str, *, runner: str) -> Answer:
        """Get what a manifest's URL gives, without the API key, and with at most 5 redirects.

        Args:
            url: the URL; a relative one is relative to the base URL.
            runner: the runner's name, for errors.

        Raises:
            MalformedAnswerError: the URL is none, or is plain http:// to another machine, or
                leads to such a one; the answer was cut off or too long.
            ApiError: its server answered without success.
            NoAnswerError: its server did not answer.
        """
        base = self._base_url + "/"
        headers = {"Accept": "application/yaml, text/yaml, text/plain, */*"}
        with _unlogged():
            for _ in range(MOST_REDIRECTS + 1):
                base = _manifest_url(base, url, runner)
                call = _Call(DOWNLOAD, runner, "GET", base, headers)
                answer = self._answer(self._downloads, call, LONGEST_MANIFEST)
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
        call: _Call,
        limit: int,
        nothing_done: Callable[[], bool] | None = None,
    ) -> Answer:
        """Make a call, again as often as the rules allow, and give the last answer."""
        retries = self._retries
        while True:
            outcome = self._attempt(session, call, limit)
            following = _following(retries, call.method, outcome)
            look = None
            if following is None and nothing_done is not None:
                # If nothing was done, it may be made again as any other.
                following, look = _following(retries, "PUT", outcome), nothing_done
            if following is None:
                break
            retries = following
            self._pause(seconds_before(retries, outcome))
            if look is not None and not _says_yes(look):
                break
        return _answer_of(outcome, call, self._connection.timeout_seconds)

    def _answer_within(self, session: requests.Session, call: _Call, seconds: float) -> Answer:
        """Make a call once, and give its whole answer if it comes in the time given."""
        outcome = self._attempt(session, call, LONGEST_ANSWER, within_seconds=seconds)
        return _answer_of(outcome, call, min(seconds, self._connection.timeout_seconds))

    def _attempt(
        self,
        session: requests.Session,
        call: _Call,
        limit: int,
        *,
        within_seconds: float = math.inf,
    ) -> Answer | Exception:
        """Make a call once.

        A failure is given, not raised: what is raised later must not drag it along as its
        context, since it holds the request, and the request holds the key.
        """
        ends = time.monotonic() + within_seconds
        try:
            with session.request(
                call.method,
                call.url,
                headers=call.headers,
                data=call.content,
                timeout=min(self._connection.timeout_seconds, within_seconds),
                # Plain http:// never leaves the machine, so not through a proxy either.
                proxies={"http": ""},
                stream=True,
            ) as response:
                return Answer(
                    operation=call.operation,
                    runner=call.runner,
                    status=response.status_code,
                    body=_body(response, call, limit, ends),
                    retry_after=response.headers.get("Retry-After"),
                    location=response.headers.get("Location"),
                )
        except (OSError, urllib3.exceptions.HTTPError, UnicodeError) as failure:
            return failure


def _answer_of(outcome: Answer | Exception, call: _Call, timeout_seconds: float) -> Answer:
    """Give the answer, or raise what its failure stands for."""
    if isinstance(outcome, Answer):
        return outcome
    where = origin(call.url)
    raise error_from_failure(outcome, call.operation, call.runner, where, timeout_seconds)


def _says_yes(look: Callable[[], bool]) -> bool:
    try:
        return look()
    except KubiyaError:
        return False


def _body(response: requests.Response, call: _Call, limit: int, ends: float) -> bytes:
    body = bytearray()
    # A piece is waited for until it is whole. So where time counts, a piece is a byte.
    for piece in response.iter_content(2**16 if ends == math.inf else 1):
        body += piece
        if time.monotonic() > ends:
            raise requests.exceptions.ReadTimeout
        if len(body) > limit:
            problem = f"is longer than {limit // 2**20} MiB"
            raise MalformedAnswerError(call.operation, call.runner, problem)
    return bytes(body)


def _following(
    retries: urllib3.Retry, method: str, outcome: Answer | Exception
) -> urllib3.Retry | None:
    """The rules as they stand for another call, or None if they allow none."""
    failure = None
    if not isinstance(outcome, Answer):
        failure = retriable_part(outcome)
    elif not retries.is_retry(method, outcome.status):
        return None
    try:
        return retries.increment(method, error=failure)
    except urllib3.exceptions.HTTPError:
        return None


def seconds_before(retries: urllib3.Retry, outcome: Answer | Exception) -> float:
    """How long to wait before the next call: what the service asks for, else ever longer."""
    asked = 0.0
    if isinstance(outcome, Answer) and outcome.retry_after:
        with suppress(urllib3.exceptions.InvalidHeader, ValueError, OverflowError):
            asked = retries.parse_retry_after(outcome.retry_after)
    return min(asked, LONGEST_PAUSE) or retries.get_backoff_time()


def _manifest_url(base: str, url: str, runner: str) -> str:
    if not url.strip():
        raise MalformedAnswerError(DOWNLOAD, runner, "has no URL of a manifest")
    try:
        target = resolved(base, url.strip())
    except ValueError as error:
        problem = f"gives a manifest URL that {error}"
        raise MalformedAnswerError(DOWNLOAD, runner, problem) from None
    if not is_safe(target):
        problem = f"gives a manifest URL that is not https:// ({origin(target)})"
        raise MalformedAnswerError(DOWNLOAD, runner, problem)
    return target


def _shown(base: str, url: str) -> str:
    """As much as may be shown of where a redirect leads."""
    try:
        return origin(resolved(base, url))
    except ValueError:
        return "an address that is no URL"


_secret_url = ContextVar("_secret_url", default=False)


@contextmanager
def _unlogged() -> Iterator[None]:
    """Keep urllib3 from logging the URLs that are called in this block, which are secrets."""
    token = _secret_url.set(True)
    try:
        yield
    finally:
        _secret_url.reset(token)


def _is_loggable(_record: logging.LogRecord) -> bool:
    return not _secret_url.get()


for _name in ("urllib3.connection", "urllib3.connectionpool", "urllib3.util.retry"):
    logging.getLogger(_name).addFilter(_is_loggable)
