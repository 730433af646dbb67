"""Find values of a program that Pulumi cannot send to the engine.

The SDK reports them with three tracebacks, so they are found first.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping, Sequence
from enum import Enum

import pulumi

from .property_types import ANY_KIND, TypeProblem, child_path

_SENT = (
    *(str, bool, int, float, Enum),
    *(pulumi.Output, pulumi.Resource, pulumi.Asset, pulumi.Archive),
)
_NOT_A_LIST = (bytes, bytearray, memoryview, range)


def unsupported_value(value: object) -> TypeProblem | None:
    """Return which value Pulumi cannot send to the engine, or None if it can send all.

    Args:
        value: the value of an argument. The values in an output are not known yet.
    """
    if value is None or isinstance(value, _SENT) or inspect.isawaitable(value):
        return None
    if isinstance(value, Mapping):
        if keys := [key for key in value if not isinstance(key, str)]:
            reason = f"has the key {keys[0]!r}, which Pulumi cannot store; convert it to a string"
            return TypeProblem("", reason)
        return _first_problem((child_path(key), item) for key, item in value.items())
    if isinstance(value, Sequence) and not isinstance(value, _NOT_A_LIST):
        return _first_problem((f"[{index}]", item) for index, item in enumerate(value))
    name = type(value).__name__
    return TypeProblem(
        "", f"is of type {name}, which Pulumi cannot store; convert it to {ANY_KIND}"
    )


def _first_problem(items: Iterable[tuple[str, object]]) -> TypeProblem | None:
    for path, item in items:
        if problem := unsupported_value(item):
            return TypeProblem(path + problem.path, problem.reason)
    return None
