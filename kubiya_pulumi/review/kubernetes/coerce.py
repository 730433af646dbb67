"""Type-safe access to the values of a manifest, whose author may write anything anywhere.

Each function takes a value of any type. A value of the wrong type counts as empty.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeGuard


def as_mapping(value: object) -> Mapping[str, Any]:
    """Return the value if it is a mapping, otherwise an empty mapping."""
    return value if isinstance(value, Mapping) else {}


def as_mappings(value: object) -> tuple[Mapping[str, Any], ...]:
    """Return the mappings among the entries of a list."""
    return tuple(entry for entry in as_list(value) if isinstance(entry, Mapping))


def as_list(value: object) -> list[Any]:
    """Return the value if it is a list, otherwise an empty list."""
    return value if isinstance(value, list) else []


def as_str(value: object) -> str:
    """Return the value if it is a string, otherwise an empty string."""
    return value if isinstance(value, str) else ""


def as_strs(value: object) -> tuple[str, ...]:
    """Return the strings among the entries of a list."""
    return tuple(entry for entry in as_list(value) if isinstance(entry, str))


def is_number(value: object) -> TypeGuard[int | float]:
    """Return whether the value is a number. In Python a bool is an int; here it is not."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def get_path(value: object, *path: str) -> Any:
    """Return the value at a path of keys, or None if there is none."""
    for key in path:
        value = as_mapping(value).get(key)
    return value
