"""Names that Kubernetes accepts, made from any runner's name."""

import hashlib
import re
from typing import Final

__all__ = ["dns_label", "is_dns_label"]

_LABEL: Final = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_LABEL_LENGTH: Final = 63
_SHORT_LENGTH: Final = 40  # leaves room for a prefix and a suffix within a label
_DIGEST_LENGTH: Final = 10


def is_dns_label(name: str) -> bool:
    """Whether the name is an RFC 1123 label: what a namespace may be called."""
    return len(name) <= _LABEL_LENGTH and _LABEL.fullmatch(name) is not None


def dns_label(name: str) -> str:
    """A label of at most 40 characters for the name: the name itself where it is one.

    Any other name is reduced to the characters of a label and gets a part of its hash, so that
    two names never come to the same label.
    """
    if len(name) <= _SHORT_LENGTH and is_dns_label(name):
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:_DIGEST_LENGTH]
    reduced = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    stem = reduced[: _SHORT_LENGTH - _DIGEST_LENGTH - 1].strip("-")
    return f"{stem}-{digest}" if stem else f"runner-{digest}"
