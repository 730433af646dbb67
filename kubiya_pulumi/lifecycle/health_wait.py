"""The wait for a healthy runner: which responses end it, and how long it takes."""

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
from kubiya_pulumi.lifecycle.errors import HealthMissingError, NotHealthyError

TRANSIENT_ERRORS = (
    HealthMissingError,
    ServerError,
    RateLimitedError,
    ConnectionFailedError,
    ResponseTimeoutError,
    TruncatedResponseError,
)
"""Errors that may not recur. Any other error ends the wait."""
FIRST_DELAY = 0.5
"""The limit of the delay before the second request, in seconds. Each further one is longer."""
MAX_DELAY = 10.0
"""The limit of every delay, in seconds, unless `Retry-After` asks for more."""
DELAY_FACTOR = 1.5
PROGRESS_SECONDS = 15.0
"""Seconds between two progress messages."""
MIN_REQUEST_SECONDS = 1.0
"""Seconds that the last request may take, however little of the timeout remains."""

_log = logging.getLogger(__name__)


def wait_until_healthy(
    get_health: Callable[[float], RunnerHealth],
    *,
    runner: str,
    required_checks: Sequence[str] = (),
    timeout_seconds: float,
    timeout_name: str = "timeout_seconds",
    clock: Clock,
) -> RunnerHealth:
    """Poll until the runner is healthy, or until the required checks are, if there are any.

    Args:
        get_health: requests the health; its argument is how many seconds it may take.
        runner: the runner's name, for messages.
        required_checks: the names of the checks to wait for; empty for the whole runner.
        timeout_seconds: how long to wait in total, in seconds.
        timeout_name: what sets the timeout, for messages.
        clock: the clock.

    Raises:
        NotHealthyError: the timeout is over, or `Retry-After` exceeds what remains of it. The
            message names each failing check, with its status and error, and the duration.
        KubiyaError: a request failed for a reason that does not pass, such as a 401 or 403.
    """
    started = reported = clock.now()
    delays = poll_delays(clock)
    while True:
        retry_after = 0.0
        try:
            health = get_health(max(timeout_seconds - (clock.now() - started), MIN_REQUEST_SECONDS))
        except TRANSIENT_ERRORS as error:
            problem = str(error)
            if isinstance(error, ApiError):
                retry_after = error.retry_after or 0.0
        else:
            problem = describe_unhealthy(health, required_checks)
            if not problem:
                return health
        waited = clock.now() - started
        # The service accepts no request before `Retry-After`, so none fits into what remains.
        if waited >= timeout_seconds or waited + retry_after > timeout_seconds:
            raise NotHealthyError(
                f'runner "{runner}" is not healthy after {waited:.0f} s: {problem} '
                f"Inspect its pods with kubectl and re-run `pulumi up`. Increase {timeout_name} "
                "to wait longer."
            )
        if clock.now() - reported >= PROGRESS_SECONDS:
            reported = clock.now()
            _log.info('runner "%s" is not healthy yet (%.0f s): %s', runner, waited, problem)
        # The last request is sent at the very end.
        delay = min(next(delays), timeout_seconds - waited)
        clock.sleep(max(delay, retry_after))


def poll_delays(clock: Clock) -> Iterator[float]:
    """Yield the seconds between requests: they grow, and each is up to a third less at random."""
    delay = FIRST_DELAY
    while True:
        yield clock.jitter(delay * 2 / 3, delay)
        delay = min(delay * DELAY_FACTOR, MAX_DELAY)


def describe_unhealthy(health: RunnerHealth, required_checks: Sequence[str]) -> str:
    """Return why the runner is not healthy, in one or more sentences; empty if it is."""
    if required_checks:
        problems = _problems_of_checks(health, required_checks)
    elif health.healthy:
        problems = []
    else:
        problems = _problems_of_runner(health)
    return f"{'; '.join(problems)}." if problems else ""


def _problems_of_checks(health: RunnerHealth, required_checks: Sequence[str]) -> list[str]:
    by_name = {_check_key(check.name): check for check in health.checks}
    problems = []
    for name in required_checks:
        check = by_name.get(_check_key(name))
        if check is None:
            problems.append(f'check "{name}" does not exist')
        elif not check.healthy:
            problems.append(_describe_check(check))
    return problems


def _problems_of_runner(health: RunnerHealth) -> list[str]:
    failing = [_describe_check(check) for check in health.checks if not check.healthy]
    reports = [
        f'the reported {name} is "{report}"' for name, report in health.unhealthy_reports.items()
    ]
    # Healthy checks alone do not prove that the runner is healthy.
    return failing + reports or ["the service reports no status"]


def _check_key(name: str) -> str:
    """Return a comparable name: the service reports `tool-manager` or `tool_manager`."""
    return name.lower().replace("_", "-")


def _describe_check(check: HealthCheck) -> str:
    error = f" ({check.error})" if check.error else ""
    return f'check "{check.name}" is {check.status or "without a status"}{error}'
