"""The lifecycle of a health gate: wait until a runner is healthy.

Nothing exists remotely: create and update wait, read records the current health, and delete only
drops it from the state.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import CancelledError
from dataclasses import asdict, replace
from typing import Any

from kubiya_pulumi.api import Clock, HealthCheck, NotFoundError, RunnerHealth, RunnersApi
from kubiya_pulumi.declarations import RUNNER_HEALTH, RunnerHealthInputs, RunnerHealthState
from kubiya_pulumi.dynamic.handler import StateOnlyHandler
from kubiya_pulumi.lifecycle.cancellation import Cancellation
from kubiya_pulumi.lifecycle.errors import (
    HealthMissingError,
    RunnerGoneError,
    WaitCancelledError,
)
from kubiya_pulumi.lifecycle.health_wait import wait_until_healthy
from kubiya_pulumi.lifecycle.last_seen import first_seen, require_seen_here
from kubiya_pulumi.lifecycle.lookup import listed_runner, none_if_deleted


class RunnerHealthHandler(StateOnlyHandler[RunnersApi, RunnerHealthInputs, RunnerHealthState]):
    """Waits until a runner is healthy.

    Args:
        clock: the clock of the wait. Default: that of the machine; a cancellation ends its sleep.
        timeout_of_call: returns the seconds that the engine gives the current call, or None if it
            sets no limit. Default: no limit.
    """

    declaration = RUNNER_HEALTH

    def __init__(
        self,
        clock: Clock | None = None,
        timeout_of_call: Callable[[], float | None] = lambda: None,
    ) -> None:
        self.cancellation: Cancellation = Cancellation()
        self._clock = clock or Clock(sleep=self.cancellation.sleep)
        self._timeout_of_call = timeout_of_call

    def create(self, api: RunnersApi, inputs: RunnerHealthInputs) -> RunnerHealthState:
        """Wait until the runner is healthy.

        Raises:
            RunnerGoneError: the runner does not exist.
            NotHealthyError: the runner is not healthy within the timeout.
            WaitCancelledError: the user cancelled the command.
            KubiyaError: a request failed for a reason that does not pass; see `RunnersApi`.
        """
        name = inputs.runner
        timeout, timeout_name = inputs.timeout_seconds, "timeout_seconds"
        of_call = self._timeout_of_call()
        if of_call is not None and of_call < timeout:
            timeout, timeout_name = of_call, "custom_timeouts"
        try:
            health = wait_until_healthy(
                lambda seconds: self.cancellation.run(lambda: _get_health(api, name, seconds)),
                runner=name,
                required_checks=inputs.required_checks,
                timeout_seconds=timeout,
                timeout_name=timeout_name,
                clock=self._clock,
            )
        except CancelledError:
            raise WaitCancelledError(
                f'the wait for runner "{name}" was cancelled before the runner was healthy. Run '
                "`pulumi up` to resume it."
            ) from None
        return _state(api, inputs, health)

    def read(self, api: RunnersApi, state: RunnerHealthState) -> RunnerHealthState | None:
        """Record the current health. An unhealthy runner is not an error.

        Raises:
            RunnerElsewhereError: the runner is missing, but was last seen with other settings.
            KubiyaError: a request failed; see `RunnersApi`.
        """
        name = state.runner
        health = none_if_deleted(api, name, lambda: api.get_runner_health(name))
        if health is None:
            require_seen_here(api, name, state.last_seen)
            return None
        current = _state(api, state, health)
        known = replace(state, last_seen=current.last_seen)
        # An older version did not store `healthy`.
        if state.healthy is None:
            known = replace(known, healthy=current.healthy)
        # The time of the check alone is not a change.
        unchanged = replace(known, checked_at=current.checked_at) == current
        return known if unchanged else current

    def update(
        self, api: RunnersApi, state: RunnerHealthState, inputs: RunnerHealthInputs
    ) -> RunnerHealthState:
        """Repeat the wait."""
        return self.create(api, replace(inputs, runner=state.runner))


def _get_health(api: RunnersApi, name: str, seconds: float) -> RunnerHealth:
    """Request the health. A 404 may mean that the service does not report it yet."""
    try:
        return api.get_runner_health(name, total_timeout_seconds=seconds)
    except NotFoundError as error:
        missing = error
    if listed_runner(api, name) is None:
        raise RunnerGoneError(
            f'the health of runner "{name}" cannot be checked: the runner does not exist. Create '
            "it with KubiyaRunner and pass runner.id, or correct the name."
        )
    raise HealthMissingError(f"{missing.failure} The service lists the runner.")


def _state(api: RunnersApi, inputs: RunnerHealthInputs, health: RunnerHealth) -> RunnerHealthState:
    return RunnerHealthState(
        runner=inputs.runner,
        timeout_seconds=inputs.timeout_seconds,
        required_checks=inputs.required_checks,
        triggers=inputs.triggers,
        status=health.status,
        health=health.health,
        healthy=health.healthy,
        version=health.version,
        checked_at=health.time,
        checks=[_reported(check) for check in health.checks],
        last_seen=first_seen(api.place, None),
    )


def _reported(check: HealthCheck) -> dict[str, Any]:
    """Return the fields that the service reports for a check."""
    return {name: value for name, value in asdict(check).items() if value is not None}
