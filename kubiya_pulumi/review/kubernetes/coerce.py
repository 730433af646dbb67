"""Reading values of a manifest, whose author may have put anything anywhere.

Each function takes a value of any type and gives one of the type that it is named for: the
value itself where it is one, and an empty one where it is not.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def mapping(value: object) -> Mapping[str, Any]:
    """The mapping, or an empty one."""
    return value if isinstance(value, Mapping) else {}


def mappings(value: object) -> tuple[Mapping[str, Any], ...]:
    """The mappings in a list."""
    return tuple(each for each in listed(value) if isinstance(each, Mapping))


def listed(value: object) -> list[Any]:
    """The list, or an empty one."""
    return value if isinstance(value, list) else []


def text(value: object) -> str:
    """The text, or an empty one."""
    return value if isinstance(value, str) else ""


def texts(value: object) -> tuple[str, ...]:
    """The texts in a list."""
    return tuple(each for each in listed(value) if isinstance(each, str))


def number(value: object) -> float | None:
    """The number, or None; a boolean is none."""
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def inside(value: object, *path: str) -> Any:
    """What stands at a path of keys, or None."""
    for key in path:
        value = mapping(value).get(key)
    return value
