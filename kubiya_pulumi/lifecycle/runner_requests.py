"""Requests for a runner that exists, and what their responses mean for its state."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Set
from dataclasses import replace
from typing import Any

from kubiya_pulumi.api import (
    NotFoundError,
    Runner,
    RunnersApi,
    UnauthorizedError,
    UnexpectedStatusError,
)
from kubiya_pulumi.declarations import RunnerState
from kubiya_pulumi.errors import KubiyaError
from kubiya_pulumi.lifecycle.errors import NotSupportedError, RunnerGoneError, RunnerNotOursError
from kubiya_pulumi.lifecycle.lookup import (
    ALWAYS_SET,
    combined,
    describe_listed,
    existing_runner,
    find_runner,
    is_missing_or_unsupported,
    list_runners,
    listed_runner,
    prefers_descriptions,
    reported_fields,
    unreported_fields,
)
from kubiya_pulumi.lifecycle.ownership import (
    OWNER_FIELDS,
    describe_replacement,
    has_known_owner,
    is_replaced,
    known_owner,
    reports,
)

_log = logging.getLogger(__name__)


def current_runner(api: RunnersApi, state: RunnerState, *, reuse: bool = False) -> Runner | None:
    """Return the runner of a state, or None if it certainly does not exist.

    Many resources share one list, so it is read first. The runner is read by itself if the list
    fails, is long, lacks the runner, or omits what descriptions may contain.

    Args:
        api: the API.
        state: the stored state.
        reuse: whether an earlier list may serve; see `RunnersApi.list_runners`. Default: False.
    """
    if prefers_descriptions(api):
        return _described_runner(api, state)
    try:
        runners = list_runners(api, state.name, reuse=reuse)
    except UnauthorizedError:
        raise  # The service rejects this key for every request.
    except KubiyaError as error:
        return _runner_without_list(api, state, error)
    listed = find_runner(runners, state.name)
    if listed is None:
        return _unlisted_runner(api, state.name, reuse=reuse)
    if _list_suffices(api, listed, state, runners):
        return listed
    return describe_listed(api, listed, _certain_fields(state))


def _certain_fields(state: RunnerState) -> Set[str]:
    """Return the fields that the runner certainly has: an adopted one may have no owner."""
    is_owned = state.task_id is not None and not state.adopted
    return ALWAYS_SET.union(OWNER_FIELDS if is_owned else ())


def _described_runner(api: RunnersApi, state: RunnerState) -> Runner | None:
    """Describe a runner, and read the list only for an owner that the description omits."""
    described = existing_runner(api, state.name)
    needed = set(known_owner(state))
    if _needs_owner(state):
        needed |= set(OWNER_FIELDS) - unreported_fields(api)
    if described is None or needed <= reported_fields(described):
        return described
    listed = listed_runner(api, state.name)
    if listed is None:
        return described
    return combined(api, described, listed, _certain_fields(state))


def _runner_without_list(api: RunnersApi, state: RunnerState, list_error: KubiyaError) -> Runner:
    try:
        described = api.describe_runner(state.name)
    except NotFoundError:
        # Only the list proves that a runner does not exist.
        raise list_error from None
    if known_owner(state).keys() <= reported_fields(described):
        return described
    raise list_error  # Only the list may contain the owner.


def _unlisted_runner(api: RunnersApi, name: str, *, reuse: bool) -> Runner | None:
    if reuse:  # The earlier list may precede the creation.
        return existing_runner(api, name)
    try:
        return api.describe_runner(name)
    except NotFoundError:
        return None


def _list_suffices(
    api: RunnersApi, listed: Runner, state: RunnerState, runners: Iterable[Runner]
) -> bool:
    """Whether the list contains all fields of a runner that its description may contain."""
    reported, unreported = reported_fields(listed), unreported_fields(api)
    if not known_owner(state).keys() <= reported:
        return False
    missing = ALWAYS_SET - reported
    if _needs_owner(state):
        # A list that contains an owner field of any runner contains that of each which has one.
        missing |= {
            name for name in OWNER_FIELDS if name not in reported and not reports(runners, name)
        }
    # A state without a version is not complete yet.
    is_incomplete = state.version is None and "version" not in unreported
    if (state.description or is_incomplete) and listed.description is None:
        missing |= {"description"}
    return missing <= unreported


def _needs_owner(state: RunnerState) -> bool:
    """Whether the owner is compared, or was never read of a runner that this stack adopted."""
    if state.adopted:
        # An import reads the list alone; the refresh after it adds the URL of the manifest.
        return state.last_seen is None or state.manifest_url is None
    return state.task_id is not None


def require_own_runner(api: RunnersApi, state: RunnerState, failure: str) -> None:
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
    runner = current_runner(api, state)
    if runner is None:
        raise gone_error(failure)
    if is_replaced(runner, state):
        raise RunnerNotOursError(
            f"{failure}. {describe_replacement(runner, state)} To remove it from this stack's "
            "state, use `pulumi state delete`, then run `pulumi up`."
        )


def set_description(api: RunnersApi, name: str, description: str) -> Runner | None:
    """Set the description. The list shows what a "not found" means.

    Returns:
        The runner, or None if the response does not contain it.

    Raises:
        RunnerGoneError: the runner does not exist.
        NotSupportedError: the service does not offer the change.
        KubiyaError: the request failed; see `RunnersApi`.
    """
    try:
        return api.update_runner_description(name, description)
    except (NotFoundError, UnexpectedStatusError) as error:
        if not is_missing_or_unsupported(error):
            raise
        if listed_runner(api, name) is None:
            raise gone_error(unchanged(name)) from None
        raise NotSupportedError(
            f"{unchanged(name)}: the service returned {error.status}, although the runner exists. "
            "It does not offer this change; set the description in the program to that of "
            "the runner."
        ) from None


def fetch_manifest_url(api: RunnersApi, name: str) -> str | None:
    """Return the URL of the manifest, or None with a warning: it must not fail the operation."""
    try:
        return api.get_runner_manifest(name).manifest_url
    except KubiyaError as error:
        _log.warning(
            "%s The runner exists, but the URL of its manifest is unknown; the next "
            "`pulumi refresh` requests it.",
            error,
        )
        return None


def with_reported(state: RunnerState, runner: Runner | None) -> RunnerState:
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


def unchanged(name: str) -> str:
    """Return what failed if a description was not changed, as the start of an error."""
    return f'the description of runner "{name}" was not changed'


def gone_error(failure: str) -> RunnerGoneError:
    """Return the error for a change of a runner that does not exist.

    Args:
        failure: what was not done, as the start of the error.
    """
    return RunnerGoneError(
        f"{failure}: the runner does not exist. Run `pulumi refresh`, then `pulumi up` to create "
        "it."
    )
