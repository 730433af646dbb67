"""The search finds a secret in each encoding, and reports its position without showing it."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.harness.secrets import find_secrets

SECRET = 'top "secret" ünit/+ 1'


@pytest.mark.parametrize(
    "encoded",
    [
        SECRET,
        json.dumps({"a": SECRET}),
        json.dumps({"a": SECRET}, ensure_ascii=False),
        json.dumps(json.dumps({"a": SECRET})),
        "https://host/?q=" + quote(SECRET, safe=""),
        base64.b64encode(SECRET.encode()).decode(),
        SECRET.encode().hex(),
    ],
)
def test_a_secret_is_found_in_each_encoding(encoded: str) -> None:
    [line] = find_secrets({"key": SECRET}, log=f"first\nbefore {encoded} after")
    assert line.startswith("secret key in log, line 2, form: ")
    assert SECRET not in line


@given(before=st.binary(max_size=9), after=st.binary(max_size=9), url_safe=st.booleans())
def test_a_secret_is_found_in_base64_of_a_longer_text(
    before: bytes, after: bytes, url_safe: bool
) -> None:
    encode = base64.urlsafe_b64encode if url_safe else base64.b64encode
    assert find_secrets([SECRET], state=encode(before + SECRET.encode() + after))


def test_a_secret_is_found_in_the_files_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "clean").write_text("nothing here")
    (tmp_path / "a" / "dirty").write_text(SECRET)
    assert find_secrets([SECRET], scratch=tmp_path) == [
        "secret 1 in scratch: a/dirty, line 1, form: plain"
    ]
    assert find_secrets([SECRET], one=tmp_path / "a" / "clean") == []


def test_a_short_secret_is_rejected() -> None:
    with pytest.raises(ValueError, match="at least 8 characters"):
        find_secrets(["short"], text="short")
