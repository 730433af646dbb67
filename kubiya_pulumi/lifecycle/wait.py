"""Waiting until a runner is healthy: when to look again, and when to give up."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence

from kubiya_pulumi.api import (
    ApiError,
    Clock,
    ConnectionFailedError,
    HealthCheck,
    RateLimitedError,
    ResponseTimeoutError,
    RunnerHealth,
    ServerError,
    TruncatedResponseError,
)
from kubiya_pulumi.lifecycle.errors import NotHealthyError

PASSING = (
    ServerError,
    RateLimitedError,
    ConnectionFailedError,
    ResponseTimeoutError,
    TruncatedResponseError,
)
"""Errors that may be over at the next look. Any other ends the wait."""

log = logging.getLogger(__name__)


FIRST_PAUSE = 0.5
LONGEST_PAUSE = 10.0
GROWTH = 1.5
SAY_EVERY = 15.0
SHORTEST_LOOK = 1.0
"""Seconds that the last look may take, however little is left."""


def pauses(clock: Clock) -> Iterator[float]:
    """Seconds between looks: short at first, then longer, each up to a third less at random."""
    pause = FIRST_PAUSE
    while True:
        yield clock.jitter(pause * 2 / 3, pause)
        pause = min(pause * GROWTH, LONGEST_PAUSE)


def wait_until_healthy(
    look: Callable[[float], RunnerHealth],
    *,
    runner: str,
    checks: Sequence[str] = (),
    timeout_seconds: float,
    clock: Clock,
) -> RunnerHealth:
    """Look until the runner is healthy, or where `checks` are named, until those are.

    `look` is told how many seconds it may take.

    Raises:
        NotHealthyError: the time is over. It names each check that fails, with its status and
            what it says, and how long the wait was.
        KubiyaError: a look failed for a reason that does not pass, such as a 401, 403 or 404.
    """
    began = said = clock.now()
    coming_pauses = pauses(clock)
    while True:
        retry_after = 0.0
        try:
            health = look(max(timeout_seconds - (clock.now() - began), SHORTEST_LOOK))
        except PASSING as error:
            missing = str(error)
            if isinstance(error, ApiError):
                retry_after = error.retry_after or 0.0
        else:
            if not (missing := what_is_missing(health, checks)):
                return health
        waited = clock.now() - began
        # The service accepts no request before `Retry-After`: none fits into what remains.
        if waited + retry_after > timeout_seconds or waited >= timeout_seconds:
            raise NotHealthyError(
                f'runner "{runner}" is not healthy after {waited:.0f} s: {missing} '
                "Look at its pods with kubectl, then run `pulumi up` again: it goes on from "
                "here. A longer wait is set with timeout_seconds."
            )
        if clock.now() - said >= SAY_EVERY:
            said = clock.now()
            log.info('runner "%s" is not healthy yet (%.0f s): %s', runner, waited, missing)
        # The last request is sent at the very end.
        delay = min(next(coming_pauses), timeout_seconds - waited)
        clock.sleep(max(delay, retry_after))


def what_is_missing(health: RunnerHealth, checks: Sequence[str]) -> str:
    """Why the runner does not count as healthy, in one or more sentences; empty if it does."""
    if not checks:
        if health.healthy:
            return ""
        failing = [_described(check) for check in health.checks if not check.healthy]
        return f"{'; '.join(failing)}." if failing else f'its status is "{health.status}".'
    found = {_key(check.name): check for check in health.checks}
    missing = []
    for name in checks:
        check = found.get(_key(name))
        if check is None:
            missing.append(f'check "{name}" is not there')
        elif not check.healthy:
            missing.append(_described(check))
    return f"{'; '.join(missing)}." if missing else ""


def _key(name: str) -> str:
    """The service writes `tool-manager` in one form of its answer, `tool_manager` in another."""
    return name.lower().replace("_", "-")


def _described(check: HealthCheck) -> str:
    error = f" ({check.error})" if check.error else ""
    return f'check "{check.name}" is {check.status or "without a status"}{error}'
