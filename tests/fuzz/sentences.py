"""Check that an error is a readable sentence."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

from kubiya_pulumi.errors import KubiyaError

MAX_LENGTH = 1200


def error_of(call: Callable[[], object]) -> KubiyaError | None:
    """Return the error of a call, which must be a sentence, or None if the call succeeds."""
    try:
        call()
    except KubiyaError as error:
        raised = error
    else:
        return None
    assert is_sentence(str(raised)), ascii(str(raised))
    return raised


def is_sentence(text: str) -> bool:
    """Return whether the text is a single, reasonably short line without control characters."""
    visible = not any(unicodedata.category(c) in ("Cc", "Cf", "Cs") for c in text)
    return len(text.splitlines()) == 1 and visible and len(text) <= MAX_LENGTH
