"""A request that concurrent callers share.

Many resources need the same list at the same time. A caller that arrives while
a request is in flight must not get its response, which may be older than the call. So it waits for
the next request, and shares that one with every caller that arrives meanwhile.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import copy
from typing import Generic, TypeVar, cast

from kubiya_pulumi.api.errors import RequestError

T = TypeVar("T")

GATHER_SECONDS = 0.005
"""How long a request waits for further callers before it is sent."""
MIN_INTERVAL_SECONDS = 0.075
MAX_INTERVAL_SECONDS = 0.3
"""The limits of the time from a request that callers shared until the next one.

A longer interval lets more callers share a request. But a create needs two lists, and with too long
an interval all resources of an engine that runs eight operations wait for the same list, so that
the engine has nothing to do. A shorter interval sends more lists and saves no time.
"""
INTERVAL_PER_PROCESSOR_SECOND = 30
"""The interval for each second of processor time that a request takes.

A long list takes long to parse, and an engine with many resources takes long for each of them.
"""
MAX_REUSE_SECONDS = 60.0
"""How long after it was sent a request may be reused."""


class SharedCall(Generic[T]):
    """Sends a request for all callers that need its response. Thread-safe.

    Args:
        send: sends the request and returns the response. It runs in one thread at a time.
    """

    def __init__(self, send: Callable[[], T]) -> None:
        self._send = send
        self._sending = threading.Lock()
        self._lock = threading.Lock()
        self._changes = 0
        self._next: _Request[T] | None = None
        self._latest: _Request[T] | None = None

    def __call__(self, runner: str | None, *, reuse: bool = False) -> T:
        """Return the response to a request that is sent after this call, or to an earlier one.

        Args:
            runner: the runner that the caller wants to find, which errors name.
            reuse: whether the latest request may serve, unless it is invalidated. Default: False.

        Raises:
            KubiyaError: the request failed.
        """
        with self._lock:
            request = self._reusable() if reuse else None
            is_sender = request is None and self._next is None
            if request is None:
                request = self._next = self._next or _Request()
            request.callers += 1
        if is_sender:
            self._send_once(request)
        return request.wait(runner)

    @contextmanager
    def invalidated(self) -> Iterator[None]:
        """Reuse no request that was sent before the end of this block, which changes something."""
        with self._lock:
            self._changes += 1
        try:
            yield
        finally:
            with self._lock:
                self._changes += 1

    def _reusable(self) -> _Request[T] | None:
        latest = self._latest
        if latest is None or latest.changes != self._changes:
            return None
        return latest if time.monotonic() - latest.sent < MAX_REUSE_SECONDS else None

    def _send_once(self, request: _Request[T]) -> None:
        try:
            time.sleep(GATHER_SECONDS)
            with self._sending:
                self._keep_interval()
                with self._lock:
                    self._next, self._latest = None, request
                    request.changes, request.sent = self._changes, time.monotonic()
                start = time.thread_time()
                request.response = self._send()
                request.processor_seconds = time.thread_time() - start
        except BaseException as error:  # noqa: BLE001 - each caller raises it
            request.error = error
        finally:
            with self._lock:
                if self._next is request:  # The thread was interrupted before it sent it.
                    self._next = None
            request.done.set()

    def _keep_interval(self) -> None:
        latest = self._latest
        if latest is not None and latest.callers > 1:
            interval = latest.processor_seconds * INTERVAL_PER_PROCESSOR_SECOND
            interval = min(max(interval, MIN_INTERVAL_SECONDS), MAX_INTERVAL_SECONDS)
            time.sleep(max(0, latest.sent + interval - time.monotonic()))


class _Request(Generic[T]):
    """A request, and its response for all callers that share it."""

    callers = 0
    """How many callers share it."""
    changes = 0
    """The number of changes before it was sent."""
    sent = 0.0
    """When it was sent, in monotonic seconds."""
    processor_seconds = 0.0
    """The processor time that it and the parsing of its response took."""
    response: T | None = None
    error: BaseException | None = None

    def __init__(self) -> None:
        self.done = threading.Event()

    def wait(self, runner: str | None) -> T:
        """Wait for the response and return it, or raise the error.

        Args:
            runner: the runner that the caller wants to find, which the error names.
        """
        self.done.wait()
        if self.error is None:
            return cast(T, self.response)
        # Each caller raises a copy, to which it adds its frames.
        error = copy(self.error)
        if isinstance(error, RequestError):
            error.runner = runner
        raise error
