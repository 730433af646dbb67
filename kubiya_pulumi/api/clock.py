"""Time as this package sees it."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Clock:
    """Time and chance for whatever waits; a test has one of its own."""

    now: Callable[[], float] = time.monotonic
    """Seconds that only ever go forward."""
    sleep: Callable[[float], None] = time.sleep
    jitter: Callable[[float, float], float] = random.uniform
    """A number between two, so that many who wait do not come at the same moment."""


@dataclass(frozen=True)
class Deadline:
    """When an operation with all its calls and pauses has to be over.

    Args:
        clock: the time.
        seconds: how long it is until then, from now.
    """

    clock: Clock
    seconds: float
    _ends: float = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_ends", self.clock.now() + self.seconds)

    def seconds_left(self) -> float:
        """How long it still is; negative when it is over."""
        return self._ends - self.clock.now()

    def is_over(self) -> bool:
        """Whether no call may begin any more."""
        return self.seconds_left() <= 0
