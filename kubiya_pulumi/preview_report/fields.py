"""Strict access to the fields of the engine's JSON.

A field of an unexpected type means that the text is not what the engine wrote. Nothing in it may
then count as reviewed, so it is an error rather than an empty value.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kubiya_pulumi.preview_report.errors import USAGE, PreviewError


@dataclass(frozen=True)
class Fields:
    """The fields of one JSON object."""

    owner: str
    """What the object is, for messages: `step`, `event` …"""
    data: Mapping[str, Any]

    def text(self, key: str) -> str:
        """Return a string; empty if the field is missing or null."""
        value = self.data.get(key)
        return str(self._checked(key, value, value is None or isinstance(value, str)) or "")

    def required_text(self, key: str) -> str:
        """Return a string that is not empty."""
        value = self.data.get(key)
        return str(self._checked(key, value, isinstance(value, str) and value))

    def flag(self, key: str) -> bool:
        """Return a boolean; False if the field is missing or null."""
        value = self.data.get(key)
        return bool(self._checked(key, value, value is None or isinstance(value, bool)))

    def texts(self, key: str) -> tuple[str, ...]:
        """Return the strings of a list; none if the field is missing or null."""
        value = self.data.get(key)
        is_valid = value is None or (
            isinstance(value, list) and all(isinstance(entry, str) for entry in value)
        )
        return tuple(self._checked(key, value, is_valid) or ())

    def json_object(self, key: str) -> Mapping[str, Any] | None:
        """Return a JSON object; None if the field is missing or null."""
        value = self.data.get(key)
        checked = self._checked(key, value, value is None or isinstance(value, Mapping))
        return None if checked is None else dict(checked)

    def json_objects(self, key: str) -> tuple[Mapping[str, Any], ...]:
        """Return the JSON objects of a list; none if the field is missing or null."""
        value = self.data.get(key)
        is_valid = value is None or (
            isinstance(value, list) and all(isinstance(entry, Mapping) for entry in value)
        )
        return tuple(self._checked(key, value, is_valid) or ())

    def counts(self, key: str) -> Mapping[str, int] | None:
        """Return a JSON object of whole numbers; None if the field is missing or null."""
        value = self.json_object(key)
        numbers = (value or {}).values()
        is_valid = all(isinstance(n, int) and not isinstance(n, bool) and n >= 0 for n in numbers)
        self._checked(key, value, is_valid)
        return value

    def _checked(self, key: str, value: Any, is_valid: object) -> Any:
        if not is_valid:
            state = "no" if value is None else "an unexpected"
            raise PreviewError(f'has a {self.owner} with {state} "{key}". {USAGE}')
        return value
