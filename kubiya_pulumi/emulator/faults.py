"""Faults: failures that the emulator injects into selected calls."""

from __future__ import annotations

import contextlib
import math
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from http import HTTPStatus
from typing import Any, Literal, get_args

from kubiya_pulumi.emulator.errors import OptionError, RequestError
from kubiya_pulumi.emulator.options import EmulatorOptions
from kubiya_pulumi.emulator.responses import Response, error_response, json_response

Kind = Literal["status", "html", "wrong_shape", "redirect", "reset", "cut", "hang", "drip"]

REQUIRED_FIELDS: Mapping[str, str] = {"status": "status", "redirect": "location"}
"""The field that a fault of this kind requires."""


@dataclass(frozen=True, kw_only=True)
class Fault:
    """A failure to inject.

    Raises:
        OptionError: a field has an invalid value.
    """

    kind: Kind
    """What fails. `status`, `html`, `wrong_shape` and `redirect` replace the response. `reset`
    closes the connection without a response. `cut` sends the headers and half of the body, then
    closes the connection. `hang` delays the call. `drip` sends the body byte by byte."""
    operation: str = "*"
    """The operationId of the calls that it matches; `*` for every call."""
    runner: str | None = None
    """The name of the runner whose calls it matches. None: every call."""
    nth: int = 1
    """The first matching call that it affects, counted from 1 since the fault was added. Calls that
    another fault affects count, too."""
    count: int | None = 1
    """How many calls it affects. None: all of them. If several faults match a call, only the one
    that was added first affects it, and only its `count` is reduced."""
    when: Literal["before", "after"] = "before"
    """Whether the operation runs first (`after`) or is skipped (`before`). A `hang` delays the call
    before or after the operation. For `cut` and `drip`, the operation always runs first."""
    status: int | None = None
    """The HTTP status of `status` (required) and `redirect` (302 by default)."""
    retry_after: str | None = None
    """The `Retry-After` header of `status`: seconds or an HTTP date."""
    seconds: float | None = None
    """How long `hang` delays the call (by default until the emulator stops), and the interval
    between two bytes of `drip` (by default 1)."""
    location: str | None = None
    """The `Location` header of `redirect` (required)."""

    def __post_init__(self) -> None:
        if self.kind not in get_args(Kind):
            kinds = ", ".join(f'"{kind}"' for kind in get_args(Kind))
            raise OptionError(f'The field "kind" of a fault must be one of {kinds}.')
        if self.when not in {"before", "after"}:
            raise OptionError('The field "when" of a fault must be "before" or "after".')
        if not isinstance(self.operation, str):
            raise OptionError('The field "operation" of a fault must be a string.')
        if self.runner is not None and not isinstance(self.runner, str):
            raise OptionError('The field "runner" of a fault must be a string or None.')
        for name in ("retry_after", "location"):
            value = getattr(self, name)
            if value is not None and not _is_header_value(value):
                raise OptionError(f'The field "{name}" of a fault must be printable ASCII text.')
        if not (_is_integer(self.nth) and self.nth >= 1):
            raise OptionError('The field "nth" of a fault must be an integer, 1 or greater.')
        if self.count is not None and not (_is_integer(self.count) and self.count >= 1):
            raise OptionError(
                'The field "count" of a fault must be None or an integer, 1 or greater.'
            )
        status = self.status
        if status is not None and (not _is_integer(status) or not 200 <= status <= 599):
            raise OptionError('The field "status" of a fault must be an integer from 200 to 599.')
        if self.seconds is not None and not _is_duration(self.seconds):
            raise OptionError(
                'The field "seconds" of a fault must be a finite number, 0 or greater.'
            )
        required = REQUIRED_FIELDS.get(self.kind)
        if required and getattr(self, required) is None:
            raise OptionError(f'A fault of kind "{self.kind}" requires the field "{required}".')

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Fault:
        """Return the fault with these fields.

        Args:
            data: the values by field name; `kind` is required.

        Raises:
            OptionError: a field does not exist, is missing, or has an invalid value.
        """
        unknown = sorted(map(str, data.keys() - {option.name for option in fields(cls)}))
        if unknown:
            raise OptionError(f"A fault has no such field: {', '.join(unknown)}.")
        if "kind" not in data:
            raise OptionError('A fault requires the field "kind".')
        return cls(**data)

    @property
    def runs_operation(self) -> bool:
        """Whether the operation of the call runs in spite of the fault."""
        return self.when == "after" or self.kind in {"cut", "drip", "hang"}

    def matches(self, operation: str | None, runner: str | None) -> bool:
        """Return whether the fault is for calls of this operation and runner."""
        return self.operation in {"*", operation} and self.runner in {None, runner}


