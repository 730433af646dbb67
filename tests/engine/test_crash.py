"""A command that dies at any boundary of a call; the next `pulumi up` ends as the program says.

The emulator tells when a call has come: it holds the call there, and what runs is killed. A call
is held before its work, which then is never done; before its work, which is done later, when
nobody waits for it any more; or after its work, with the answer on its way.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import pytest

from kubiya_pulumi.emulator import Emulator
from tests.engine.conftest import MakeStack
from tests.engine.states import RUNNER
from tests.harness import chaos
from tests.harness.engine import Result, Stack

pytestmark = pytest.mark.engine

IMPORT = "from kubiya_pulumi import KubiyaRunner\n"
PROGRAMS = {
    "nothing": IMPORT,
    "one": IMPORT + 'KubiyaRunner("runner", name="one", description="first")',
    "changed": IMPORT + 'KubiyaRunner("runner", name="one", description="second")',
    "another": IMPORT + 'KubiyaRunner("runner", name="two", description="first")',
}
EXPECTED: dict[str, dict[str, str]] = {
    "nothing": {},
    "one": {"one": "first"},
    "changed": {"one": "second"},
    "another": {"two": "first"},
}
MOMENTS = {
    "never done": {"when": "before"},
    "done later": {"when": "before", "seconds": 1.0},
    "done": {"when": "after"},
}
SECONDS = 60.0
"""The longest wait for a call to come."""

Victim = Literal["engine", "everything", "plugin"]
KILL: dict[Victim, Callable[[Stack], Result]] = {
    "engine": Stack.kill,
    "everything": Stack.kill_everything,
    "plugin": Stack.kill_plugin,
}


@dataclass(frozen=True)
class Change:
    """What the killed `pulumi up` is about to do, and the calls it makes for it, in order."""

    before: str
    after: str
    calls: tuple[str, ...]


CHANGES = {
    "create": Change("nothing", "one", ("listRunners", "createRunner", "describeRunner")),
    "update": Change("one", "changed", ("describeRunner", "updateRunnerDescription")),
    "replace": Change(
        "one",
        "another",
        ("describeRunner", "deleteRunner", "listRunners", "createRunner", "describeRunner"),
    ),
    "delete": Change("one", "nothing", ("describeRunner", "deleteRunner")),
}
READS = frozenset({"listRunners", "describeRunner"})


def points() -> list[tuple[str, int, str, Victim]]:
    """Every call of every change, at every moment that makes a difference for it."""
    return [
        (change, number, moment, victim)
        for change, each in CHANGES.items()
        for number, call in enumerate(each.calls)
        for moment in (("done",) if call in READS else MOMENTS)
        for victim in KILL
        # A read changes nothing, so who dies during one matters less.
        if call not in READS or victim == "everything"
    ]


def name_of(point: tuple[str, int, str, Victim]) -> str:
    change, number, moment, victim = point
    return f"{change}-{number + 1}-{CHANGES[change].calls[number]}-{moment}-{victim}"


@pytest.mark.parametrize("point", points(), ids=name_of)
def test_the_next_up_ends_as_the_program_says(
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
    agree(emulator, dev, EXPECTED[change.after])
    assert emulator.runners["somebody-elses"] == bystander
    dev.preview("--expect-no-changes")
    dev.refresh("--skip-preview", "--expect-no-changes", "--clear-pending-creates")


def test_a_walk_from_program_to_program_with_a_crash_at_every_step(
    emulator: Emulator, stack: MakeStack
) -> None:
    """Where and when a command dies is random here. `make chaos` takes more steps."""
    choose = random.Random(chaos.SEED)
    dev = stack(PROGRAMS["nothing"], config={"kubiya:timeoutSeconds": "2"})
    for _ in range(chaos.size(4, each=1)):
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
        agree(emulator, dev, EXPECTED[program])


def crash(
    emulator: Emulator, dev: Stack, change: Change, number: int, moment: str, victim: Victim
) -> None:
    """Start `pulumi up`, kill the victim at a call, and give the stack free again."""
    operation = change.calls[number]
    nth = change.calls[: number + 1].count(operation)
    emulator.clear_calls()
    emulator.faults.add("hang", operation=operation, nth=nth, **MOMENTS[moment])
    dev.start("up", "--yes", "--skip-preview")
    wait_for(lambda: emulator.faults.hanging > 0)
    assert KILL[victim](dev).returncode
    assert called(emulator) == list(change.calls[: number + 1])
    emulator.faults.clear()
    if victim != "plugin":
        dev.run("cancel", "--yes")


def agree(emulator: Emulator, dev: Stack, expected: dict[str, str]) -> None:
    """The API, the state and the program say the same."""
    runners = emulator.runners.values()
    at_the_api = {each.name: each.description for each in runners if each.managed_by == "pulumi"}
    in_the_state = {each["id"]: each["outputs"]["description"] for each in dev.resources(RUNNER)}
    assert at_the_api == in_the_state == expected


def called(emulator: Emulator) -> list[str | None]:
    return [call.operation for call in emulator.calls]


def wait_for(condition: Callable[[], bool]) -> None:
    ends = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < ends, "the call that was waited for did not come"
        time.sleep(0.01)
