"""How large a random test is, and which seed it starts from.

`make test` runs each at its small size and always from the same seed, so that it says the same of
the same code. `make chaos` draws a seed, or takes the one it is given, and runs them larger.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from hypothesis import HealthCheck, seed, settings

T = TypeVar("T", bound=Callable[..., object])

SEED = int(os.environ.get("KUBIYA_CHAOS_SEED") or 0)
"""What every random choice follows from."""
COUNT = int(os.environ.get("KUBIYA_CHAOS_COUNT") or 0)
"""How many runs of the engine each random test may make; 0 leaves each test its small size."""

taken: Counter[str] = Counter()
"""How many `examples` hypothesis took in this process; what shrinks a failure is among them."""


def size(small: int, *, each: int) -> int:
    """How many examples a test takes: `small`, or `each` for every run that was asked for."""
    return COUNT * each if COUNT else small


def at_random(examples: int) -> Callable[[T], T]:
    """Make a function with hypothesis's `given` take that many examples, repeatably."""
    bounded = settings(
        max_examples=examples,
        database=None,  # What an earlier run found is no part of this one's seed.
        deadline=None,  # Time is no measure on a machine that does other things, too.
        print_blob=True,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )

    def decorate(function: T) -> T:
        _count_examples(function)
        return seed(SEED)(bounded(function))

    return decorate


def _count_examples(given_function: Any) -> None:
    inner = given_function.hypothesis.inner_test

    @wraps(inner)
    def counted(*args: Any, **kwargs: Any) -> Any:
        taken["examples"] += 1
        return inner(*args, **kwargs)

    given_function.hypothesis.inner_test = counted
