"""`check` and `diff` of KubiyaRunner, which call no API."""

import pytest

from kubiya_pulumi.dynamic.handler import InputFailure, ResourceDiff
from kubiya_pulumi.lifecycle.runner import RunnerHandler
from tests.lifecycle.engine_calls import EngineCalls

runner = EngineCalls(RunnerHandler())


NOTHING = frozenset[str]()


def test_check_fills_in_the_defaults():
    inputs, failures = runner.check({"name": "r"}, NOTHING)
    assert inputs == {"name": "r", "adopt_existing": False}
    assert failures == []


def test_check_keeps_valid_inputs():
    inputs = {"name": "r", "description": "", "adopt_existing": True}
    assert runner.check(inputs, NOTHING) == (inputs, [])


@pytest.mark.parametrize("name", ["r", "a b", "ü", "..a", "%2F", "?x=1#y", "a" * 253, "é" * 126])
def test_a_name_that_fits_in_one_path_segment_is_accepted(name):
    assert runner.check({"name": name}, NOTHING)[1] == []


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", "a/b", "/", "a\nb", "\x00", "\x7f", "a" * 254, "é" * 127, "\ud800", 5, None],
)
def test_a_name_that_does_not_fit_in_one_path_segment_is_refused(name):
    [failure] = runner.check({"name": name}, NOTHING)[1]
    assert failure.property == "name"
    assert failure.reason


def test_check_reports_all_failures_at_once():
    _, failures = runner.check({"name": "", "description": 5, "adopt_existing": "yes"}, NOTHING)
    assert [failure.property for failure in failures] == ["name", "description", "adopt_existing"]
    assert (
        InputFailure(
            "description", "must be a string, not a number; put it in quotes if it comes from YAML"
        )
        in failures
    )
    assert InputFailure("adopt_existing", "must be true or false, not str") in failures


def test_check_skips_unknown_inputs():
    unknown = {"name", "description", "adopt_existing"}
    assert runner.check({}, unknown) == ({}, [])


STATE = {"name": "r", "description": "old", "version": "v2", "adopt_existing": False}


@pytest.mark.parametrize(
    ("inputs", "unknown", "difference"),
    [
        ({"name": "r", "description": "old"}, NOTHING, ResourceDiff()),
        ({"name": "r"}, NOTHING, ResourceDiff()),
        ({"name": "r", "adopt_existing": True}, NOTHING, ResourceDiff()),
        ({"name": "r", "description": "new"}, NOTHING, ResourceDiff(updates=("description",))),
        ({"name": "r", "description": ""}, NOTHING, ResourceDiff(updates=("description",))),
        ({"name": "r"}, {"description"}, ResourceDiff(updates=("description",))),
        ({"name": "s"}, NOTHING, ResourceDiff(replaces=("name",), delete_before_replace=True)),
        ({}, {"name"}, ResourceDiff(replaces=("name",), delete_before_replace=True)),
        (
            {"name": "s", "description": "new"},
            NOTHING,
            ResourceDiff(updates=("description",), replaces=("name",), delete_before_replace=True),
        ),
    ],
)
def test_diff(inputs, unknown, difference):
    assert runner.diff(STATE, inputs, unknown) == difference


@pytest.mark.parametrize("state", [{}, {"name": "r"}, {"description": ""}])
def test_a_property_that_an_older_version_did_not_store_is_not_a_change(state):
    inputs = {"name": "r", "description": "", "adopt_existing": False}
    assert runner.diff(state, inputs, NOTHING) == ResourceDiff()
