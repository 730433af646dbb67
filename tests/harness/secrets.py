"""A search for secrets in what a program leaves behind: output, state, files."""

from __future__ import annotations

import json
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterable, Mapping
from pathlib import Path
from urllib.parse import quote, quote_plus

SHORTEST = 8
"""A shorter text turns up by chance, in Base64 above all."""


def forms(secret: str) -> dict[str, bytes]:
    """The ways in which a secret may be written down, by name.

    Raises:
        ValueError: the secret is too short to be searched for.
    """
    if len(secret) < SHORTEST:
        raise ValueError(f"a secret to search for has at least {SHORTEST} characters")
    raw = secret.encode()
    written = {
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
            # Inside a longer text, the characters at both ends also depend on the neighbours.
            shifted = encode(b"\0" * shift + raw)
            last = len(shifted) - (0 if (shift + len(raw)) % 3 == 0 else 4)
            written[f"{name}, shifted by {shift}"] = shifted[4 if shift else 0 : last]
    return written


def find_secrets(
    secrets: Iterable[str] | Mapping[str, str], **places: str | bytes | Path
) -> list[str]:
    """Search places for secrets, and say where each one is, without showing it.

    Args:
        secrets: the secrets, by name if they have names.
        places: text, bytes, files or folders (with all in them) to search.

    Returns:
        One line for each secret in each place, empty if there is none.
    """
    names = secrets if isinstance(secrets, Mapping) else dict(enumerate(secrets, 1))
    found = []
    for place, content in _texts(places):
        for name, secret in names.items():
            for form, text in forms(secret).items():
                if (at := content.find(text)) >= 0:
                    line = content.count(b"\n", 0, at) + 1
                    found.append(f"secret {name} in {place}, line {line}, form: {form}")
                    break
    return found


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
