"""Unknown and secret values are recognized in each form in which the engine writes them."""

from __future__ import annotations

from typing import Any

import pytest

from kubiya_pulumi.preview_report.hidden import (
    Hidden,
    assume_unchanged,
    hidden_paths,
    known_entries,
    mark_hidden,
)

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
SIGNATURE = "4dabf18193072939515e22adb298388d"
SECRET = {SIGNATURE: "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "[secret]"}
OUTPUT = {SIGNATURE: "d0e6a833031e9bbcd3f4e8bde6ca49a4"}


@pytest.mark.parametrize(
    ("value", "marked"),
    [
        (UNKNOWN, Hidden.UNKNOWN),
        (f"registry.example/{UNKNOWN}:v1", Hidden.UNKNOWN),
        ("1c4a061d-8072-4f0a-a4cb-0ff528b18fe7", Hidden.UNKNOWN),
        ("3eeb2bf0-c639-47a8-9e75-3b44932eb421", Hidden.UNKNOWN),
        ("6a19a0b0-7e62-4c92-b797-7f8e31da9cc2", Hidden.UNKNOWN),
        ("dd056dcd-154b-4c76-9bd3-c8f88648b5ff", Hidden.UNKNOWN),
        ("[unknown]", Hidden.UNKNOWN),
        ("[secret]", Hidden.SECRET),
        ("registry.example/[secret]:v1", Hidden.SECRET),
        (SECRET, Hidden.SECRET),
        ({**SECRET, "ciphertext": "", "plaintext": '"*"'}, Hidden.SECRET),
        (OUTPUT, Hidden.UNKNOWN),
        ({**OUTPUT, "secret": True}, Hidden.SECRET),
        ({**OUTPUT, "value": "a", "secret": True}, Hidden.SECRET),
        ({**OUTPUT, "value": "a", "secret": False, "dependencies": []}, "a"),
        ({**OUTPUT, "value": {**OUTPUT, "value": [UNKNOWN]}}, [Hidden.UNKNOWN]),
        ({SIGNATURE: "5cf8f73096256a8f31e491e813e4eb8e", "urn": "u"}, Hidden.UNKNOWN),
        ({SIGNATURE: "803fd3297a5875dc03ca845dda5d2a98", "value": "gA=="}, Hidden.UNKNOWN),
        ({SIGNATURE: ["odd"]}, Hidden.UNKNOWN),
        ({"a": [{"b": UNKNOWN}, 1, None, True]}, {"a": [{"b": Hidden.UNKNOWN}, 1, None, True]}),
        ("unknown", "unknown"),
        ("secret", "secret"),
    ],
)
def test_hidden_values_are_marked(value: Any, marked: Any) -> None:
    assert mark_hidden(value) == marked
    assert isinstance(mark_hidden(value), Hidden) == isinstance(marked, Hidden)


def test_the_paths_of_hidden_values() -> None:
    value = mark_hidden({"a": [{"b": UNKNOWN}, {"c": [SECRET]}], "d": "known"})
    assert list(hidden_paths(value)) == [
        (("a", 0, "b"), Hidden.UNKNOWN),
        (("a", 1, "c", 0), Hidden.SECRET),
    ]


def test_hidden_properties_count_as_unchanged() -> None:
    new = mark_hidden({"a": UNKNOWN, "b": {"c": UNKNOWN, "d": 2}, "e": UNKNOWN, "f": [UNKNOWN]})
    old = {"a": [1], "b": {"c": 1, "d": 1}, "f": [1], "g": 1}
    assert assume_unchanged(new, old) == {
        "a": [1],
        "b": {"c": 1, "d": 2},
        "e": Hidden.UNKNOWN,
        "f": [Hidden.UNKNOWN],
    }


@pytest.mark.parametrize(
    ("new", "known"),
    [
        ([{"verbs": ["get"]}, UNKNOWN], [{"verbs": ["get"]}]),
        ([{"verbs": ["get", UNKNOWN]}], [{"verbs": ["get"]}]),
        ([{"verbs": [UNKNOWN]}], []),
        ([{"verbs": []}], [{"verbs": []}]),
        ([{"verbs": ["get"], "resourceNames": UNKNOWN}], []),
        ([{"verbs": ["get"], "resourceNames": [UNKNOWN]}], []),
        ([{"matchLabels": {"a": "b", "c": UNKNOWN}}], []),
        ([], []),
        (None, None),
    ],
)
def test_an_entry_without_a_hidden_property_would_mean_more(new: Any, known: Any) -> None:
    assert known_entries(mark_hidden(new)) == known


def test_entries_before_are_kept_if_an_entry_is_left_out() -> None:
    assert known_entries(mark_hidden([1, UNKNOWN]), [1, 2]) == [1, 2]
    assert known_entries([1], [1, 2]) == [1]
