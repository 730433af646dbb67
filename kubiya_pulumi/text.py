"""Build messages for users, and sanitize untrusted text that they contain."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable

MAX_LENGTH = 200
"""The maximum number of characters of untrusted text in a message."""


def sentence(*parts: str) -> str:
    """Join the parts to one line and end each with a full stop. Empty parts are skipped."""
    return " ".join(" ".join(part.split()).rstrip(".") + "." for part in parts if part)


def sanitize(text: str, secrets: Iterable[str] = ()) -> str:
    """Return untrusted text as one line without control characters and secrets.

    Args:
        text: the untrusted text. More than `MAX_LENGTH` characters are truncated.
        secrets: texts to replace with `***`.
    """
    # Remove control and format characters before the search: they could hide a secret from it.
    line = remove_control_characters(" ".join(text.split()))
    for secret in secrets:
        line = line.replace(secret, "***")
    return line if len(line) <= MAX_LENGTH else line[: MAX_LENGTH - 1] + "…"


def remove_control_characters(text: str) -> str:
    """Return the text without control and format characters, which can hide or reorder others."""
    if text.isprintable():
        return text
    return "".join(c for c in text if unicodedata.category(c) not in ("Cc", "Cf", "Cs"))


def join_limited(names: Iterable[str], limit: int, format_name: Callable[[str], str]) -> str:
    """Join names and count those above the limit: `a, b and 3 more`.

    Args:
        names: the names.
        limit: the maximum number of names to show.
        format_name: formats each name that is shown, and must sanitize it.
    """
    names = list(names)
    shown = ", ".join(format_name(name) for name in names[:limit])
    hidden = len(names) - limit
    return shown if hidden < 1 else f"{shown} and {hidden} more"


def join_names(names: Iterable[str], limit: int = 5) -> str:
    """Join names for a message: `get, list, watch and 3 more`.

    Args:
        names: the names. They are sanitized.
        limit: the maximum number of names to show.
    """
    return join_limited(names, limit, sanitize)


def join_quoted(names: Iterable[str], limit: int = 5) -> str:
    """Join names for a message, each in quotes: `"a", "b" and 3 more`.

    Args:
        names: the names. They are sanitized.
        limit: the maximum number of names to show.
    """
    return join_names((f'"{sanitize(name)}"' for name in names), limit)
