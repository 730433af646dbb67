"""The deletion of a runner.

The response to a delete is empty, so it proves nothing. A list that lacks the runner does.
"""

from __future__ import annotations

from kubiya_pulumi.api import Clock, NotFoundError, Runner, RunnersApi, UnexpectedStatusError
from kubiya_pulumi.declarations import RunnerState
from kubiya_pulumi.lifecycle.change_verification import DELAYS, becomes_visible
from kubiya_pulumi.lifecycle.early_list import (
    PendingList,
    early_lists,
    request_early_list,
    response_to,
)
from kubiya_pulumi.lifecycle.errors import ChangeNotMadeError, NotSupportedError, RunnerGoneError
from kubiya_pulumi.lifecycle.last_seen import require_seen_here
from kubiya_pulumi.lifecycle.lookup import (
    describe_listed,
    find_runner,
    is_missing_or_unsupported,
    listed_runner,
    remaining_runner,
    reported_fields,
)
from kubiya_pulumi.lifecycle.ownership import is_replaced, known_owner
from kubiya_pulumi.lifecycle.runner_requests import require_own_runner


def delete_runner(api: RunnersApi, state: RunnerState, clock: Clock) -> None:
    """Delete the runner, and verify that it is deleted. A runner that does not exist is success.

    Args:
        api: the API.
        state: the stored state.
        clock: the clock that waits until the deletion is visible.

    Raises:
        RunnerNotOursError: somebody else owns the runner now.
        RunnerElsewhereError: the runner is missing, but was last seen with other settings.
        NotSupportedError: the service does not offer the deletion.
        ChangeNotMadeError: the service reported success, but still lists the runner.
        KubiyaError: a request failed; see `RunnersApi`.
    """
    with early_lists(api).change_in_progress():
        _delete(api, state, clock)


def _delete(api: RunnersApi, state: RunnerState, clock: Clock) -> None:
    try:
        require_own_runner(api, state, f'runner "{state.name}" was not deleted')
    except RunnerGoneError:
        require_seen_here(api, state.name, state.last_seen)
        return
    early_list = request_early_list(api, state.name)
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
        require_seen_here(api, state.name, state.last_seen)
    else:
        _verify_deleted(api, state, clock, early_list)


def _verify_deleted(
    api: RunnersApi, state: RunnerState, clock: Clock, early_list: PendingList | None
) -> None:
    """Wait until the list lacks a deleted runner.

    Args:
        api: the API.
        state: the state of the runner.
        clock: the clock of the wait.
        early_list: a list that was requested together with the deletion, or None.

    Raises:
        ChangeNotMadeError: the list still contains it after some seconds.
    """

    def is_deleted(listed: Runner | None) -> bool:
        # Someone else may have created a runner with this name since, and the list may omit owners.
        if listed is not None and not known_owner(state).keys() <= reported_fields(listed):
            listed = describe_listed(api, listed)
        return listed is None or is_replaced(listed, state)

    if early_list is not None and _lacks(api, early_list, state.name):
        return
    if not becomes_visible(lambda: is_deleted(remaining_runner(api, state.name)), clock):
        raise ChangeNotMadeError(
            f'runner "{state.name}" was not deleted: the service reported success, but still '
            f"lists the runner {sum(DELAYS):g} seconds later. Run the command once more; if that "
            "does not help, delete the runner in another way, or set retain_on_delete=True in the "
            "resource's options to keep it."
        )


def _lacks(api: RunnersApi, early_list: PendingList, name: str) -> bool:
    runners = response_to(early_list)
    is_missing = runners is not None and find_runner(runners, name) is None
    early_lists(api).remember(was_useful=is_missing)
    return is_missing
