"""Concurrent creates request their lists early; what they prove and create stays the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from kubiya_pulumi.emulator import Call, Emulator
from tests.engine.conftest import MakeStack
from tests.engine.states import RUNNER
from tests.engine.test_crash import KILL, Victim, wait_for
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


@contextmanager
def service(on_call: Callable[[Emulator, Call], None]) -> Iterator[Emulator]:
    """Run an emulator whose requests take long enough to overlap."""

    def call_back(call: Call) -> None:
        on_call(running, call)

    with Emulator(latency_seconds=0.03, on_call=call_back) as running:
        yield running


def stack_at(emulator: Emulator, bare_stack: MakeStack) -> Stack:
    config = {"kubiya:baseUrl": emulator.url, "kubiya:maxRetries": "0"}
    return bare_stack(PROGRAM, config=config, secrets={"kubiya:apiKey": emulator.api_key})


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


def test_a_runner_that_another_client_creates_meanwhile_is_refused(bare_stack: MakeStack) -> None:
    theirs: list[str] = []

    def create_theirs(emulator: Emulator, call: Call) -> None:
        requested = created(emulator)
        if call.operation == "createRunner" and len(requested) >= CREATES_BEFORE and not theirs:
            theirs.append(min(NAMES - requested.keys()))
            emulator.add_runner(theirs[0], managed_by="terraform")

    with service(create_theirs) as emulator:
        dev = stack_at(emulator, bare_stack)
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
    bare_stack: MakeStack, operation: str, nth: int, victim: Victim
) -> None:
    with service(lambda _emulator, _call: None) as emulator:
        dev = stack_at(emulator, bare_stack)
        emulator.faults.add("hang", operation=operation, nth=nth, when="after")
        dev.start("up", "--yes", "--skip-preview")
        wait_for(lambda: emulator.faults.hanging > 0)
        assert KILL[victim](dev).returncode
        emulator.faults.clear()
        if victim != "plugin":
            dev.run("cancel", "--yes")
        dev.up("--skip-preview")
        assert_all_exist(emulator, dev)
        assert created(emulator) == dict.fromkeys(NAMES, 1)
