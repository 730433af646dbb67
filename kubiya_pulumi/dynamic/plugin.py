"""The plugin process: concurrent calls, their cancellation and timeouts, and what the user sees.

`pulumi.dynamic` has no settings for these. So the functions find what they change in the frames
that run the current call. If a new version of Pulumi runs calls in another way, nothing changes.
"""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache, partial
from types import FrameType, MethodType
from typing import Any

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
        max_calls: the number of threads. All of them are started: some calls may wait already, and
            while calls wait, the executor may take a busy thread for an idle one.
    """
    executor = _executor()
    if executor is None or executor._max_workers >= max_calls:
        return
    executor._max_workers = max_calls
    are_submitted = threading.Event()
    for _ in range(max_calls):
        executor.submit(are_submitted.wait)
    are_submitted.set()


def on_cancel(function: Callable[[], None]) -> None:
    """Call a function when the user cancels the command, so that a call that waits can end.

    The engine then sends the call `Cancel` to the plugin, which `pulumi.dynamic` accepts and
    ignores. The function runs when the executor gets that call, also if none of its threads is
    free.

    Args:
        function: is called in the thread that receives calls, so it must return at once.
    """
    if executor := _executor():
        executor.submit = partial(_submit, executor.submit, function)  # type: ignore[method-assign]


def timeout_of_call() -> float | None:
    """Return the option `custom_timeouts` for the current call in seconds, or None without it.

    The engine sends it with the request. `pulumi.dynamic` does not pass it on.
    """
    for frame in _calling_frames():
        if isinstance(frame.f_locals.get("context"), grpc.ServicerContext):
            seconds = getattr(frame.f_locals.get("request"), "timeout", None)
            return seconds if isinstance(seconds, float) and seconds > 0 else None
    return None


def stored_input(name: str) -> str | None:
    """Return a text among the inputs in the state, for a call that reads a resource, or None.

    An input that causes no update is only there: `pulumi.dynamic` passes the outputs to a provider.
    """
    for frame in _calling_frames():
        if isinstance(frame.f_locals.get("context"), grpc.ServicerContext):
            inputs = getattr(frame.f_locals.get("request"), "inputs", None)
            fields = getattr(inputs, "fields", {})
            return fields[name].string_value or None if name in fields else None
    return None


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


def _submit(
    submit: Callable[..., Future[Any]], cancelled: Callable[[], None], *call: Any, **options: Any
) -> Future[Any]:
    """Submit a call, and report whether it is `Cancel`, a method of the servicer."""
    if any(isinstance(item, MethodType) and item.__name__ == "Cancel" for item in call):
        cancelled()
    return submit(*call, **options)


def _executor() -> ThreadPoolExecutor | None:
    """Return the executor that runs the current call, or None if there is none."""
    for frame in _calling_frames():
        if frame.f_code.co_name == "_worker" and "executor_reference" in frame.f_locals:
            executor = frame.f_locals["executor_reference"]()
            return executor if isinstance(executor, ThreadPoolExecutor) else None
    return None


def _calling_frames() -> Iterator[FrameType]:
    """Yield the frames that run the current call, the innermost first."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        yield frame
        frame = frame.f_back
