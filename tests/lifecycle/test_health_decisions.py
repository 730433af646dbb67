"""`check` and `diff` of RunnerHealth, which call no API."""

import math

import pulumi
import pytest

from kubiya_pulumi.dynamic.handler import ResourceDiff
from kubiya_pulumi.lifecycle.runner_health import RunnerHealthHandler
from tests.lifecycle.engine_calls import EngineCalls

health = EngineCalls(RunnerHealthHandler())


NOTHING = frozenset[str]()
DEFAULTS = {"timeout_seconds": 600.0, "required_checks": [], "triggers": []}


def test_check_fills_in_the_defaults():
    assert health.check({"runner": "r"}, NOTHING) == ({**DEFAULTS, "runner": "r"}, [])


@pytest.mark.parametrize("seconds", [0, 1, 0.5, 86400])
def test_a_timeout_may_be_any_finite_number_of_seconds(seconds):
    assert health.check({"runner": "r", "timeout_seconds": seconds}, NOTHING)[1] == []


@pytest.mark.parametrize(
    ("inputs", "property_"),
    [
        ({}, "runner"),
        ({"runner": "a/b"}, "runner"),
        ({"runner": "r", "timeout_seconds": -1}, "timeout_seconds"),
        ({"runner": "r", "timeout_seconds": math.inf}, "timeout_seconds"),
        ({"runner": "r", "timeout_seconds": math.nan}, "timeout_seconds"),
        ({"runner": "r", "timeout_seconds": "60"}, "timeout_seconds"),
        ({"runner": "r", "timeout_seconds": True}, "timeout_seconds"),
        ({"runner": "r", "required_checks": "tool-manager"}, "required_checks"),
        ({"runner": "r", "required_checks": [5]}, "required_checks"),
        ({"runner": "r", "required_checks": [""]}, "required_checks"),
        ({"runner": "r", "triggers": "x"}, "triggers"),
        ({"runner": "r", "triggers": [pulumi.StringAsset("x")]}, "triggers"),
        ({"runner": "r", "triggers": [{"a": [pulumi.FileArchive(".")]}]}, "triggers"),
        ({"runner": "r", "triggers": [[math.nan]]}, "triggers"),
    ],
)
def test_check_names_the_invalid_input(inputs, property_):
    [failure] = health.check(inputs, NOTHING)[1]
    assert failure.property == property_
    assert failure.reason


def test_check_skips_unknown_inputs():
    unknown = {"runner", "timeout_seconds", "required_checks", "triggers"}
    assert health.check({}, unknown) == ({}, [])


STATE = {**DEFAULTS, "runner": "r", "status": "healthy", "checks": [{"name": "tool-manager"}]}


@pytest.mark.parametrize(
    ("changed", "unknown", "difference"),
    [
        ({}, NOTHING, ResourceDiff()),
        ({"timeout_seconds": 5}, NOTHING, ResourceDiff()),
        ({"required_checks": ["a"]}, NOTHING, ResourceDiff(updates=("required_checks",))),
        ({"triggers": ["a"]}, NOTHING, ResourceDiff(updates=("triggers",))),
        ({}, {"triggers"}, ResourceDiff(updates=("triggers",))),
        ({"runner": "s"}, NOTHING, ResourceDiff(replaces=("runner",))),
        ({}, {"runner"}, ResourceDiff(replaces=("runner",))),
    ],
)
def test_diff(changed, unknown, difference):
    inputs = {**DEFAULTS, "runner": "r", **changed}
    known_inputs = {name: value for name, value in inputs.items() if name not in unknown}
    assert health.diff(STATE, known_inputs, unknown) == difference
