"""Which calls are made again, and how long after: the table in `RunnersClient`, as code."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import Enum, auto

from kubiya_pulumi.api.clock import Clock
from kubiya_pulumi.api.errors import (
    ConnectionFailedError,
    ProxyRefusedError,
    ResponseTimeoutError,
    TruncatedResponseError,
)
from kubiya_pulumi.api.responses import Response
from kubiya_pulumi.errors import KubiyaError

FIRST_PAUSE = 1.0
"""The most seconds before the first repetition; before each further one twice as many."""
LONGEST_PAUSE = 60.0
"""The most seconds between two calls, unless the service asks for more by `Retry-After`."""
LONGEST_SECONDS_ASKED = 1e9
"""What `Retry-After` is cut to, for the sake of messages: 30 years."""

TOO_MANY_REQUESTS = 429
FAILURES = frozenset({500, 502, 503, 504})
"""The statuses of a service that may have recovered a moment later."""


class Again(Enum):
    """Whether a call may be made again."""

    YES = auto()
    """It did nothing."""
    IN_DOUBT = auto()
    """It may have been done: yes, if doing it twice is the same as once."""
    NO = auto()
    """It would end the same way."""


def again(outcome: Response | KubiyaError) -> Again:
    """Say by its outcome whether a call may be made again."""
    match outcome:
        case Response(status=status) if status == TOO_MANY_REQUESTS:
            return Again.YES
        case Response(status=status) if status in FAILURES:
            return Again.IN_DOUBT
        case ProxyRefusedError():
            return Again.NO
        case ConnectionFailedError() | ResponseTimeoutError() | TruncatedResponseError():
            return Again.IN_DOUBT if outcome.outcome_unknown else Again.YES
    return Again.NO


def backoff_delay(repetition: int, outcome: Response | KubiyaError, clock: Clock) -> float:
    """How long to wait before a call is made again: at random, and never less than asked for.

    Args:
        repetition: how often the call was made again already.
        outcome: what it came to.
        clock: where chance comes from.
    """
    pause = clock.jitter(0, min(LONGEST_PAUSE, FIRST_PAUSE * 2**repetition))
    asked = outcome.retry_after if isinstance(outcome, Response) else None
    return max(pause, asked or 0)


def parse_retry_after(header: str | None) -> float | None:
    """Read the header `Retry-After`, a number of seconds or a date; None if it is neither."""
    text = (header or "").strip()
    try:
        if text.isdecimal():
            seconds = float(text)
        else:
            until = parsedate_to_datetime(text)
            seconds = (until.astimezone(UTC) - datetime.now(UTC)).total_seconds()
    except (ValueError, OverflowError):
        return None
    return min(max(seconds, 0), LONGEST_SECONDS_ASKED)
