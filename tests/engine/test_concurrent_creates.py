"""Concurrent creates request a list early; what it proves and what they create stays the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

import pytest

from kubiya_pulumi.emulator import Call, Emulator
from tests.engine.conftest import MakeStack
from tests.engine.states import RUNNER
from tests.engine.test_crash import Victim, kill_during
from tests.harness.engine import Stack

pytestmark = pytest.mark.engine

COUNT = 24
NAMES = {f"runner-{number}" for number in range(COUNT)}
PROGRAM = f"""
from kubiya_pulumi import KubiyaRunner

for number in range({COUNT}):
    KubiyaRunner(f"runner-{{number}}", description="text")
"""
CREATES_BEFORE = 9
"""More than the engine runs at once on two processors, so that early lists are in use."""


@pytest.fixture
def on_call() -> list[Callable[[Call], None]]:
    """The functions that are called with each call of the emulator."""
    return []


@pytest.fixture
def emulator(on_call: list[Callable[[Call], None]]) -> Iterator[Emulator]:
    """A Runners API whose requests take long enough to overlap."""

    def call_back(call: Call) -> None:
        for function in on_call:
            function(call)

    with Emulator(latency_seconds=0.03, on_call=call_back) as running:
        yield running


def created(emulator: Emulator) -> Counter[str | None]:
    """Return how many create requests each runner got."""
    return Counter(call.runner for call in emulator.calls if call.operation == "createRunner")


def assert_all_exist(emulator: Emulator, dev: Stack) -> None:
    states = {state["id"]: state["outputs"] for state in dev.resources(RUNNER)}
    assert emulator.runners.keys() == states.keys() == NAMES
    for name, state in states.items():
        runner = emulator.runners[name]
        assert runner.managed_by == "pulumi"
        assert state["task_id"] == runner.task_id
        assert state["kubernetes_namespace"] == runner.namespace
        assert state["version"] == "v2"
    dev.preview("--expect-no-changes")
    dev.refresh("--skip-preview", "--expect-no-changes")


def test_a_runner_that_another_client_creates_meanwhile_is_refused(
    emulator: Emulator, stack: MakeStack, on_call: list[Callable[[Call], None]]
) -> None:
    theirs: list[str] = []

    def create_theirs(call: Call) -> None:
        requested = created(emulator)
        if call.operation == "createRunner" and len(requested) >= CREATES_BEFORE and not theirs:
            theirs.append(min(NAMES - requested.keys()))
            emulator.add_runner(theirs[0], managed_by="terraform")

    on_call.append(create_theirs)
    dev = stack(PROGRAM)
    failed = dev.up("--skip-preview", check=False)
    [name] = theirs
    assert f'runner "{name}" was not created' in failed.text
    assert "terraform" in failed.text
    assert emulator.runners[name].managed_by == "terraform"
    assert name not in [state["id"] for state in dev.resources(RUNNER)]
    emulator.remove_runner(name)
    dev.up("--skip-preview")
    assert_all_exist(emulator, dev)


@pytest.mark.parametrize("victim", ["plugin", "everything"])
@pytest.mark.parametrize(
    ("operation", "nth"), [("createRunner", CREATES_BEFORE), ("listRunners", 4)]
)
def test_the_up_after_a_kill_creates_no_runner_twice(
    emulator: Emulator, stack: MakeStack, operation: str, nth: int, victim: Victim
) -> None:
    dev = stack(PROGRAM)
    kill_during(emulator, dev, victim, {"operation": operation, "nth": nth, "when": "after"})
    dev.up("--skip-preview")
    assert_all_exist(emulator, dev)
    assert created(emulator) == dict.fromkeys(NAMES, 1)
