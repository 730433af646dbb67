"""Search the output, state and files of a program for secrets."""

from __future__ import annotations

import json
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterable, Mapping
from pathlib import Path
from urllib.parse import quote, quote_plus

MIN_LENGTH = 8
"""The minimum length of a secret. Shorter texts also occur by chance, especially in Base64."""


def encodings(secret: str) -> dict[str, bytes]:
    """Return all encodings in which a secret may occur, by name.

    Raises:
        ValueError: the secret is too short to search for it.
    """
    if len(secret) < MIN_LENGTH:
        raise ValueError(f"a secret must have at least {MIN_LENGTH} characters")
    raw = secret.encode()
    encoded = {
        "plain": raw,
        "JSON": json.dumps(secret)[1:-1].encode(),
        "JSON with all characters": json.dumps(secret, ensure_ascii=False)[1:-1].encode(),
        "JSON inside JSON": json.dumps(json.dumps(secret)[1:-1])[1:-1].encode(),
        "URL": quote(secret, safe="").encode(),
        "URL path": quote(secret).encode(),
        "URL query": quote_plus(secret).encode(),
        "hexadecimal": raw.hex().encode(),
    }
    for name, encode in {"Base64": b64encode, "URL-safe Base64": urlsafe_b64encode}.items():
        for shift in range(3):
            # In a longer text, the characters at both ends also depend on the adjacent bytes.
            shifted = encode(b"\0" * shift + raw)
            last = len(shifted) - (0 if (shift + len(raw)) % 3 == 0 else 4)
            encoded[f"{name}, shifted by {shift}"] = shifted[4 if shift else 0 : last]
    return encoded


def find_secrets(
    secrets: Iterable[str] | Mapping[str, str], **places: str | bytes | Path
) -> list[str]:
    """Search for secrets, and report where each one occurs without showing it.

    Args:
        secrets: the secrets, optionally by name.
        places: the texts, bytes, files or folders (with all files in them) to search, by name.

    Returns:
        One line for each secret in each place; an empty list if nothing is found.
    """
    names = secrets if isinstance(secrets, Mapping) else dict(enumerate(secrets, 1))
    lines = []
    for place, content in _texts(places):
        for name, secret in names.items():
            for encoding, text in encodings(secret).items():
                if (position := content.find(text)) >= 0:
                    number = content.count(b"\n", 0, position) + 1
                    lines.append(f"secret {name} in {place}, line {number}, form: {encoding}")
                    break
    return lines


def _texts(places: Mapping[str, str | bytes | Path]) -> Iterable[tuple[str, bytes]]:
    for name, place in places.items():
        if isinstance(place, str):
            yield name, place.encode()
        elif isinstance(place, bytes):
            yield name, place
        elif place.is_dir():
            for file in sorted(place.rglob("*")):
                if file.is_file():
                    yield f"{name}: {file.relative_to(place)}", file.read_bytes()
        else:
            yield name, place.read_bytes()
