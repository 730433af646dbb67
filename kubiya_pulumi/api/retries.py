"""Which requests are retried, and when: the table of `RunnersClient` as code."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import Enum, auto
from http import HTTPStatus

from kubiya_pulumi.api.clock import Clock
from kubiya_pulumi.api.errors import (
    ConnectionFailedError,
    PoolTimeoutError,
    ProxyRefusedError,
    ResponseTimeoutError,
    TruncatedResponseError,
)
from kubiya_pulumi.api.responses import Response
from kubiya_pulumi.errors import KubiyaError

BACKOFF_BASE = 1.0
"""The maximum seconds before the first retry. They double with each further retry."""
BACKOFF_CAP = 60.0
"""The maximum seconds before a retry, unless the header `Retry-After` asks for more."""
MAX_RETRY_AFTER = 1e9
"""The limit for the value of `Retry-After`, which appears in messages: about 30 years."""


class Retry(Enum):
    """Whether a request may be retried."""

    SAFE = auto()
    """The request was not processed."""
    IF_IDEMPOTENT = auto()
    """The request may have been processed: retry only if it is idempotent."""
    NEVER = auto()
    """A retry would fail in the same way."""


def classify(outcome: Response | KubiyaError) -> Retry:
    """Return whether a request with this outcome may be retried."""
    match outcome:
        case Response(status=HTTPStatus.TOO_MANY_REQUESTS):
            return Retry.SAFE
        case Response(
            status=HTTPStatus.INTERNAL_SERVER_ERROR
            | HTTPStatus.BAD_GATEWAY
            | HTTPStatus.SERVICE_UNAVAILABLE
            | HTTPStatus.GATEWAY_TIMEOUT
        ):
            return Retry.IF_IDEMPOTENT
        case ProxyRefusedError() | PoolTimeoutError():
            return Retry.NEVER
        case ConnectionFailedError() | ResponseTimeoutError() | TruncatedResponseError():
            return Retry.IF_IDEMPOTENT if outcome.outcome_unknown else Retry.SAFE
    return Retry.NEVER


def backoff_delay(attempt: int, outcome: Response | KubiyaError, clock: Clock) -> float:
    """Return the seconds to wait before a retry: random, and at least the `Retry-After`.

    Args:
        attempt: the number of retries so far.
        outcome: the outcome of the last attempt.
        clock: the source of the jitter.
    """
    delay = clock.jitter(0, min(BACKOFF_CAP, BACKOFF_BASE * 2**attempt))
    retry_after = outcome.retry_after if isinstance(outcome, Response) else None
    return max(delay, retry_after or 0)


def parse_retry_after(header: str | None) -> float | None:
    """Return the seconds of a `Retry-After` header, a number or a date. None if it is neither."""
    text = (header or "").strip()
    try:
        if text.isdecimal():
            seconds = float(text)
        else:
            date = parsedate_to_datetime(text)
            seconds = (date.astimezone(UTC) - datetime.now(UTC)).total_seconds()
    except (ValueError, OverflowError):
        return None
    return min(max(seconds, 0), MAX_RETRY_AFTER)
