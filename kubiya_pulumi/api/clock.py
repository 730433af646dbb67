"""Time: a replaceable clock, and deadlines measured by it."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Clock:
    """Clock, sleep and jitter of retries and polling. Tests substitute their own."""

    now: Callable[[], float] = time.monotonic
    """Returns monotonic seconds."""
    sleep: Callable[[float], None] = time.sleep
    """Waits for a number of seconds."""
    jitter: Callable[[float, float], float] = random.uniform
    """Returns a random number between two bounds, so that clients do not retry in lockstep."""


class Deadline:
    """The time by which an operation, with all its requests and delays, must be complete.

    Args:
        clock: the clock that measures it.
        seconds: the seconds from now until the deadline.
    """

    seconds: float
    """The seconds from the start of the operation until the deadline."""

    def __init__(self, clock: Clock, seconds: float) -> None:
        self.seconds = seconds
        self._clock = clock
        self._end = clock.now() + seconds

    @property
    def remaining(self) -> float:
        """The seconds until the deadline. Negative after it."""
        return self._end - self._clock.now()

    @property
    def expired(self) -> bool:
        """Whether the deadline has passed, so that no request may be sent."""
        return self.remaining <= 0
