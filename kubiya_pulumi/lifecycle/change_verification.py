"""Verify a change whose response does not confirm it.

Something other than the service may have returned success, such as a gateway, or the service may
make the change later. The list shows whether it is made. Concurrent verifications share it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from kubiya_pulumi.api import Clock, Runner, RunnersApi
from kubiya_pulumi.declarations import RunnerState
from kubiya_pulumi.errors import KubiyaError
from kubiya_pulumi.lifecycle.errors import ChangeNotMadeError
from kubiya_pulumi.lifecycle.lookup import describe_listed, listed_runner, reported_fields
from kubiya_pulumi.lifecycle.ownership import is_replaced, known_owner

DELAYS = (0.5, 1.0, 2.0, 4.0, 8.0)
"""The seconds between two lists while the change is not visible."""

_log = logging.getLogger(__name__)


def verify_deleted(api: RunnersApi, state: RunnerState, clock: Clock) -> None:
    """Wait until the list lacks a deleted runner.

    Raises:
        ChangeNotMadeError: the list still contains it after some seconds.
    """

    def is_deleted(listed: Runner | None) -> bool:
        # Someone else may have created a runner with this name since, and the list may omit owners.
        if listed is not None and not known_owner(state).keys() <= reported_fields(listed):
            listed = describe_listed(api, listed)
        return listed is None or is_replaced(listed, state)

    if not _becomes_true(api, state.name, is_deleted, clock):
        raise ChangeNotMadeError(
            f'runner "{state.name}" was not deleted: the service reported success, but still '
            f"lists the runner {sum(DELAYS):g} seconds later. Run the command once more; if that "
            "does not help, delete the runner in another way, or set retain_on_delete=True in the "
            "resource's options to keep it."
        )


def verify_description(api: RunnersApi, name: str, description: str, clock: Clock) -> None:
    """Wait until the list contains a changed description.

    Raises:
        ChangeNotMadeError: the list still contains another description after some seconds.
    """

    def is_changed(listed: Runner | None) -> bool:
        # A list without descriptions contradicts nothing.
        return listed is None or listed.description in (None, description)

    if not _becomes_true(api, name, is_changed, clock):
        raise ChangeNotMadeError(
            f'the description of runner "{name}" was not changed: the service reported success, '
            f"but still lists another one {sum(DELAYS):g} seconds later. Run `pulumi up` once more."
        )


def _becomes_true(
    api: RunnersApi, name: str, condition: Callable[[Runner | None], bool], clock: Clock
) -> bool:
    for delay in (*DELAYS, None):
        try:
            is_made = condition(listed_runner(api, name))
        except KubiyaError as error:
            _log.warning("%s The service reported success, which was not verified.", error)
            return True
        if is_made:
            return True
        if delay is not None:
            clock.sleep(delay)
    return False
