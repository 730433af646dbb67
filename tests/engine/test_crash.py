"""A command is killed during any API call, and the next `pulumi up` reaches the declared state.

The emulator holds a call, and the test kills a process meanwhile. The call is held before its
work, which is then never done; before its work, which is done later, when the client is gone; or
after its work, before the response is sent.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import pytest

from kubiya_pulumi.emulator import Emulator
from tests.engine.conftest import MakeStack
from tests.engine.states import RUNNER
from tests.harness import chaos
from tests.harness.engine import Result, Stack

pytestmark = pytest.mark.engine

IMPORT = """
import pulumi
from pulumi import Alias, ResourceOptions as Options
from kubiya_pulumi import KubiyaRunner

group = pulumi.ComponentResource("test:index:Group", "group")
"""
AT_HOME = 'aliases=[Alias(name="moved", parent=group)]'
AWAY = 'parent=group, aliases=[Alias(name="runner", parent=pulumi.ROOT_STACK_RESOURCE)]'
CREATE_FIRST = 'delete_before_replace=False, replace_on_changes=["description"]'


def program(resource: str, name: str, description: str, options: str = AT_HOME) -> str:
    arguments = f'name="{name}", description="{description}", opts=Options({options})'
    return f'{IMPORT}KubiyaRunner("{resource}", {arguments})'


PROGRAMS = {
    "nothing": IMPORT,
    "one": program("runner", "one", "first"),
    "changed": program("runner", "one", "second"),
    "another": program("runner", "two", "first"),
    "moved": program("moved", "one", "third", AWAY),
    "replaced": program("runner", "one", "fourth", f"{AT_HOME}, {CREATE_FIRST}"),
}
EXPECTED: dict[str, dict[str, str]] = {
    "nothing": {},
    "one": {"one": "first"},
    "changed": {"one": "second"},
    "another": {"two": "first"},
    "moved": {"one": "third"},
    "replaced": {"one": "fourth"},
}
MOMENTS = {
    "never done": {"when": "before"},
    "done later": {"when": "before", "seconds": 1.0},
    "done": {"when": "after"},
}
ARRIVAL_SECONDS = 60.0
"""The timeout for the call to arrive."""

Victim = Literal["engine", "everything", "plugin"]
KILL: dict[Victim, Callable[[Stack], Result]] = {
    "engine": Stack.kill,
    "everything": Stack.kill_everything,
    "plugin": Stack.kill_plugin,
}


@dataclass(frozen=True)
class Change:
    """The change of the killed `pulumi up`, and its API calls in order."""

    before: str
    after: str
    calls: tuple[str, ...]
    victims: tuple[Victim, ...] = tuple(KILL)
    moments: tuple[str, ...] = tuple(MOMENTS)


CREATION = ("listRunners", "createRunner", "listRunners")
DELETION = ("listRunners", "deleteRunner", "listRunners")
REPLACEMENT = (*DELETION, *CREATION)
CHANGES = {
    "create": Change("nothing", "one", CREATION),
    "update": Change("one", "changed", ("listRunners", "updateRunnerDescription")),
    "replace": Change("one", "another", REPLACEMENT, victims=("everything",)),
    "delete": Change("one", "nothing", DELETION),
    # User options and aliases lead to the same calls. So fewer points are enough.
    "move": Change(
        "one",
        "moved",
        ("listRunners", "updateRunnerDescription"),
        victims=("everything",),
        moments=("done",),
    ),
    "recreate": Change(
        "one", "replaced", REPLACEMENT, victims=("everything",), moments=("never done", "done")
    ),
}
READS = frozenset({"listRunners", "describeRunner"})


def points() -> list[tuple[str, int, str, Victim]]:
    """Return every call of every change, at every moment that makes a difference for it."""
    return [
        (change, number, moment, victim)
        for change, steps in CHANGES.items()
        for number, call in enumerate(steps.calls)
        for moment in (("done",) if call in READS else steps.moments)
        for victim in steps.victims
        # A read changes nothing, so one victim is enough.
        if call not in READS or victim == "everything"
    ]


def name_of(point: tuple[str, int, str, Victim]) -> str:
    change, number, moment, victim = point
    return f"{change}-{number + 1}-{CHANGES[change].calls[number]}-{moment}-{victim}"


@pytest.mark.parametrize("point", points(), ids=name_of)
def test_the_next_up_reaches_the_declared_state(
    emulator: Emulator, stack: MakeStack, point: tuple[str, int, str, Victim]
) -> None:
    name, number, moment, victim = point
    change = CHANGES[name]
    bystander = emulator.add_runner("somebody-elses", managed_by="terraform", task_id="7")
    dev = stack(PROGRAMS[change.before], config={"kubiya:timeoutSeconds": "2"})
    if change.before != "nothing":
        dev.up("--skip-preview")
    dev.rewrite(PROGRAMS[change.after])
    crash(emulator, dev, change, number, moment, victim)
    dev.up("--skip-preview")
    assert_agreement(emulator, dev, EXPECTED[change.after])
    assert emulator.runners["somebody-elses"] == bystander
    dev.preview("--expect-no-changes")
    dev.refresh("--skip-preview", "--expect-no-changes", "--clear-pending-creates")


def test_a_series_of_programs_with_a_crash_in_each_update(
    emulator: Emulator, stack: MakeStack
) -> None:
    """Each command is killed at a random moment. `make chaos` runs more commands."""
    choose = random.Random(chaos.SEED)
    dev = stack(PROGRAMS["nothing"], config={"kubiya:timeoutSeconds": "2"})
    for _ in range(chaos.size(4, per_run=1)):
        program = choose.choice(list(PROGRAMS))
        moment = choose.choice(list(MOMENTS.values()))
        emulator.faults.add("hang", nth=choose.randint(1, 6), **moment)
        dev.rewrite(PROGRAMS[program])
        dev.start("up", "--yes", "--skip-preview")
        wait_for(lambda: emulator.faults.hanging > 0 or not dev.is_running)
        kill = choose.choice(list(KILL.values()))
        kill(dev) if dev.is_running else dev.wait()
        emulator.faults.clear()
        dev.run("cancel", "--yes", check=False)
        dev.up("--skip-preview")
        assert_agreement(emulator, dev, EXPECTED[program])


def crash(
    emulator: Emulator, dev: Stack, change: Change, number: int, moment: str, victim: Victim
) -> None:
    """Kill the victim during a call of `pulumi up`."""
    calls = list(change.calls[: number + 1])
    nth = calls.count(calls[-1])
    emulator.clear_calls()
    fault = {"operation": calls[-1], "nth": nth, **MOMENTS[moment]}
    assert kill_during(emulator, dev, victim, fault) == calls


def kill_during(
    emulator: Emulator, dev: Stack, victim: Victim, fault: Mapping[str, Any]
) -> list[str | None]:
    """Start `pulumi up`, kill the victim during a call that hangs, and unlock the stack.

    Returns:
        The operations that were called until the kill.
    """
    emulator.faults.add("hang", **fault)
    dev.start("up", "--yes", "--skip-preview")
    wait_for(lambda: emulator.faults.hanging > 0)
    assert KILL[victim](dev).returncode
    called = operations(emulator)
    emulator.faults.clear()
    if victim != "plugin":
        dev.run("cancel", "--yes")
    return called


def assert_agreement(emulator: Emulator, dev: Stack, expected: dict[str, str]) -> None:
    """Assert that the API and the state contain the expected runners and descriptions."""
    at_the_api = {
        runner.name: runner.description
        for runner in emulator.runners.values()
        if runner.managed_by == "pulumi"
    }
    in_the_state = {
        resource["id"]: resource["outputs"]["description"] for resource in dev.resources(RUNNER)
    }
    assert at_the_api == in_the_state == expected


def operations(emulator: Emulator) -> list[str | None]:
    return [call.operation for call in emulator.calls]


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + ARRIVAL_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "the expected call did not arrive"
        time.sleep(0.01)
