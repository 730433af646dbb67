"""The search for secrets finds each form, and says where without showing it."""

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
    "written",
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
def test_forms(written: str) -> None:
    [line] = find_secrets({"key": SECRET}, log=f"first\nbefore {written} after")
    assert line.startswith("secret key in log, line 2, form: ")
    assert SECRET not in line


@given(before=st.binary(max_size=9), after=st.binary(max_size=9), url_safe=st.booleans())
def test_base64_of_a_text_around_it(before: bytes, after: bytes, url_safe: bool) -> None:
    encode = base64.urlsafe_b64encode if url_safe else base64.b64encode
    assert find_secrets([SECRET], state=encode(before + SECRET.encode() + after))


def test_files_in_folders(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "clean").write_text("nothing here")
    (tmp_path / "a" / "dirty").write_text(SECRET)
    assert find_secrets([SECRET], scratch=tmp_path) == [
        "secret 1 in scratch: a/dirty, line 1, form: plain"
    ]
    assert find_secrets([SECRET], one=tmp_path / "a" / "clean") == []


def test_too_short_to_tell() -> None:
    with pytest.raises(ValueError, match="at least 8 characters"):
        find_secrets(["short"], text="short")
