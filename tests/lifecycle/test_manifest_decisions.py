"""What is decided about a manifest without asking anyone: check and diff."""

import pytest

from kubiya_pulumi.lifecycle import manifest
from kubiya_pulumi.lifecycle.steps import Difference

NOTHING = frozenset[str]()
REPLACED = Difference(replaces=("runner",))


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
    ],
)
def test_diff(state, inputs, unknown, difference):
    assert manifest.diff(state, inputs, unknown) == difference
