"""The creation of a runner.

The API may respond to a create request for an existing name with the manifest of a runner that
somebody else created, so a successful response proves nothing: the list is read first. And a
create may succeed although its response is lost, or the engine dies before it writes the state.
The next create, which has the same inputs, then finds a runner whose owner is this resource (see
`ownership`).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable

from kubiya_pulumi.api import (
    BadRequestError,
    ConflictError,
    CreatedRunner,
    Runner,
    RunnersApi,
)
from kubiya_pulumi.declarations import RunnerInputs, RunnerState
from kubiya_pulumi.errors import KubiyaError
from kubiya_pulumi.lifecycle.early_list import (
    PendingList,
    early_lists,
    request_early_list,
    response_to,
)
from kubiya_pulumi.lifecycle.errors import NameRefusedError, RunnerExistsError
from kubiya_pulumi.lifecycle.held_names import resource_in
from kubiya_pulumi.lifecycle.last_seen import first_seen
from kubiya_pulumi.lifecycle.lookup import (
    ALWAYS_SET,
    describe_listed,
    existing_runner,
    find_runner,
    list_runners,
    listed_runner,
    prefers_descriptions,
    reported_fields,
    unreported_fields,
)
from kubiya_pulumi.lifecycle.ownership import (
    MANAGED_BY,
    Ownership,
    adoption_advice,
    describe_owner,
    is_owned_by_same_stack,
    ownership_of,
    reports,
)
from kubiya_pulumi.lifecycle.runner_requests import (
    fetch_manifest_url,
    set_description,
    with_reported,
)

_log = logging.getLogger(__name__)


def create_runner(api: RunnersApi, inputs: RunnerInputs) -> RunnerState:
    """Create the runner, or take over the existing one if this resource may.

    Raises:
        RunnerExistsError: somebody else owns the runner, or its owner is unknown and
            `adopt_existing` is false, or another resource of this stack owns it.
        KubiyaError: the lookup or the create request failed; see `RunnersApi`.
    """
    with early_lists(api).change_in_progress():
        runners = list_runners(api, inputs.name)
        existing = _find_existing(api, inputs, runners)
        if existing is not None:
            return _resolve_existing(api, inputs, existing)
        return _create_new(api, inputs, runners)


def _create_new(api: RunnersApi, inputs: RunnerInputs, runners: tuple[Runner, ...]) -> RunnerState:
    """Create a runner that the list does not contain."""
    # A list that omits the owners of other runners may omit who created this one.
    may_list_suffice = not prefers_descriptions(api) and (
        not runners or reports(runners, "managed_by") or "managed_by" in unreported_fields(api)
    )
    early_list: PendingList | None = None
    if may_list_suffice:
        early_list = request_early_list(api, inputs.name)
    was_unknown = False

    def confirm_not_created() -> bool:
        nonlocal was_unknown
        was_unknown = True
        return listed_runner(api, inputs.name) is None

    try:
        created = _send_create(api, inputs, confirm_not_created)
    except KubiyaError as error:
        # 400 and 409 may mean that the name is taken, perhaps by this resource's own lost
        # request. Any other 4xx means that nothing was created, unless the outcome of an earlier
        # attempt is unknown.
        may_be_created = was_unknown or error.outcome_unknown
        if not (may_be_created or isinstance(error, BadRequestError | ConflictError)):
            raise
        return _reconcile_failed_create(api, inputs, error)
    runner = created.runner
    if runner is None or not _created_fields(inputs) <= reported_fields(runner):
        try:
            runner = _read_created(api, inputs, may_list_suffice, early_list) or runner
        except KubiyaError as error:
            _log.warning(
                "%s The runner was created; `pulumi refresh` completes its outputs.", error
            )
    elif early_list is not None:
        early_lists(api).remember(was_useful=False)
    if runner is not None and ownership_of(runner, inputs.task_id) is Ownership.OTHER:
        # Somebody else created it at the same time.
        return _resolve_existing(api, inputs, runner)
    return _complete_created(api, inputs, runner, created.manifest_url)


def _find_existing(
    api: RunnersApi, inputs: RunnerInputs, runners: Iterable[Runner]
) -> Runner | None:
    """Return the listed runner with this name, with its owner and description, or None."""
    listed = find_runner(runners, inputs.name)
    if listed is None:
        return None
    is_owner_known = ownership_of(listed, inputs.task_id) is not Ownership.UNKNOWN
    if is_owner_known and listed.description is not None:
        return listed
    # The list may omit fields, and so may the description of a single runner.
    return describe_listed(api, listed, ALWAYS_SET)


def _send_create(
    api: RunnersApi, inputs: RunnerInputs, confirm_not_created: Callable[[], bool]
) -> CreatedRunner:
    return api.create_runner(
        inputs.name,
        description=inputs.description,
        managed_by=MANAGED_BY,
        task_id=inputs.task_id,
        confirm_not_created=confirm_not_created,
    )


def _read_created(
    api: RunnersApi,
    inputs: RunnerInputs,
    may_list_suffice: bool,  # noqa: FBT001
    early_list: PendingList | None,
) -> Runner | None:
    """Read a created runner from a list that concurrent creates share, or by itself."""
    listed = None if early_list is None else _early_listed(api, inputs, early_list)
    if listed is None:
        if prefers_descriptions(api) or not may_list_suffice:
            return existing_runner(api, inputs.name)
        listed = listed_runner(api, inputs.name)
    if listed is None:
        return existing_runner(api, inputs.name)
    created_fields = _created_fields(inputs)
    if created_fields <= reported_fields(listed) | unreported_fields(api):
        return listed
    return describe_listed(api, listed, created_fields)


def _early_listed(api: RunnersApi, inputs: RunnerInputs, early_list: PendingList) -> Runner | None:
    """Return the created runner from a list that may precede its creation, or None."""
    listed = find_runner(response_to(early_list) or (), inputs.name)
    if listed is not None and ownership_of(listed, inputs.task_id) is Ownership.OTHER:
        listed = None
    early_lists(api).remember(was_useful=listed is not None)
    return listed


def _created_fields(inputs: RunnerInputs) -> frozenset[str]:
    """Return the fields that a created runner has: its owner, and what the state holds of it."""
    requested = {"task_id": inputs.task_id, "description": inputs.description}
    given = {name for name, value in requested.items() if value is not None}
    return ALWAYS_SET | {"managed_by"} | given


def _reconcile_failed_create(
    api: RunnersApi, inputs: RunnerInputs, error: KubiyaError
) -> RunnerState:
    """Find out whether a failed create request created the runner; raise its error if not.

    Raises:
        RunnerExistsError: a runner exists that the resource may not take over.
        NameRefusedError: the service reports a conflict, but no runner is visible.
        KubiyaError: the error of the request.
    """
    try:
        runners = list_runners(api, inputs.name)
        existing = _find_existing(api, inputs, runners)
    except KubiyaError:
        raise error from None
    if existing is None:
        if not isinstance(error, ConflictError):
            raise error
        raise NameRefusedError(
            f"{error.failure} No runner with this name is visible with this API key: it may belong "
            "to another organization, or its deletion may not be complete. Choose a different "
            "name, or retry later."
        ) from None
    return _resolve_existing(api, inputs, existing)


def _resolve_existing(api: RunnersApi, inputs: RunnerInputs, existing: Runner) -> RunnerState:
    """Take over an existing runner if this resource owns it or may adopt it, else refuse."""
    ownership = ownership_of(existing, inputs.task_id)
    if ownership is Ownership.OURS:
        _log.info(
            'Runner "%s" exists: this resource created it, probably in an update that was '
            "interrupted. It is added to the state.",
            inputs.name,
        )
        return _complete_created(api, inputs, existing, None)
    owned_by_sibling = ownership is Ownership.OTHER and is_owned_by_same_stack(
        existing, inputs.task_id
    )
    # If that resource was only renamed, without an alias, the engine deletes the old one after
    # this create, and its runner with it.
    if inputs.adopt_existing and not owned_by_sibling:
        return _adopt(api, inputs, existing)
    sibling = resource_in(existing.task_id or "") if owned_by_sibling else None
    advice = adoption_advice(ownership, sibling)
    owner = describe_owner(existing)
    raise RunnerExistsError(
        f'runner "{inputs.name}" was not created: a runner with that name exists'
        f"{f', {owner}' if owner else ''}. {advice}; otherwise choose a different name."
    )


def _complete_created(
    api: RunnersApi, inputs: RunnerInputs, runner: Runner | None, manifest_url: str | None
) -> RunnerState:
    """Set what a create may have left out. The runner exists, so nothing here may raise."""
    description, last_seen = inputs.description, first_seen(api.place, runner)
    try:
        if description is not None and (runner is None or runner.description != description):
            runner = api.update_runner_description(inputs.name, description) or runner
    except KubiyaError as error:
        _log.warning(
            "%s The runner was created, perhaps without its description: `pulumi refresh` shows "
            "it, and the next `pulumi up` sets it.",
            error,
        )
    manifest_url = manifest_url or fetch_manifest_url(api, inputs.name)
    return _state(inputs, runner, manifest_url, last_seen, adopted=None)


def _adopt(api: RunnersApi, inputs: RunnerInputs, existing: Runner) -> RunnerState:
    manifest_url = api.get_runner_manifest(inputs.name).manifest_url
    last_seen = first_seen(api.place, existing)
    if inputs.description is not None and existing.description != inputs.description:
        existing = set_description(api, inputs.name, inputs.description) or existing
    return adopted_state(inputs, existing, manifest_url, last_seen)


def adopted_state(
    inputs: RunnerInputs, runner: Runner, manifest_url: str | None, last_seen: dict[str, str]
) -> RunnerState:
    """Return the state of a runner that existed before its resource.

    Args:
        inputs: the inputs of the resource.
        runner: the runner as the service reports it.
        manifest_url: the URL of its manifest. None if it is unknown.
        last_seen: what to remember of it; see `last_seen.first_seen`.
    """
    return _state(inputs, runner, manifest_url, last_seen, adopted=True)


def _state(
    inputs: RunnerInputs,
    runner: Runner | None,
    manifest_url: str | None,
    last_seen: dict[str, str],
    *,
    adopted: bool | None,
) -> RunnerState:
    state = RunnerState(
        name=inputs.name,
        description=inputs.description or "",
        adopt_existing=inputs.adopt_existing,
        task_id=inputs.task_id,
        manifest_url=manifest_url,
        adopted=adopted,
        last_seen=last_seen,
    )
    return with_reported(state, runner)
