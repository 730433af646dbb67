"""Values that a preview does not show: unknown until the update, or secret."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any

Path = tuple[str | int, ...]
"""The keys and indexes that lead to a value."""


class Hidden(StrEnum):
    """Replaces a value that the preview does not show."""

    UNKNOWN = "[unknown]"
    SECRET = "[secret]"  # noqa: S105 - the engine's placeholder for any secret


# The placeholders and signatures of the engine:
# https://github.com/pulumi/pulumi/blob/v3.274.1/sdk/go/common/resource/sig/sig.go
_PLACEHOLDERS = {
    "04da6b54-80e4-46f7-96ec-b56ff0331ba9": Hidden.UNKNOWN,  # a string
    "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7": Hidden.UNKNOWN,  # a bool
    "3eeb2bf0-c639-47a8-9e75-3b44932eb421": Hidden.UNKNOWN,  # a number
    "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2": Hidden.UNKNOWN,  # an array
    "dd056dcd-154b-4c76-9bd3-c8f88648b5ff": Hidden.UNKNOWN,  # an object
    "030794c1-ac77-496b-92df-f27374a8bd58": Hidden.UNKNOWN,  # an asset
    "e48ece36-62e2-4504-bad9-02848725956a": Hidden.UNKNOWN,  # an archive
    **{str(hidden): hidden for hidden in Hidden},
}
_SIGNATURE = "4dabf18193072939515e22adb298388d"
_SECRET_SIGNATURE = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105
_OUTPUT_SIGNATURE = "d0e6a833031e9bbcd3f4e8bde6ca49a4"


def mark_hidden(value: Any) -> Any:
    """Return a value of the engine's JSON with each hidden part replaced by its `Hidden`.

    A string that contains a placeholder is hidden: the engine also masks secrets inside of texts.
    """
    if isinstance(value, str):
        return next((hidden for mark, hidden in _PLACEHOLDERS.items() if mark in value), value)
    if isinstance(value, list):
        return [mark_hidden(entry) for entry in value]
    if isinstance(value, Mapping):
        if _SIGNATURE in value:
            return _mark_signed(value)
        return {key: mark_hidden(entry) for key, entry in value.items()}
    return value


def _mark_signed(value: Mapping[str, Any]) -> Any:
    """Return the public value of an output; every other signed value is hidden."""
    signature = value[_SIGNATURE]
    if signature == _SECRET_SIGNATURE or value.get("secret", False) is not False:
        return Hidden.SECRET
    if signature == _OUTPUT_SIGNATURE and "value" in value:
        return mark_hidden(value["value"])
    return Hidden.UNKNOWN


def hidden_paths(value: object, path: Path = ()) -> Iterator[tuple[Path, Hidden]]:
    """Yield the path of each hidden part of a value, at any depth."""
    if isinstance(value, Hidden):
        yield path, value
    elif isinstance(value, Mapping):
        for key, entry in value.items():
            yield from hidden_paths(entry, (*path, key))
    elif isinstance(value, list):
        for index, entry in enumerate(value):
            yield from hidden_paths(entry, (*path, index))


def assume_unchanged(new: Any, old: Any) -> Any:
    """Return a new value in which each hidden property has its old value, if there is one.

    A comparison of the two then reports only what certainly changes. Lists are not merged.
    """
    if isinstance(new, Hidden):
        return new if old is None else old
    if isinstance(new, Mapping) and isinstance(old, Mapping):
        return {key: assume_unchanged(entry, old.get(key)) for key, entry in new.items()}
    return new


def known_entries(new: Any, old: Any = None) -> Any:
    """Return the entries of a list without those that are hidden.

    An entry that lacks a property, or all entries of a list, may mean more than it says: a rule of
    a role without its resource names covers all names. Such an entry is left out as a whole.

    Args:
        new: the list. Any other value is returned as it is.
        old: the list before. Its entries are added if an entry is left out, so that a comparison
            reports only what certainly changes.
    """
    if not isinstance(new, list):
        return new
    entries = [_known_entry(entry) for entry in new]
    known = [entry for entry in entries if not isinstance(entry, Hidden)]
    if len(known) < len(new) and isinstance(old, list):
        known += [entry for entry in known_entries(old) if entry not in known]
    return known


def _known_entry(entry: Any) -> Any:
    if isinstance(entry, list):
        known = known_entries(entry)
        return known if known or not entry else Hidden.UNKNOWN
    if isinstance(entry, Mapping):
        known = {key: _known_entry(value) for key, value in entry.items()}
        is_whole = not any(isinstance(value, Hidden) for value in known.values())
        return known if is_whole else Hidden.UNKNOWN
    return entry
