"""Hypothesis strategies for invalid, unusual and malicious input."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

ANY_TEXT = st.text(st.characters(exclude_categories=()))
"""Any Unicode text, including control characters and unpaired surrogates."""

UNUSUAL_NAMES = st.sampled_from(
    [
        *("", ".", "..", "...", "/", "a/b", "a//b", "\\", "..\\..", "../x", "./x"),
        *("%", "%2e", "%2E%2e", "%2F", "%252f", "%00", "%zz", "%25", "a%0d%0aX-Header: 1"),
        *("?", "a?b=c", "#", "a#b", ";", "a;b=c", "&", "=", "+", " ", " a ", "@", "a@b:c"),
        *("*", "{}", "{name}", "[::1]", "http://a.test/", "//a.test", "\t", "\n", "\r\n", "\x00"),
        *("\x7f", "\x85", "\u00a0", "\u2028", "\u200b", "\u202e", "\ufeff", "\uff0e\uff0e"),
        *("\u2024", "\uff0f", "\u2215", "e\u0301", "\u00e9", "\U0001f600", "\ud800", "\udfff"),
        *("describe", "health", "manifest", "description", "helm", "x" * 253, "x" * 254),
        *("\u00e9" * 126, "\u00e9" * 127, "None", "null", "true", "0", "-", "_", "~"),
    ]
)

NAMES = st.one_of(UNUSUAL_NAMES, st.lists(UNUSUAL_NAMES, max_size=4).map("".join), ANY_TEXT)
"""Names of runners. The majority is invalid."""

NUMBERS = st.one_of(
    st.integers(),
    st.floats(),
    st.sampled_from([0, -0.0, 2**53 + 1, 2**64, 10**309, -(10**400), 5e-324, 1e308]),
)

SCALARS = st.one_of(st.none(), st.booleans(), NUMBERS, ANY_TEXT, UNUSUAL_NAMES)

STATE_TEXT = st.text()
"""Any text that the engine can transfer: valid Unicode."""
STATE_SCALARS = st.one_of(
    st.none(), st.booleans(), st.floats(allow_nan=False, allow_infinity=False), STATE_TEXT
)
"""Any scalar that the engine can transfer."""


def json_values(
    keys: list[str], *, scalars: st.SearchStrategy[Any] = SCALARS, leaves: int = 12
) -> st.SearchStrategy[Any]:
    """Return a strategy for any JSON value, whose objects often have the given keys."""
    names = st.one_of(st.sampled_from(keys), st.sampled_from(keys), STATE_TEXT)
    return st.recursive(
        scalars,
        lambda inner: st.one_of(
            st.lists(inner, max_size=4), st.dictionaries(names, inner, max_size=6)
        ),
        max_leaves=leaves,
    )


URL_PARTS = st.sampled_from(
    [
        *("http:", "https:", "HTTP:", "ftp:", "file:", "javascript:", "//", "/", "\\", ":", "@"),
        *("127.0.0.1", "127.1", "0x7f000001", "2130706433", "localhost", "LOCALHOST", "localhost."),
        *("[::1]", "[::ffff:127.0.0.1]", "[::1%25lo]", "[", "]", "0.0.0.0", "10.0.0.1", "\u2460"),
        *("a.test", "\u00e4.test", "xn--a.test", "\uff0e", "\u3002", "\u00df", "user:secret@"),
        *(":0", ":80", ":65535", ":65536", ":-1", ":99999999999", ":x", ":\u0661", "?", "?a=b"),
        *("#", "#a", ".", "..", "%2e%2e", "%2f", "%", "%zz", "%00", " ", "\t", "\n", "\x00"),
        *("a", "~", ";", "*", "\ud800", "\U0001f600", "a" * 64, "a" * 300),
    ]
)
URLS = st.one_of(st.lists(URL_PARTS, max_size=8).map("".join), ANY_TEXT)
"""Texts that resemble URLs."""
