"""What is decided about a manifest without asking anyone: check and diff."""

import pytest

from kubiya_pulumi.lifecycle import manifest
from kubiya_pulumi.lifecycle.steps import Difference

NOTHING = frozenset[str]()
REPLACED = Difference(replaces=("runner",))
NEW_TEXT = Difference(updates=("sha256",))


def test_check_keeps_what_is_given():
    assert manifest.check({"runner": "r"}, NOTHING) == ({"runner": "r"}, [])


@pytest.mark.parametrize("inputs", [{}, {"runner": ""}, {"runner": "a/b"}, {"runner": 5}])
def test_check_refuses_what_is_no_name(inputs):
    [failure] = manifest.check(inputs, NOTHING)[1]
    assert failure.property == "runner"
    assert failure.reason


def test_check_skips_what_is_not_known_yet():
    assert manifest.check({}, {"runner"}) == ({}, [])


@pytest.mark.parametrize(
    ("state", "inputs", "unknown", "difference"),
    [
        ({"runner": "r", "sha256": "0"}, {"runner": "r"}, NOTHING, Difference()),
        ({"runner": "r"}, {"runner": "s"}, NOTHING, REPLACED),
        ({"runner": "r"}, {}, {"runner"}, REPLACED),
        ({}, {"runner": "r"}, NOTHING, Difference()),
        # After a refresh the inputs in the state hold the hash of what it read.
        ({"runner": "r", "sha256": "1"}, {"runner": "r", "sha256": "1"}, NOTHING, Difference()),
        ({"runner": "r", "sha256": "1"}, {"runner": "r", "sha256": "0"}, NOTHING, NEW_TEXT),
        # The first refresh finds none there.
        ({"runner": "r", "sha256": "1", "sha256_before": "0"}, {"runner": "r"}, NOTHING, NEW_TEXT),
        (
            {"runner": "r", "sha256": "1", "sha256_before": "0"},
            {"runner": "r", "sha256": "1"},
            NOTHING,
            Difference(),
        ),
    ],
)
def test_diff(state, inputs, unknown, difference):
    assert manifest.diff(state, inputs, unknown) == difference


@pytest.mark.parametrize(
    ("old_inputs", "inputs", "kept"),
    [
        ({}, {"runner": "r"}, {"runner": "r"}),
        ({"runner": "r"}, {"runner": "r"}, {"runner": "r"}),
        ({"runner": "r", "sha256": "0"}, {"runner": "r"}, {"runner": "r", "sha256": "0"}),
        ({"runner": "r", "sha256": "0"}, {"runner": "s"}, {"runner": "s"}),
    ],
)
def test_the_hash_of_the_last_refresh_stays_with_its_runner(old_inputs, inputs, kept):
    assert manifest.keep(old_inputs, inputs) == kept
