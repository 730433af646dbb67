"""Whether an error is one for a person."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

from kubiya_pulumi.errors import KubiyaError

LONGEST = 1200


def refusal(call: Callable[[], object]) -> KubiyaError | None:
    """The error that a call ends in, which must be one for a person; None if it succeeds."""
    try:
        call()
    except KubiyaError as error:
        refused = error
    else:
        return None
    assert is_sentence(str(refused)), ascii(str(refused))
    return refused


def is_sentence(text: str) -> bool:
    """Whether it is one line without control characters that somebody would read."""
    visible = not any(unicodedata.category(each) in ("Cc", "Cf", "Cs") for each in text)
    return len(text.splitlines()) == 1 and visible and len(text) <= LONGEST
