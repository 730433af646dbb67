"""The lifecycle of a runner.

The API may respond to a create request for an existing name with the manifest of a runner that
somebody else created, so a successful response proves nothing: the list is read first. And a
create may succeed although its response is lost, or the engine dies before it writes the state.
The next create, which has the same inputs, then finds a runner whose owner is this resource (see
`ownership`).
"""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Any

from kubiya_pulumi.api import (
    BadRequestError,
    ConflictError,
    CreatedRunner,
    NotFoundError,
    Runner,
    RunnersApi,
    UnexpectedStatusError,
)
from kubiya_pulumi.declarations import RUNNER, RunnerInputs, RunnerState
from kubiya_pulumi.dynamic.handler import ResourceHandler
from kubiya_pulumi.errors import KubiyaError
from kubiya_pulumi.lifecycle.errors import (
    NotSupportedError,
    RunnerExistsError,
    RunnerGoneError,
    RunnerNotOursError,
)
from kubiya_pulumi.lifecycle.lookup import (
    existing_runner,
    is_missing_or_unsupported,
    listed_runner,
)
from kubiya_pulumi.lifecycle.ownership import (
    MANAGED_BY,
    Ownership,
    adoption_advice,
    describe_owner,
    describe_replacement,
    has_known_owner,
    is_owned_by_same_stack,
    is_replaced,
    ownership_of,
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
        existing = _find_existing(api, inputs)
        if existing is not None:
            return _resolve_existing(api, inputs, existing)
        try:
            created = _send_create(api, inputs)
        except KubiyaError as error:
            # Any other 4xx means that the request was rejected: there is nothing to reconcile.
            if not (error.outcome_unknown or isinstance(error, BadRequestError | ConflictError)):
                raise
            return _reconcile_failed_create(api, inputs, error)
        return _verify_created(api, inputs, created)

    def read(self, api: RunnersApi, state: RunnerState) -> RunnerState | None:
        """Read the runner. The URL of its manifest stays the one of its creation."""
        runner = existing_runner(api, state.name)
        if runner is None:
            return None
        if is_replaced(runner, state):
            log.warning(
                "%s To forget it here, use `pulumi state delete`.", describe_replacement(runner)
            )
        manifest_url = state.manifest_url or _fetch_manifest_url(api, state.name)
        return _with_reported(replace(state, manifest_url=manifest_url), runner)

    def update(self, api: RunnersApi, state: RunnerState, inputs: RunnerInputs) -> RunnerState:
        """Replace the description, the only property that the API can change.

        `task_id` stays that of the create request, even if the resource has another URN since.
        """
        if _is_gone(api, state, f'the description of runner "{state.name}" was not changed'):
            raise _runner_gone_error(state.name)
        updated = replace(state, adopt_existing=inputs.adopt_existing)
        if inputs.description is None:
            return updated
        runner = _set_description(api, state.name, inputs.description)
        return _with_reported(replace(updated, description=inputs.description), runner)

    def delete(self, api: RunnersApi, state: RunnerState) -> None:
        """Delete the runner."""
        if _is_gone(api, state, f'runner "{state.name}" was not deleted'):
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


def _find_existing(api: RunnersApi, inputs: RunnerInputs) -> Runner | None:
    """Return the runner with this name, with its owner and description; None if none exists."""
    listed = listed_runner(api, inputs.name)
    if listed is None:
        return None
    is_owner_known = ownership_of(listed, inputs.task_id) is not Ownership.UNKNOWN
    if is_owner_known and listed.description is not None:
        return listed
    # The list may omit fields, and so may the description of a single runner.
    described = existing_runner(api, inputs.name)
    if described is None:
        return None
    return replace(
        described,
        managed_by=described.managed_by or listed.managed_by,
        task_id=described.task_id or listed.task_id,
    )


def _send_create(api: RunnersApi, inputs: RunnerInputs) -> CreatedRunner:
    return api.create_runner(
        inputs.name,
        description=inputs.description,
        managed_by=MANAGED_BY,
        task_id=inputs.task_id,
        confirm_not_created=lambda: listed_runner(api, inputs.name) is None,
    )


def _verify_created(api: RunnersApi, inputs: RunnerInputs, created: CreatedRunner) -> RunnerState:
    """Return the state of a created runner, unless somebody else took the name first."""
    runner = created.runner
    try:
        runner = existing_runner(api, inputs.name) or runner
    except KubiyaError as error:
        log.warning("%s The runner was created; `pulumi refresh` completes its outputs.", error)
    if runner is not None and ownership_of(runner, inputs.task_id) is Ownership.OTHER:
        return _resolve_existing(api, inputs, runner)
    return _complete_created(api, inputs, runner, created.manifest_url)


def _reconcile_failed_create(
    api: RunnersApi, inputs: RunnerInputs, error: KubiyaError
) -> RunnerState:
    """Find out whether a failed create request created the runner; raise its error if not."""
    try:
        existing = _find_existing(api, inputs)
    except KubiyaError:
        raise error from None
    if existing is None:
        raise error
    return _resolve_existing(api, inputs, existing)


def _resolve_existing(api: RunnersApi, inputs: RunnerInputs, existing: Runner) -> RunnerState:
    """Take over an existing runner if this resource owns it or may adopt it, else refuse."""
    ownership = ownership_of(existing, inputs.task_id)
    if ownership is Ownership.OURS:
        log.info(
            'Runner "%s" exists: this resource created it, probably in an update that was '
            "interrupted. It is added to the state.",
            inputs.name,
        )
        return _complete_created(api, inputs, existing, None)
    owned_by_sibling = ownership is Ownership.OTHER and is_owned_by_same_stack(
        existing, inputs.task_id
    )
    # Renamed without an alias, that resource is deleted after this one, and its runner with it.
    if inputs.adopt_existing and not owned_by_sibling:
        return _adopt(api, inputs, existing)
    advice = adoption_advice(ownership, owned_by_sibling=owned_by_sibling)
    raise RunnerExistsError(
        f'runner "{inputs.name}" was not created: a runner with that name exists'
        f"{describe_owner(existing)}. {advice}; otherwise choose a different name."
    )


def _complete_created(
    api: RunnersApi, inputs: RunnerInputs, runner: Runner | None, manifest_url: str | None
) -> RunnerState:
    """Set what a create may have left out. The runner exists, so nothing here may raise."""
    description = inputs.description
    try:
        if description is not None and (runner is None or runner.description != description):
            runner = api.update_runner_description(inputs.name, description) or runner
    except KubiyaError as error:
        log.warning(
            "%s The runner was created, perhaps without its description: `pulumi refresh` shows "
            "it, and the next `pulumi up` sets it.",
            error,
        )
    manifest_url = manifest_url or _fetch_manifest_url(api, inputs.name)
    return _state(inputs, runner, manifest_url, adopted=None)


def _adopt(api: RunnersApi, inputs: RunnerInputs, existing: Runner) -> RunnerState:
    manifest_url = api.get_runner_manifest(inputs.name).manifest_url
    if inputs.description is not None and existing.description != inputs.description:
        existing = _set_description(api, inputs.name, inputs.description) or existing
    return _state(inputs, existing, manifest_url, adopted=True)


def _set_description(api: RunnersApi, name: str, description: str) -> Runner | None:
    """Set the description. The list tells what a "not found" means."""
    try:
        return api.update_runner_description(name, description)
    except (NotFoundError, UnexpectedStatusError) as error:
        if not is_missing_or_unsupported(error):
            raise
        if listed_runner(api, name) is None:
            raise _runner_gone_error(name) from None
        raise NotSupportedError(
            f'the description of runner "{name}" was not changed: the service returned '
            f"{error.status}, although the runner exists. It does not offer this change; set "
            "the description in the program to that of the runner."
        ) from None


def _runner_gone_error(name: str) -> RunnerGoneError:
    return RunnerGoneError(
        f'the description of runner "{name}" was not changed: the runner does not exist. '
        "Run `pulumi refresh`, then `pulumi up` to create it."
    )


def _fetch_manifest_url(api: RunnersApi, name: str) -> str | None:
    """Return the URL of the manifest, or None with a warning: it must not fail the operation."""
    try:
        return api.get_runner_manifest(name).manifest_url
    except KubiyaError as error:
        log.warning(
            "%s The runner exists, but the URL of its manifest is unknown; the next "
            "`pulumi refresh` requests it.",
            error,
        )
        return None


def _state(
    inputs: RunnerInputs, runner: Runner | None, manifest_url: str | None, *, adopted: bool | None
) -> RunnerState:
    state = RunnerState(
        name=inputs.name,
        description=inputs.description or "",
        adopt_existing=inputs.adopt_existing,
        task_id=inputs.task_id,
        manifest_url=manifest_url,
        adopted=adopted,
    )
    return _with_reported(state, runner)


def _with_reported(state: RunnerState, runner: Runner | None) -> RunnerState:
    """Return the state with what the API reports now. What it omits stays as it was."""
    if runner is None:
        return state
    reported: dict[str, Any] = {
        "description": runner.description,
        "version": runner.version,
        "namespace": runner.namespace or runner.kubernetes_namespace,
        "kubernetes_namespace": runner.kubernetes_namespace or runner.namespace,
    }
    return replace(state, **{k: value for k, value in reported.items() if value is not None})


def _is_gone(api: RunnersApi, state: RunnerState, failure: str) -> bool:
    """Read the runner before a change, if the state knows the owner that the API reports.

    Raises:
        RunnerNotOursError: somebody else owns the runner now.
    """
    if not has_known_owner(state):
        return False
    runner = existing_runner(api, state.name)
    if runner is not None and is_replaced(runner, state):
        raise RunnerNotOursError(
            f"{failure}. {describe_replacement(runner)} Use `pulumi state delete` to forget it "
            "here, then `pulumi up`."
        )
    return runner is None
