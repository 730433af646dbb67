"""The lifecycle of a runner; see `runner_creation` and `runner_deletion` for two of its parts."""

from __future__ import annotations

import logging
from collections.abc import Set
from dataclasses import replace
from typing import Any

from kubiya_pulumi import lifecycle
from kubiya_pulumi.api import Clock, RunnersApi
from kubiya_pulumi.declarations import RUNNER, RunnerInputs, RunnerState
from kubiya_pulumi.dynamic.handler import InputFailure, ResourceHandler
from kubiya_pulumi.dynamic.properties import PropertyMap
from kubiya_pulumi.lifecycle.change_verification import verify_description
from kubiya_pulumi.lifecycle.errors import (
    RunnerExistsError,
    RunnerGoneError,
)
from kubiya_pulumi.lifecycle.held_names import HeldNames, resource_in
from kubiya_pulumi.lifecycle.last_seen import require_seen_here, still_seen
from kubiya_pulumi.lifecycle.ownership import (
    describe_replacement,
    is_replaced,
)
from kubiya_pulumi.lifecycle.runner_requests import (
    current_runner,
    fetch_manifest_url,
    require_own_runner,
    set_description,
    unchanged,
    with_reported,
)

_log = logging.getLogger(__name__)


class RunnerHandler(ResourceHandler[RunnersApi, RunnerInputs, RunnerState]):
    """Creates, reads, updates and deletes runners.

    Args:
        names: which resource has each name in this command. Default: None, commands are not told
            apart.
        clock: the clock that waits until a change is visible. Default: None, the system's clock.
    """

    declaration = RUNNER

    def __init__(self, names: HeldNames | None = None, clock: Clock | None = None) -> None:
        self.names: HeldNames = names or HeldNames()
        self._clock = clock or Clock()

    def check(
        self, inputs: PropertyMap, unknown: Set[str], old_inputs: PropertyMap | None = None
    ) -> tuple[dict[str, Any], list[InputFailure]]:
        """Validate the inputs, and refuse a name that another resource declares."""
        checked, failures = super().check(inputs, unknown, old_inputs)
        name, task_id = checked.get("name"), checked.get("task_id")
        if isinstance(name, str) and isinstance(task_id, str):
            other = self.names.declare(name, task_id, (old_inputs or {}).get("name"))
            if other is not None:
                reason = (
                    f'the resources "{resource_in(other)}" and "{resource_in(task_id)}" both '
                    f'declare the runner "{name}"; give each resource a name of its own'
                )
                failures.append(InputFailure("name", reason))
        return checked, failures

    def create(self, api: RunnersApi, inputs: RunnerInputs) -> RunnerState:
        """Create the runner, or take over the existing one if this resource may.

        Raises:
            RunnerExistsError: somebody else owns the runner, or its owner is unknown and
                `adopt_existing` is false, or another resource of this stack owns it.
            KubiyaError: the lookup or the create request failed; see `RunnersApi`.
        """
        try:
            return self._create(api, inputs)
        except RunnerExistsError:
            # The engine may have announced meanwhile that another resource gives up the name.
            if not self.names.is_given_up(inputs.name):
                raise
            return self._create(api, inputs)

    def _create(self, api: RunnersApi, inputs: RunnerInputs) -> RunnerState:
        with self.names.taking(inputs.name, inputs.task_id):
            return lifecycle.create_runner(api, inputs)

    def read(self, api: RunnersApi, state: RunnerState) -> RunnerState | None:
        """Read the runner. The URL of its manifest stays the one of its creation.

        Raises:
            RunnerElsewhereError: the runner is missing, but was last seen with other settings.
            RunnerGoneError: the runner of `get` does not exist.
            KubiyaError: a request failed; see `RunnersApi`.
        """
        runner = current_runner(api, state, reuse=True)
        if runner is None:
            require_seen_here(api, state.name, state.last_seen)
            if state.only_read and state.last_seen is None:
                raise RunnerGoneError(
                    f'runner "{state.name}" does not exist, so KubiyaRunner.get cannot read it. '
                    "Correct the name, or declare the runner with KubiyaRunner(…) to create it."
                )
            return None
        last_seen = state.last_seen
        if is_replaced(runner, state):
            _log.warning(
                "%s To remove it from this stack's state, use `pulumi state delete`.",
                describe_replacement(runner, state),
            )
        else:
            last_seen = still_seen(state, api.place, runner)
        manifest_url = state.manifest_url or fetch_manifest_url(api, state.name)
        current = replace(state, manifest_url=manifest_url, last_seen=last_seen)
        return with_reported(current, runner)

    def update(self, api: RunnersApi, state: RunnerState, inputs: RunnerInputs) -> RunnerState:
        """Replace the description, the only property that the API can change.

        `task_id` stays that of the create request, even if the resource has another URN since. An
        import file does not know it.
        """
        task_id = state.task_id or (inputs.task_id if state.adopted else None)
        updated = replace(state, adopt_existing=inputs.adopt_existing, task_id=task_id)
        try:
            require_own_runner(api, state, unchanged(state.name))
            if inputs.description is None:
                # The engine asks for no update then: `diff` reports none.
                return updated
            runner = set_description(api, state.name, inputs.description)
            if runner is None or runner.description != inputs.description:
                verify_description(api, state.name, inputs.description, self._clock)
        except RunnerGoneError:
            require_seen_here(api, state.name, state.last_seen)
            raise
        # The response may not contain the owner.
        last_seen = still_seen(state, api.place, None)
        current = with_reported(replace(updated, last_seen=last_seen), runner)
        return replace(current, description=inputs.description)

    def delete(self, api: RunnersApi, state: RunnerState) -> None:
        """Delete the runner, unless another resource of the stack has it now.

        Raises:
            KubiyaError: the deletion failed; see `delete_runner`.
        """
        with self.names.releasing(state.name) as holder:
            if holder is None:
                lifecycle.delete_runner(api, state, self._clock)
            else:
                _log.warning(
                    'Runner "%s" was left in place: the resource "%s" of this stack has it now.',
                    state.name,
                    resource_in(holder),
                )
