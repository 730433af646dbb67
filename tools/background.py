"""Run a function every few seconds while a block runs."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator


@contextlib.contextmanager
def repeated(function: Callable[[], None], seconds: float) -> Iterator[None]:
    """Call a function in a thread, the first time after `seconds`, until the block ends."""
    ended = threading.Event()

    def repeat() -> None:
        while not ended.wait(seconds):
            function()

    thread = threading.Thread(target=repeat, name=function.__name__)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
