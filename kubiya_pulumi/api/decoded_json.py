"""Read the values of decoded JSON, whose types may differ from the documented ones."""

from __future__ import annotations

from typing import Any

from kubiya_pulumi.api.errors import InvalidResponseError


def as_text(value: object) -> str | None:
    """Return text, or a number or boolean as text; None for any other value."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else None


def as_object(data: object, expected: str) -> dict[str, Any]:
    """Return the data if it is an object.

    Args:
        data: the decoded JSON.
        expected: what it must be, for the error, such as `a list of runners`.

    Raises:
        InvalidResponseError: the data is not an object.
    """
    if not isinstance(data, dict):
        raise invalid_data(f"is invalid: expected {expected}")
    return data


def invalid_data(problem: str) -> InvalidResponseError:
    """Return an error without operation and runner: the client adds them.

    Args:
        problem: what is wrong, as a predicate of the response.
    """
    return InvalidResponseError(None, None, problem)
