"""Select runners by names and patterns."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase

from kubiya_pulumi.importing.errors import ImportRefusedError
from kubiya_pulumi.text import join_quoted


def select(names: Iterable[str], wanted: Sequence[str], where: str) -> list[str]:
    """Return the names that are wanted, sorted and without duplicates.

    Args:
        names: the names of the existing runners.
        wanted: names, and patterns such as `eu-*`. Empty: all.
        where: where the runners are, for messages, such as `in this organization`.

    Raises:
        ImportRefusedError: a wanted runner does not exist, a pattern matches no runner, or there
            are no runners.
    """
    existing = set(names)
    missing = [name for name in wanted if not _is_pattern(name) and name not in existing]
    if missing:
        subject = "the runner" if len(missing) == 1 else "the runners"
        verb = "does" if len(missing) == 1 else "do"
        raise ImportRefusedError(
            f"{subject} {join_quoted(missing)} {verb} not exist {where}: correct the names, or "
            "pass no names to list all runners with --dry-run."
        )
    if not existing:
        raise ImportRefusedError(f"there are no runners {where}: check the API key.")
    selected: set[str] = set() if wanted else set(existing)
    for text in wanted:
        matches = {name for name in existing if name == text or fnmatchcase(name, text)}
        if not matches:
            raise ImportRefusedError(
                f"no runner {where} matches {join_quoted([text])}: correct the pattern, or pass "
                "no names to list all runners with --dry-run."
            )
        selected |= matches
    return sorted(selected)


def _is_pattern(text: str) -> bool:
    return re.search(r"[*?\[]", text) is not None
