"""Validate runner names. Only names that do not fit into a URL are invalid here.

The service validates everything else.
"""

from __future__ import annotations

import unicodedata

MAX_NAME_BYTES = 253
"""The maximum length of a runner's name in bytes of UTF-8."""


def name_problem(name: object) -> str | None:
    """Return why `name` cannot be a segment of a URL's path. Never raises.

    Returns:
        A predicate of the name, such as `must not be empty`, or None if the name is valid.
    """
    if not isinstance(name, str):
        return f"must be text, not {type(name).__name__}"
    if not name:
        return "must not be empty"
    if name in (".", ".."):
        return f'must not be "{name}", which is a relative path in a URL'
    if "/" in name:
        return 'must not contain "/", which separates the segments of a URL'
    if any(unicodedata.category(character) == "Cc" for character in name):
        return "must not contain control characters, such as a line break"
    try:
        size = len(name.encode())
    except UnicodeEncodeError:
        return "must be valid Unicode text"
    if size > MAX_NAME_BYTES:
        return f"must not be longer than {MAX_NAME_BYTES} bytes; it has {size}"
    return None
