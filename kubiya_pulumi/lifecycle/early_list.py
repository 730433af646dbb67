"""The list that verifies a create, requested while the create request is in progress.

A create needs a list, the create request, and a list that verifies it, one after the other. The
engine runs a limited number of creates at once, so their duration limits its speed. While several
are in progress, the second list is therefore requested together with the create request. It usually
contains the new runner, and then it proves as much as a later list. If it does not, a later list is
read as well. Once that happens more often than not, because the service takes longer to create a
runner than to list all of them, no list is requested early.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from weakref import WeakKeyDictionary

from kubiya_pulumi.api import Runner, RunnersApi
from kubiya_pulumi.lifecycle import background

PendingList = Future[tuple[Runner, ...]]


class EarlyLists:
    """The early lists of one service. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._creates_in_progress = 0
        self._useful_minus_useless = 0

    @contextmanager
    def create_in_progress(self) -> Iterator[None]:
        """Count a create while the block runs."""
        with self._lock:
            self._creates_in_progress += 1
        try:
            yield
        finally:
            with self._lock:
                self._creates_in_progress -= 1

    def start(self, request: Callable[[], tuple[Runner, ...]]) -> PendingList | None:
        """Request a list if it is likely to be useful.

        Args:
            request: returns the list.
        """
        with self._lock:
            is_likely_useful = self._creates_in_progress > 1 and self._useful_minus_useless >= 0
        return background.start(request) if is_likely_useful else None

    def remember(self, *, was_useful: bool) -> None:
        """Remember whether a list that was requested early contained the new runner."""
        with self._lock:
            self._useful_minus_useless += 1 if was_useful else -1


_early_lists: WeakKeyDictionary[RunnersApi, EarlyLists] = WeakKeyDictionary()


def early_lists(api: RunnersApi) -> EarlyLists:
    """Return the early lists of a service."""
    return _early_lists.setdefault(api, EarlyLists())
