"""A request in a thread of its own, which does not keep the process alive."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

T = TypeVar("T")


def start(request: Callable[[], T]) -> Future[T]:
    """Start a request, and return the future of its result.

    Args:
        request: is called in another thread, which ends with the process or with the request.
    """
    result: Future[T] = Future()
    threading.Thread(target=_complete, args=(result, request), daemon=True).start()
    return result


def _complete(result: Future[T], request: Callable[[], T]) -> None:
    try:
        result.set_result(request())
    except Exception as error:  # noqa: BLE001  (raised in the waiting thread)
        result.set_exception(error)
