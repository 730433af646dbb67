"""Which names a request can carry. All other rules for names are the service's own."""

from __future__ import annotations

import unicodedata

LONGEST_NAME = 253
"""The most bytes of UTF-8 that a runner's name may have."""


def name_problem(name: object) -> str | None:
    """Say why `name` cannot be one segment of a URL's path.

    Returns:
        The end of a sentence that begins with the name ("must not be empty"), or None if a
        request can carry the name. It never raises.
    """
    if not isinstance(name, str):
        return f"must be text, not {type(name).__name__}"
    if not name:
        return "must not be empty"
    if name in (".", ".."):
        return f'must not be "{name}", which stands for a folder in a URL'
    if "/" in name:
        return 'must not contain "/", which separates the parts of a URL'
    if any(unicodedata.category(character) == "Cc" for character in name):
        return "must not contain control characters, such as a line break"
    try:
        size = len(name.encode())
    except UnicodeEncodeError:
        return "must be valid Unicode text"
    if size > LONGEST_NAME:
        return f"must not be longer than {LONGEST_NAME} bytes; it has {size}"
    return None
