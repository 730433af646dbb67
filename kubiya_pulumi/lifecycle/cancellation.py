"""The end of a wait, because the user cancels the command."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, InvalidStateError, wait
from typing import Any, TypeVar

from kubiya_pulumi.lifecycle import background

T = TypeVar("T")


class Cancellation:
    """Ends the waits of a command early, those that run and those that begin later. Thread-safe."""

    def __init__(self) -> None:
        self._cancelled: Future[None] = Future()

    def cancel(self) -> None:
        """End all waits."""
        with contextlib.suppress(InvalidStateError):  # It is cancelled already.
            self._cancelled.set_result(None)

    def sleep(self, seconds: float) -> None:
        """Wait for a number of seconds, or until the command is cancelled."""
        wait([self._cancelled], seconds)

    def run(self, request: Callable[[], T]) -> T:
        """Return the result of a request. If the command is cancelled, do not wait for it.

        Args:
            request: is called in another thread, which ends with the process or with the request.

        Raises:
            CancelledError: the command is cancelled.
            Exception: what the request raises.
        """
        if self._cancelled.done():
            raise CancelledError
        result = background.start(request)
        ends: list[Future[Any]] = [self._cancelled, result]
        wait(ends, return_when=FIRST_COMPLETED)
        if not result.done():
            raise CancelledError
        return result.result()
