"""Faults: what goes wrong on the n-th call, and which calls it is for."""

import contextlib
import math
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from http import HTTPStatus
from typing import Any, Final, Literal, get_args

from kubiya_pulumi.emulator.errors import OptionError, RefusedRequest
from kubiya_pulumi.emulator.options import EmulatorOptions
from kubiya_pulumi.emulator.responses import Answer, error, json_answer

__all__ = ["Fault", "Faults", "replacement"]

Kind = Literal["status", "html", "wrong_shape", "redirect", "reset", "cut", "hang", "drip"]

_NEEDED: Final[Mapping[str, str]] = {"status": "status", "redirect": "location"}


@dataclass(frozen=True, kw_only=True)
class Fault:
    """Something that goes wrong.

    Attributes:
        kind: `status`, `html`, `wrong_shape` and `redirect` put another answer in the place of
            the right one. `reset` ends the connection without an answer. `cut` sends the right
            answer's headers and half of its body, then ends the connection. `hang` waits before
            it goes on. `drip` sends the right answer's body one byte at a time.
        operation: the operationId of the calls that it is for; `*` for every call.
        runner: the name of the runner that it is for; None for every call.
        nth: the first matching call that it hits, counted from 1 since the fault was added.
        count: how many matching calls it hits from there on; None for all.
        when: whether the call's work is done first (`after`) or not at all (`before`); a `hang`
            waits before or after the work. `cut` and `drip` are always after it.
        status: the status of `status`, and of `redirect` (302 without it).
        retry_after: the Retry-After header of `status`, as text: seconds or an HTTP date.
        seconds: how long `hang` waits, until the emulator stops without it; and how long `drip`
            waits between two bytes, one second without it.
        location: where `redirect` sends the client.

    Raises:
        OptionError: the fault cannot be.
    """

    kind: Kind
    operation: str = "*"
    runner: str | None = None
    nth: int = 1
    count: int | None = 1
    when: Literal["before", "after"] = "before"
    status: int | None = None
    retry_after: str | None = None
    seconds: float | None = None
    location: str | None = None

    def __post_init__(self) -> None:
        if self.kind not in get_args(Kind):
            raise OptionError(f"A fault's kind is one of {', '.join(get_args(Kind))}.")
        if self.when not in {"before", "after"}:
            raise OptionError("A fault's when is before or after.")
        for name in ("operation", "runner"):
            value = getattr(self, name)
            if not isinstance(value, str) and not (name == "runner" and value is None):
                raise OptionError(f"A fault's {name} is text.")
        for name in ("retry_after", "location"):
            value = getattr(self, name)
            if value is not None and not _is_header_value(value):
                raise OptionError(f"A fault's {name} is text that a header can hold.")
        for name in ("nth", "count"):
            value = getattr(self, name)
            if not (_is_whole(value) and value >= 1) and not (name == "count" and value is None):
                raise OptionError(f"A fault's {name} is a whole number from 1.")
        status = self.status
        if status is not None and (not _is_whole(status) or not 200 <= status <= 599):
            raise OptionError("A fault's status is from 200 to 599.")
        seconds = self.seconds
        if seconds is not None and not _is_duration(seconds):
            raise OptionError("A fault's seconds are a number from 0.")
        needed = _NEEDED.get(self.kind)
        if needed and getattr(self, needed) is None:
            raise OptionError(f"A fault of kind {self.kind} needs a {needed}.")

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Fault":
        """The fault that the data describes.

        Raises:
            OptionError: the fault cannot be.
        """
        unknown = sorted(set(data) - {each.name for each in fields(cls)})
        if unknown:
            raise OptionError(f"A fault has no {', '.join(unknown)}.")
        if "kind" not in data:
            raise OptionError("A fault needs a kind.")
        return cls(**data)

    @property
    def does_the_work(self) -> bool:
        """Whether the call's work is done all the same."""
        return self.when == "after" or self.kind in {"cut", "drip", "hang"}


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_header_value(value: object) -> bool:
    return isinstance(value, str) and value.isascii() and value.isprintable()


def _is_duration(value: object) -> bool:
    number = _is_whole(value) or isinstance(value, float)
    return number and math.isfinite(value) and value >= 0  # type: ignore[arg-type, operator]


class Faults:
    """The faults to come. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[tuple[Fault, int]] = []  # with the number of matching calls so far
        self._hanging = 0

    def add(self, kind: Kind, **settings: Any) -> Fault:
        """Adds a fault; `settings` are the other attributes of `Fault`.

        Raises:
            OptionError: the fault cannot be.
        """
        fault = Fault.from_dict({"kind": kind, **settings})
        self.include(fault)
        return fault

    def include(self, fault: Fault) -> None:
        """Adds a fault."""
        with self._lock:
            self._waiting.append((fault, 0))

    def clear(self) -> None:
        """Removes every fault."""
        with self._lock:
            self._waiting.clear()

    def waiting(self) -> tuple[Fault, ...]:
        """The faults that can still happen."""
        with self._lock:
            return tuple(fault for fault, _ in self._waiting)

    @property
    def hanging(self) -> int:
        """How many calls a `hang` keeps waiting now, each at the moment that the fault says."""
        with self._lock:
            return self._hanging

    @contextlib.contextmanager
    def hang(self) -> Iterator[None]:
        """A block in which a call hangs."""
        with self._lock:
            self._hanging += 1
        try:
            yield
        finally:
            with self._lock:
                self._hanging -= 1

    def hit(self, operation: str | None, runner: str | None) -> Fault | None:
        """Counts a call; says which fault it hits. Of several, the first that was added."""
        with self._lock:
            hits: list[Fault] = []
            counted = []
            for fault, seen in self._waiting:
                matches = fault.operation in {"*", operation} and fault.runner in {None, runner}
                now = seen + matches
                if matches and now >= fault.nth:
                    hits.append(fault)
                if fault.count is None or now < fault.nth + fault.count - 1:
                    counted.append((fault, now))
            self._waiting = counted
            return hits[0] if hits else None


def replacement(fault: Fault, right: Answer | None, switches: EmulatorOptions) -> Answer | None:
    """The answer that the fault puts in the place of the right one; None for none at all.

    It is the right one itself for a fault that spoils no more than the way it is sent.
    """
    if fault.kind == "reset":
        return None
    if fault.kind == "status" and fault.status is not None:
        headers = {} if fault.retry_after is None else {"Retry-After": fault.retry_after}
        refused = RefusedRequest(fault.status, "A fault of the emulator", headers)
        return error(refused, switches)
    if fault.kind == "redirect":
        headers = {"Location": fault.location or ""}
        return Answer(status=fault.status or HTTPStatus.FOUND, headers=headers)
    if fault.kind == "html":
        page = b"<!DOCTYPE html>\n<html><body><h1>Welcome</h1></body></html>\n"
        return Answer(body=page, media_type="text/html; charset=utf-8")
    if fault.kind == "wrong_shape":
        return json_answer(["of another shape"])
    return right
