"""The plugin process: how many calls it serves at once, and where its log goes."""

from __future__ import annotations

import logging
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import cache


@cache
def forward_logs_to_stdout(logger: str) -> None:
    """Print the records of a logger: the engine shows to the user what a plugin prints."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(logging.Formatter("%(message)s"))
    logging.getLogger(logger).addHandler(handler)
    logging.getLogger(logger).setLevel(logging.INFO)


def increase_plugin_concurrency(max_calls: int) -> None:
    """Let the plugin serve more calls at once than the 4 of `pulumi.dynamic`.

    Four resources that wait would otherwise block every other resource. Pulumi has no setting for
    it, so this finds the ThreadPoolExecutor that runs the current call by walking up the stack. If
    a new version of Python or Pulumi runs calls in another way, the limit stays as it is.

    Args:
        max_calls: the number of threads. The executor starts a thread only when it needs one.
    """
    frame = sys._getframe()
    while frame.f_back is not None:
        frame = frame.f_back
        if frame.f_code.co_name == "_worker" and "executor_reference" in frame.f_locals:
            executor = frame.f_locals["executor_reference"]()
            if isinstance(executor, ThreadPoolExecutor) and executor._max_workers < max_calls:
                executor._max_workers = max_calls
            return
