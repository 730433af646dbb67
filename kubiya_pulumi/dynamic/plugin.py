"""The plugin process: how many calls it serves at once, and what of its work the user sees.

`pulumi.dynamic` has no settings for these. So the functions find what they change in the frames
that run the current call. If a new version of Pulumi runs calls in another way, nothing changes.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from types import FrameType

import grpc  # type: ignore[import-untyped]


@cache
def forward_logs_to_stdout(logger: str) -> None:
    """Print the records of a logger: the engine shows to the user what a plugin prints."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(logging.Formatter("%(message)s"))
    logging.getLogger(logger).addHandler(handler)
    logging.getLogger(logger).setLevel(logging.INFO)


def increase_plugin_concurrency(max_calls: int) -> None:
    """Let the plugin serve more calls at once than the 4 of `pulumi.dynamic`.

    Four resources that wait would otherwise block every other resource. The limit is that of the
    ThreadPoolExecutor that runs the call.

    Args:
        max_calls: the number of threads. The executor starts a thread only when it needs one.
    """
    for frame in _calling_frames():
        if frame.f_code.co_name == "_worker" and "executor_reference" in frame.f_locals:
            executor = frame.f_locals["executor_reference"]()
            if isinstance(executor, ThreadPoolExecutor) and executor._max_workers < max_calls:
                executor._max_workers = max_calls
            return


def report_only(message: str) -> None:
    """Let the engine print a message for the error of the current call, without a traceback.

    `pulumi.dynamic` aborts the call with the traceback of the error, some 10 lines of its own
    frames. The context of the call gets the message in its place. Other calls are not affected.

    Args:
        message: what the user needs to know of the error.
    """
    for frame in _calling_frames():
        context = frame.f_locals.get("context")
        if isinstance(context, grpc.ServicerContext):
            context.abort = partial(_abort, context.abort, message)
            return


def _abort(abort: Callable[[object, str], None], message: str, code: object, _text: str) -> None:
    abort(code, message)


def _calling_frames() -> Iterator[FrameType]:
    """Yield the frames that run the current call, the innermost first."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        yield frame
        frame = frame.f_back
