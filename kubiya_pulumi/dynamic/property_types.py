"""The types that a property can have, and whether a value has its type."""

from __future__ import annotations

import json
import math
import types
from collections.abc import Iterable
from typing import Any, NamedTuple, Union, get_args, get_origin

SUPPORTED = "str, bool, int, float, Any, list[…], dict[str, …], and each of them with | None"
"""The supported type annotations, for messages."""

_DESCRIPTIONS: dict[Any, str] = {
    str: "a string",
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    list: "a list",
    dict: "a mapping",
}
_PLAIN_TYPES = (str, bool, int, float, list, dict)
ANY_KIND = "a string, a number, true or false, a list or a mapping"
"""The values that a property of any type can have."""
IF_AN_OUTPUT = "if it is an output of another resource, --target or --exclude must include that one"
"""Why a value may be missing: the engine leaves out what a resource without an update provides."""


class TypeProblem(NamedTuple):
    """Why a value does not have its type."""

    path: str
    """Where in the value, such as `[0].name`; empty if it is the value as a whole."""
    reason: str
    """What is wrong there, as a predicate: `must be a string, not int`."""


def without_none(hint: Any) -> Any:
    """Return a type annotation without None: `str` for `str | None`."""
    if get_origin(hint) not in (Union, types.UnionType):
        return hint
    kinds = [kind for kind in get_args(hint) if kind is not type(None)]
    return kinds[0] if len(kinds) == 1 else hint


def describe_type(hint: Any) -> str:
    """Return a type annotation as a program writes it: `str`, `list[int]`."""
    return hint.__name__ if type(hint) is type else str(hint)


def is_optional(hint: Any) -> bool:
    """Whether a type annotation accepts None."""
    return without_none(hint) is not hint


def is_supported(hint: Any) -> bool:
    """Whether values can be validated against a type annotation; see `SUPPORTED`."""
    hint = without_none(hint)
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is list:
        return is_supported(arguments[0])
    if origin is dict:
        return arguments[0] is str and is_supported(arguments[1])
    return any(hint is scalar for scalar in (Any, str, bool, int, float))


def type_problem(value: object, hint: Any) -> TypeProblem | None:
    """Return why a value does not have a type, or None if it does.

    Args:
        value: the value.
        hint: the type annotation, which must be supported.
    """
    if value is None and is_optional(hint):
        return None
    hint = without_none(hint)
    if hint is Any:
        return _plain_problem(value)
    kind = get_origin(hint) or hint
    if not _has_kind(value, kind):
        return TypeProblem("", _kind_reason(value, kind))
    if isinstance(value, float) and not math.isfinite(value):
        # Not a number differs from itself, so every diff would be a change.
        return TypeProblem("", "must be a finite number")
    if isinstance(value, str) and not _is_unicode(value):
        return TypeProblem("", "must be valid Unicode text")
    if isinstance(value, list):
        items = ((f"[{index}]", item) for index, item in enumerate(value))
        return _first_problem(items, get_args(hint)[0])
    if isinstance(value, dict):
        key_type, value_type = get_args(hint)
        for key in value:
            if problem := type_problem(key, key_type):
                return TypeProblem("", f"has a key that {problem.reason}")
        return _first_problem(((child_path(key), item) for key, item in value.items()), value_type)
    return None


def convert(value: Any, hint: Any) -> Any:
    """Return a valid value as its type: the numbers of the engine are floats, also whole ones.

    Args:
        value: the value, without a type problem.
        hint: the type annotation.
    """
    hint = without_none(hint)
    if hint is int and isinstance(value, float):
        return int(value)
    if get_origin(hint) is list and isinstance(value, list):
        return [convert(item, get_args(hint)[0]) for item in value]
    if get_origin(hint) is dict and isinstance(value, dict):
        return {key: convert(item, get_args(hint)[1]) for key, item in value.items()}
    return value


def child_path(key: object) -> str:
    """Return how a message shows the place of a value in a mapping: `.name`, or `["a b"]`."""
    is_plain = isinstance(key, str) and key.isidentifier()
    return f".{key}" if is_plain else f"[{json.dumps(key, default=str)}]"


def _has_kind(value: object, kind: type) -> bool:
    # A bool is an int in Python, but not a number in Pulumi.
    if kind in (int, float) and isinstance(value, bool):
        return False
    if kind is int and isinstance(value, float):
        return value.is_integer()
    return isinstance(value, int | float if kind is float else kind)


def _kind_reason(value: object, kind: type) -> str:
    wanted = f"must be {_DESCRIPTIONS[kind]}"
    if value is None:
        return f"{wanted}, not None"
    if kind is int and isinstance(value, float):
        return wanted
    if not isinstance(value, bool | int | float):
        return f"{wanted}, not {type(value).__name__}"
    found = "a boolean" if isinstance(value, bool) else "a number"
    in_yaml = "; put it in quotes if it comes from YAML" if kind is str else ""
    return f"{wanted}, not {found}{in_yaml}"


def _plain_problem(value: object) -> TypeProblem | None:
    """Return why a value of any type cannot be stored, or None if it can."""
    if value is not None and not isinstance(value, _PLAIN_TYPES):
        # The state of an asset cannot be read, so the resource could never be changed or deleted.
        return TypeProblem("", f"must be {ANY_KIND}, not {type(value).__name__}")
    if isinstance(value, list):
        return type_problem(value, list[Any])
    if isinstance(value, dict):
        return type_problem(value, dict[str, Any])
    return type_problem(value, type(value)) if isinstance(value, str | float) else None


def _first_problem(items: Iterable[tuple[str, object]], hint: Any) -> TypeProblem | None:
    for path, item in items:
        if problem := type_problem(item, hint):
            return TypeProblem(path + problem.path, problem.reason)
    return None


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
