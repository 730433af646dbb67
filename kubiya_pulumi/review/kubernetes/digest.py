"""The hash by which a manifest is known: in the state, in a program's pin, and in a review."""

from __future__ import annotations

import hashlib


def sha256_of(text: str) -> str:
    """SHA-256 of a manifest's text in UTF-8, as 64 hexadecimal digits."""
    return hashlib.sha256(text.encode()).hexdigest()
