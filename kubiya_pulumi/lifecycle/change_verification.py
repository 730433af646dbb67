"""Verify a change that the response does not prove.

Something other than the service may have returned success, such as a gateway, or the service may
make the change later. The list shows whether it is made. Concurrent verifications share it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from kubiya_pulumi.api import Clock, Runner, RunnersApi
from kubiya_pulumi.errors import KubiyaError
from kubiya_pulumi.lifecycle.errors import ChangeNotMadeError
from kubiya_pulumi.lifecycle.lookup import listed_runner

DELAYS = (0.5, 1.0, 2.0, 4.0, 8.0)
"""The seconds between two lists while the change is not visible."""

_log = logging.getLogger(__name__)


def verify_description(api: RunnersApi, name: str, description: str, clock: Clock) -> None:
    """Wait until the list contains a changed description.

    Raises:
        ChangeNotMadeError: the list still contains another description after some seconds.
    """

    def is_changed(listed: Runner | None) -> bool:
        # A list without descriptions contradicts nothing.
        return listed is None or listed.description in (None, description)

    if not becomes_visible(lambda: is_changed(listed_runner(api, name)), clock):
        raise ChangeNotMadeError(
            f'the description of runner "{name}" was not changed: the service reported success, '
            f"but still lists another one {sum(DELAYS):g} seconds later. Run `pulumi up` once more."
        )


def becomes_visible(is_visible: Callable[[], bool], clock: Clock) -> bool:
    """Wait until a change is visible. False if it is not after some seconds.

    Args:
        is_visible: reads whether it is. If the request fails, a warning says so, and the change
            counts as made.
        clock: the clock of the wait.
    """
    for delay in (*DELAYS, None):
        try:
            is_made = is_visible()
        except KubiyaError as error:
            _log.warning("%s The service reported success, which was not verified.", error)
            return True
        if is_made:
            return True
        if delay is not None:
            clock.sleep(delay)
    return False
