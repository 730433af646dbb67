"""`check` and `diff` of RunnerManifest, which call no API."""

import pytest

from kubiya_pulumi.dynamic.handler import ResourceDiff
from kubiya_pulumi.lifecycle.runner_manifest import RunnerManifestHandler
from tests.lifecycle.engine_calls import EngineCalls

manifest = EngineCalls(RunnerManifestHandler())


NOTHING = frozenset[str]()
REPLACED = ResourceDiff(replaces=("runner",))
NEW_CONTENT = ResourceDiff(updates=("sha256",))


def test_check_keeps_valid_inputs():
    assert manifest.check({"runner": "r"}, NOTHING) == ({"runner": "r"}, [])


@pytest.mark.parametrize("inputs", [{}, {"runner": ""}, {"runner": "a/b"}, {"runner": 5}])
def test_check_refuses_an_invalid_runner_name(inputs):
    [failure] = manifest.check(inputs, NOTHING)[1]
    assert failure.property == "runner"
    assert failure.reason


def test_check_skips_unknown_inputs():
    assert manifest.check({}, {"runner"}) == ({}, [])


@pytest.mark.parametrize(
    ("state", "inputs", "unknown", "difference"),
    [
        ({"runner": "r", "sha256": "0"}, {"runner": "r"}, NOTHING, ResourceDiff()),
        ({"runner": "r"}, {"runner": "s"}, NOTHING, REPLACED),
        ({"runner": "r"}, {}, {"runner"}, REPLACED),
        ({}, {"runner": "r"}, NOTHING, ResourceDiff()),
        # After a refresh, the inputs in the state contain the hash of the manifest it read.
        ({"runner": "r", "sha256": "1"}, {"runner": "r", "sha256": "1"}, NOTHING, ResourceDiff()),
        ({"runner": "r", "sha256": "1"}, {"runner": "r", "sha256": "0"}, NOTHING, NEW_CONTENT),
        # Before the first refresh, the inputs in the state contain no hash.
        (
            {"runner": "r", "sha256": "1", "previous_sha256": "0"},
            {"runner": "r"},
            NOTHING,
            NEW_CONTENT,
        ),
        (
            {"runner": "r", "sha256": "1", "previous_sha256": "0"},
            {"runner": "r", "sha256": "1"},
            NOTHING,
            ResourceDiff(),
        ),
    ],
)
def test_diff(state, inputs, unknown, difference):
    assert manifest.diff(state, inputs, unknown) == difference


@pytest.mark.parametrize(
    ("old_inputs", "inputs", "expected"),
    [
        ({}, {"runner": "r"}, {"runner": "r"}),
        ({"runner": "r"}, {"runner": "r"}, {"runner": "r"}),
        ({"runner": "r", "sha256": "0"}, {"runner": "r"}, {"runner": "r", "sha256": "0"}),
        ({"runner": "r", "sha256": "0"}, {"runner": "s"}, {"runner": "s"}),
    ],
)
def test_the_hash_of_the_last_refresh_stays_with_its_runner(old_inputs, inputs, expected):
    assert manifest.check(inputs, NOTHING, old_inputs) == (expected, [])
