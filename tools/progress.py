"""Progress of a set-up: lines of text, and a lock that says what it waits for."""

from __future__ import annotations

import contextlib
import fcntl
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from background import repeated

PROGRESS_SECONDS = 10.0


def say(text: str) -> None:
    """Print a line of progress, and flush it."""
    print(f"tools: {text}", flush=True)


@contextlib.contextmanager
def report_progress(text: Callable[[], str]) -> Iterator[None]:
    """Print `text()` and the elapsed time every few seconds while the block runs."""
    start = time.monotonic()

    def report() -> None:
        say(f"  {text()}, {time.monotonic() - start:.0f} s")

    with repeated(report, PROGRESS_SECONDS):
        yield


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a lock file, so that only one process at a time builds a tool."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waiting = f"waiting for another process that builds {path.stem}"
            say(waiting)
            with report_progress(lambda: waiting):
                fcntl.flock(handle, fcntl.LOCK_EX)
        yield
