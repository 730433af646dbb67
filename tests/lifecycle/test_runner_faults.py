"""Whatever goes wrong at random, the state and the API agree in the end: without an engine.

A small model keeps the state as the engine does: a create that raises leaves none, an update that
raises leaves the old one, and so does a delete.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubiya_pulumi.api import Clock, Connection, RunnersClient
from kubiya_pulumi.emulator import Emulator
from kubiya_pulumi.errors import KubiyaError
from kubiya_pulumi.lifecycle.errors import RunnerExistsError
from kubiya_pulumi.lifecycle.runner import RunnerHandler
from tests.harness import chaos
from tests.harness.fault_strategies import FaultArguments, fault_lists, settle
from tests.lifecycle.engine_calls import EngineCalls, Stored

runner = EngineCalls(RunnerHandler())


pytestmark = pytest.mark.slow

TIMEOUT_SECONDS = 0.2
TASK = "acme/infra/dev/r"
PROGRAMS: tuple[dict[str, Any] | None, ...] = (
    None,
    {"name": "one", "description": "first"},
    {"name": "one", "description": "second"},
    {"name": "two", "description": "first"},
    {"name": "three"},
)


@dataclass
class Engine:
    """What the engine does with one resource."""

    client: RunnersClient
    state: Stored | None = None
    log: list[str] = field(default_factory=list)

    def up(self, program: dict[str, Any] | None, *, adopt: bool = False) -> None:
        """`pulumi up`: stops at the first error, with what was done until then in the state."""
        if self.state is not None and program is None:
            self._delete()
        if program is None:
            return
        inputs, failures = runner.check(
            {**program, "task_id": TASK, "adopt_existing": adopt}, frozenset()
        )
        assert failures == []
        if self.state is not None:
            difference = runner.diff(self.state.outputs, inputs, frozenset())
            if difference.replaces:
                self._delete()
            elif difference.updates:
                state = self.state
                self.state = runner.update(self.client, state.id, state.outputs, inputs)
        if self.state is None:
            self.state = runner.create(self.client, inputs)

    def refresh(self) -> None:
        """`pulumi refresh`: a runner that is there never goes out of the state."""
        if self.state is not None:
            found = runner.read(self.client, self.state.id, self.state.outputs)
            assert found is not None
            self.state = found

    def _delete(self) -> None:
        assert self.state is not None
        runner.delete(self.client, self.state.id, self.state.outputs)
        self.state = None


def agree(emulator: Emulator, engine: Engine, program: dict[str, Any] | None) -> None:
    """The API, the state and the program say the same, and what is somebody else's is as it was."""
    runners = dict(emulator.runners)
    assert runners.pop("somebody-elses").description == "theirs"
    wanted = {} if program is None else {program["name"]: program.get("description")}
    at_the_api = {each.name: each.description for each in runners.values()}
    assert at_the_api == wanted
    assert (engine.state.id if engine.state else None) == (program or {}).get("name")


step = st.tuples(
    st.sampled_from(PROGRAMS), fault_lists(TIMEOUT_SECONDS), st.booleans(), st.booleans()
)


@pytest.mark.parametrize("response", ["return", "conflict", "bad_request"])
@chaos.at_random(chaos.size(80, per_run=20))
@given(steps=st.lists(step, min_size=1, max_size=4))
def test_state_and_api_agree_after_any_trouble(
    response: str, steps: list[tuple[dict[str, Any] | None, list[FaultArguments], bool, bool]]
) -> None:
    with Emulator(create_existing=response) as emulator, client_of(emulator) as client:
        emulator.add_runner("somebody-elses", description="theirs", managed_by="terraform")
        engine = Engine(client)
        for program, troubles_now, refreshes, forgets in steps:
            before = engine.state
            for trouble in troubles_now:
                emulator.faults.add(**trouble)
            try:
                if refreshes:
                    engine.refresh()
                engine.up(program)
                if forgets and before is None:
                    engine.state = None  # Killed before the state was written.
            except KubiyaError:
                pass
            settle(emulator)
            engine.up(program)
            agree(emulator, engine, program)


@chaos.at_random(chaos.size(60, per_run=20))
@given(program=st.sampled_from(PROGRAMS[1:]), trouble=fault_lists(TIMEOUT_SECONDS))
def test_where_nobody_says_who_made_a_runner_doubt_ends_in_an_error(
    program: dict[str, Any], trouble: list[FaultArguments]
) -> None:
    """The one way on is the user's word for it."""
    with Emulator(owner_fields="dropped") as emulator, client_of(emulator) as client:
        emulator.add_runner("somebody-elses", description="theirs")
        engine = Engine(client)
        for each in trouble:
            emulator.faults.add(**each)
        with contextlib.suppress(KubiyaError):
            engine.up(program)
        settle(emulator)
        try:
            engine.up(program)
        except RunnerExistsError:
            engine.up(program, adopt=True)
        agree(emulator, engine, program)


def client_of(emulator: Emulator) -> RunnersClient:
    connection = Connection(
        api_key=emulator.api_key,
        base_url=emulator.url,
        timeout_seconds=TIMEOUT_SECONDS,
        max_retries=2,
    )
    return RunnersClient(connection, clock=Clock(sleep=lambda _: None))