def _is_integer(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_header_value(value: object) -> bool:
    return isinstance(value, str) and value.isascii() and value.isprintable()


def _is_duration(value: object) -> bool:
    is_number = _is_integer(value) or isinstance(value, float)
    return is_number and math.isfinite(value) and value >= 0  # type: ignore[arg-type, operator]


@dataclass(eq=False)
class _PendingFault:
    fault: Fault
    matched: int = 0
    applied: int = 0


class Faults:
    """The faults of an emulator. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pending: list[_PendingFault] = []
        self._hanging = 0

    def add(self, kind: Kind, **settings: Any) -> Fault:
        """Add a fault.

        If several faults match a call, only the one that was added first affects it, and the others
        wait for the next matching call. So two faults with `count=1` affect one call each, in this
        order.

        Args:
            kind: what fails; see `Fault.kind`.
            **settings: the other fields of `Fault`.

        Raises:
            OptionError: a field does not exist or has an invalid value.
        """
        fault = Fault.from_dict({"kind": kind, **settings})
        self.append(fault)
        return fault

    def append(self, fault: Fault) -> None:
        """Add a fault that is already built."""
        with self._lock:
            self._pending.append(_PendingFault(fault))

    def clear(self) -> None:
        """Remove all faults."""
        with self._lock:
            self._pending.clear()

    def pending(self) -> tuple[Fault, ...]:
        """Return the faults that can still affect a call."""
        with self._lock:
            return tuple(pending.fault for pending in self._pending)

    @property
    def hanging(self) -> int:
        """How many calls a `hang` is delaying."""
        with self._lock:
            return self._hanging

    @contextlib.contextmanager
    def count_hanging(self) -> Iterator[None]:
        """Count a call as hanging while the block runs."""
        with self._lock:
            self._hanging += 1
        try:
            yield
        finally:
            with self._lock:
                self._hanging -= 1

    def next_for(self, operation: str | None, runner: str | None) -> Fault | None:
        """Count a call, and return the fault that affects it, or None.

        Args:
            operation: the operationId of the call; None if it does not have one.
            runner: the runner's name in the path; None if the path contains none.
        """
        with self._lock:
            due: _PendingFault | None = None
            for pending in self._pending:
                if pending.fault.matches(operation, runner):
                    pending.matched += 1
                    if due is None and pending.matched >= pending.fault.nth:
                        due = pending
            if due is None:
                return None
            due.applied += 1
            if due.applied == due.fault.count:
                self._pending.remove(due)
            return due.fault


def fault_response(
    fault: Fault, response: Response | None, options: EmulatorOptions
) -> Response | None:
    """Return what the client receives from a call that a fault affects.

    Args:
        fault: the fault.
        response: the response of the operation, or None if it did not run.
        options: the resolved options.

    Returns:
        The response that the fault sends; the unchanged `response` for a fault that affects only
        how it is sent; None if the fault sends nothing.
    """
    if fault.kind == "reset":
        return None
    if fault.kind == "status" and fault.status is not None:
        headers = {} if fault.retry_after is None else {"Retry-After": fault.retry_after}
        return error_response(
            RequestError(fault.status, "The emulator injected a fault", headers), options
        )
    if fault.kind == "redirect":
        headers = {"Location": fault.location or ""}
        return Response(status=fault.status or HTTPStatus.FOUND, headers=headers)
    if fault.kind == "html":
        page = b"<!DOCTYPE html>\n<html><body><h1>Welcome</h1></body></html>\n"
        return Response(body=page, media_type="text/html; charset=utf-8")
    if fault.kind == "wrong_shape":
        return json_response(["of another shape"])
    return response
