"""The number of examples and the seed of the random tests.

`make test` runs few examples and always uses the same seed, so the same code has the same result.
`make chaos` uses a random or a given seed and runs more examples.
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
"""The seed of every random choice."""
COUNT = int(os.environ.get("KUBIYA_CHAOS_COUNT") or 0)
"""The number of runs of the engine in each random test; 0 selects the default of each test."""

taken: Counter[str] = Counter()
"""The number of `examples` in this process, including those that minimize a failing example."""


def size(small: int, *, per_run: int) -> int:
    """Return the number of examples of a test: `small`, or `per_run` times the number of runs."""
    return COUNT * per_run if COUNT else small


def at_random(examples: int) -> Callable[[T], T]:
    """Return a decorator that runs a `given` test with a number of reproducible examples."""
    bounded = settings(
        max_examples=examples,
        database=None,  # Examples of earlier runs do not depend on this seed.
        deadline=None,  # The machine may be busy with other work.
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
