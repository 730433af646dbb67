"""Which runner names are valid."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubiya_pulumi.api import name_problem


@pytest.mark.parametrize(
    "name",
    [
        *("runner-prod", "Runner Prod", "a", "...", ".a", "-", "%2F", "a\\b", "a?b#c", "läufer"),
        *(" ", "\u2028", "\u200b", "x" * 253, "ü" * 126 + "x"),
    ],
)
def test_a_valid_name(name) -> None:
    assert name_problem(name) is None


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("", "must not be empty"),
        (".", 'must not be ".", which'),
        ("..", 'must not be "..", which'),
        ("/", 'must not contain "/"'),
        ("a/b", 'must not contain "/"'),
        ("a\nb", "must not contain control characters"),
        ("a\x00", "must not contain control characters"),
        ("a\x7f", "must not contain control characters"),
        ("a\x85", "must not contain control characters"),
        ("\ud800", "must be valid Unicode text"),
        ("x" * 254, "must not be longer than 253 bytes; it has 254"),
        ("ü" * 127, "must not be longer than 253 bytes; it has 254"),
        (None, "must be text, not NoneType"),
        (7, "must be text, not int"),
        (b"a", "must be text, not bytes"),
    ],
)
def test_an_invalid_name(name, problem) -> None:
    assert (name_problem(name) or "").startswith(problem)


@given(st.one_of(st.text(), st.integers(), st.none(), st.binary()))
def test_any_name_is_accepted_or_rejected(name) -> None:
    problem = name_problem(name)
    assert problem is None or problem.startswith("must ")
