"""Words for people: the operations' names in plain words, and foreign text made safe to show."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

LONGEST = 200
"""The most characters of foreign text that a message shows."""

_ATTEMPTS = {
    "list_runners": "list the runners",
    "describe_runner": "read {}",
    "get_runner_health": "read the health of {}",
    "create_runner": "create {}",
    "delete_runner": "delete {}",
    "update_runner_description": "change the description of {}",
    "get_runner_manifest": "get the manifest of {}",
    "download_manifest": "download the manifest of {}",
}


def attempt(operation: str | None, runner: str | None = None) -> str:
    """Say in plain words what failed: `could not read runner "runner-prod"`."""
    words = _ATTEMPTS.get(operation or "", "read what the service sent")
    if runner is None:
        return "could not " + words.replace("{}", "a runner")
    if "{}" not in words:
        words += " to look for {}"
    return "could not " + words.replace("{}", f'runner "{sanitize(runner)}"')


def sentence(*parts: str) -> str:
    """Join parts to one line of sentences, each with its full stop; empty ones are left out."""
    return " ".join(" ".join(part.split()).rstrip(".") + "." for part in parts if part)


def sanitize(text: str, secrets: Iterable[str] = ()) -> str:
    """Make foreign text safe to show: one line, no control characters, no secret, not too long.

    Args:
        text: what somebody else wrote.
        secrets: texts to be replaced by `***` wherever they occur.
    """
    # Control and format characters go before the search: they could hide a secret from it.
    line = " ".join(text.split())
    line = "".join(c for c in line if unicodedata.category(c) not in ("Cc", "Cf", "Cs"))
    for secret in secrets:
        line = line.replace(secret, "***")
    return line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"


def join_names(names: Iterable[str], most: int = 5) -> str:
    """Names for a message, safe to show: `get, list, watch and 3 more`."""
    listed = list(names)
    shown = ", ".join(sanitize(name) for name in listed[:most])
    more = len(listed) - most
    return shown if more < 1 else f"{shown} and {more} more"


def join_quoted(names: Iterable[str], most: int = 5) -> str:
    """Names for a message, each in quotes: `"a", "b" and 3 more`."""
    return join_names((f'"{sanitize(name)}"' for name in names), most)
