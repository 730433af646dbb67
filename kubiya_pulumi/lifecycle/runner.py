"""The lifecycle of a runner; see `runner_creation` for its creation."""

from __future__ import annotations

import logging
from dataclasses import replace

from kubiya_pulumi.api import NotFoundError, RunnersApi, UnexpectedStatusError
from kubiya_pulumi.declarations import RUNNER, RunnerInputs, RunnerState
from kubiya_pulumi.dynamic.handler import ResourceHandler
from kubiya_pulumi.lifecycle.errors import (
    NotSupportedError,
    RunnerGoneError,
    RunnerNotOursError,
)
from kubiya_pulumi.lifecycle.lookup import (
    existing_runner,
    is_missing_or_unsupported,
    listed_runner,
)
from kubiya_pulumi.lifecycle.ownership import (
    describe_replacement,
    has_known_owner,
    is_replaced,
)
from kubiya_pulumi.lifecycle.runner_creation import create_runner
from kubiya_pulumi.lifecycle.runner_requests import (
    fetch_manifest_url,
    gone_error,
    set_description,
    unchanged,
    with_reported,
)

log = logging.getLogger(__name__)


class RunnerHandler(ResourceHandler[RunnersApi, RunnerInputs, RunnerState]):
    """Creates, reads, updates and deletes runners."""

    declaration = RUNNER

    def create(self, api: RunnersApi, inputs: RunnerInputs) -> RunnerState:
        """Create the runner, or take over the existing one if this resource may.

        Raises:
            RunnerExistsError: somebody else owns the runner, or its owner is unknown and
                `adopt_existing` is false, or another resource of this stack owns it.
            KubiyaError: the lookup or the create request failed; see `RunnersApi`.
        """
        return create_runner(api, inputs)

    def read(self, api: RunnersApi, state: RunnerState) -> RunnerState | None:
        """Read the runner. The URL of its manifest stays the one of its creation."""
        runner = existing_runner(api, state.name)
        if runner is None:
            return None
        if is_replaced(runner, state):
            log.warning(
                "%s To remove it from this stack's state, use `pulumi state delete`.",
                describe_replacement(runner),
            )
        manifest_url = state.manifest_url or fetch_manifest_url(api, state.name)
        return with_reported(replace(state, manifest_url=manifest_url), runner)

    def update(self, api: RunnersApi, state: RunnerState, inputs: RunnerInputs) -> RunnerState:
        """Replace the description, the only property that the API can change.

        `task_id` stays that of the create request, even if the resource has another URN since.
        """
        _require_own_runner(api, state, unchanged(state.name))
        updated = replace(state, adopt_existing=inputs.adopt_existing)
        if inputs.description is None:
            # The engine asks for no update then: `diff` reports none.
            return updated
        runner = set_description(api, state.name, inputs.description)
        return with_reported(replace(updated, description=inputs.description), runner)

    def delete(self, api: RunnersApi, state: RunnerState) -> None:
        """Delete the runner."""
        try:
            _require_own_runner(api, state, f'runner "{state.name}" was not deleted')
        except RunnerGoneError:
            return
        try:
            api.delete_runner(state.name)
        except (NotFoundError, UnexpectedStatusError) as error:
            if not is_missing_or_unsupported(error):
                raise
            if listed_runner(api, state.name) is not None:
                raise NotSupportedError(
                    f'runner "{state.name}" was not deleted: the service returned {error.status}, '
                    "although the runner still exists. It does not offer deletion with this API "
                    "key; delete the runner in another way, or set retain_on_delete=True in the "
                    "resource's options to keep it."
                ) from None


def _require_own_runner(api: RunnersApi, state: RunnerState, failure: str) -> None:
    """Read the runner before a change, if the state knows the owner that the API reports.

    Args:
        api: the API.
        state: the stored state.
        failure: what was not done, as the start of an error.

    Raises:
        RunnerGoneError: the runner does not exist.
        RunnerNotOursError: somebody else owns the runner now.
    """
    if not has_known_owner(state):
        return
    runner = existing_runner(api, state.name)
    if runner is None:
        raise gone_error(failure)
    if is_replaced(runner, state):
        raise RunnerNotOursError(
            f"{failure}. {describe_replacement(runner)} To remove it from this stack's state, use "
            "`pulumi state delete`, then run `pulumi up`."
        )
