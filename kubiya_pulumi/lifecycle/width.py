"""How many calls of the engine the plugin serves at once."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor

WIDTH = 32
"""Threads at most, as many as the client has connections. One is started only when needed."""


def widen() -> None:
    """Let the plugin serve more calls at once than the 4 of `pulumi.dynamic`.

    Four gates that wait would otherwise keep every other resource waiting. There is no setting
    for it, so this finds the executor that runs the call it is called from. Where it finds none,
    because Python or Pulumi came to do it otherwise, the plugin stays as wide as it is.
    """
    frame = sys._getframe()
    while frame.f_back is not None:
        frame = frame.f_back
        if frame.f_code.co_name == "_worker" and "executor_reference" in frame.f_locals:
            executor = frame.f_locals["executor_reference"]()
            if isinstance(executor, ThreadPoolExecutor) and executor._max_workers < WIDTH:
                executor._max_workers = WIDTH
            return
