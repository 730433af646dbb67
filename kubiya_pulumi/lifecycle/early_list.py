"""The two lists of a create, requested before it needs them while other creates are in progress.

A create needs a list that lacks the name, the create request, and a list that contains the new
runner, one after the other. The engine runs a limited number of creates at once, so their duration
limits its speed.

The first list is requested when the engine checks the inputs, just before it waits for a free slot
for the create. A list proves only that a runner did not exist, and only for `MAX_AGE_SECONDS`.

The second list is requested together with the create request. It usually contains the new runner,
and then it proves as much as a later list. If it does not, a later list is read as well. Once that
happens more often than not, because the service takes longer to create a runner than to list all of
them, no second list is requested early.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from weakref import WeakKeyDictionary

from kubiya_pulumi.api import Runner, RunnersApi
from kubiya_pulumi.errors import KubiyaError
from kubiya_pulumi.lifecycle import background

MAX_AGE_SECONDS = 0.3
"""How long before a create its first list may be requested."""

PendingList = Future[tuple[Runner, ...]]
ListRequest = Callable[[], tuple[Runner, ...]]


class EarlyLists:
    """The early lists of one service. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._creates_in_progress = 0
        self._announced: dict[str, tuple[float, PendingList]] = {}
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

    def announce_create(self, name: str, request: ListRequest) -> None:
        """Request the first list of a create that is about to begin.

        Nothing is requested while no create is in progress: the engine also checks inputs for a
        preview, which sends no requests.

        Args:
            name: the runner's name.
            request: returns the list.
        """
        with self._lock:
            if self._creates_in_progress:
                self._announced[name] = time.monotonic(), background.start(request)

    def first_list(self, name: str) -> PendingList | None:
        """Return the first list of a create that begins now, unless it is missing or too old."""
        with self._lock:
            requested, response = self._announced.pop(name, (0.0, None))
        return response if time.monotonic() - requested <= MAX_AGE_SECONDS else None

    def request_second_list(self, request: ListRequest) -> PendingList | None:
        """Request the second list of a create, if it is likely to contain the new runner.

        Args:
            request: returns the list.
        """
        with self._lock:
            is_likely_useful = self._creates_in_progress > 1 and self._useful_minus_useless >= 0
        return background.start(request) if is_likely_useful else None

    def remember_second_list(self, *, was_useful: bool) -> None:
        """Remember whether a second list that was requested early contained the new runner."""
        with self._lock:
            self._useful_minus_useless += 1 if was_useful else -1


def response_to(early_list: PendingList | None) -> tuple[Runner, ...] | None:
    """Wait for an early list, and return it. None if none was requested, or the request failed.

    The caller then reads a later list, whose error is reported.
    """
    try:
        return None if early_list is None else early_list.result()
    except KubiyaError:
        return None


_early_lists: WeakKeyDictionary[RunnersApi, EarlyLists] = WeakKeyDictionary()


def early_lists(api: RunnersApi) -> EarlyLists:
    """Return the early lists of a service."""
    return _early_lists.setdefault(api, EarlyLists())
