"""The list that verifies a create or a delete, requested together with it.

A create needs a list that contains the new runner, and a delete one that lacks the old runner. The
engine runs a limited number of operations at once, so their duration limits its speed. While other
creates or deletes are in progress, the list is therefore requested at the same time as the change.

It usually shows the change, and then it proves as much as a later list. If it does not, a later
list is read as well. Once that happens more often than not, because the service takes longer to
change a runner than to list all of them, no list is requested early.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from weakref import WeakKeyDictionary

from kubiya_pulumi.api import Runner, RunnersApi
from kubiya_pulumi.errors import KubiyaError
from kubiya_pulumi.lifecycle import background
from kubiya_pulumi.lifecycle.lookup import list_is_long, list_runners

PendingList = Future[tuple[Runner, ...]]


class EarlyLists:
    """The early lists of one service. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._changes_in_progress = 0
        self._useful_minus_useless = 0

    @contextmanager
    def change_in_progress(self) -> Iterator[None]:
        """Count a create or a delete while the block runs."""
        with self._lock:
            self._changes_in_progress += 1
        try:
            yield
        finally:
            with self._lock:
                self._changes_in_progress -= 1

    def request(self, request: Callable[[], tuple[Runner, ...]]) -> PendingList | None:
        """Request a list, if it is likely to show the change that is requested now.

        Args:
            request: returns the list.
        """
        with self._lock:
            is_likely_useful = self._changes_in_progress > 1 and self._useful_minus_useless >= 0
        return background.start(request) if is_likely_useful else None

    def remember(self, *, was_useful: bool) -> None:
        """Remember whether an early list showed the change."""
        with self._lock:
            self._useful_minus_useless += 1 if was_useful else -1


def response_to(early_list: PendingList) -> tuple[Runner, ...] | None:
    """Wait for an early list, and return it. None if the request failed.

    The caller then reads a later list, whose error is reported.
    """
    try:
        return early_list.result()
    except KubiyaError:
        return None


def request_early_list(api: RunnersApi, name: str) -> PendingList | None:
    """Request the list that verifies a change, if it is short and likely to show the change.

    Args:
        api: the API.
        name: the runner that is created or deleted now.
    """
    if list_is_long(api):
        return None
    return early_lists(api).request(lambda: list_runners(api, name))


_early_lists: WeakKeyDictionary[RunnersApi, EarlyLists] = WeakKeyDictionary()


def early_lists(api: RunnersApi) -> EarlyLists:
    """Return the early lists of a service."""
    return _early_lists.setdefault(api, EarlyLists())
