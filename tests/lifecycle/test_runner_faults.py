"""State and API agree after random faults, without an engine.

A small model keeps the state as the engine does: a failed create stores no state, and a failed
update or delete keeps the old state.
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
    """A model of the engine with one resource."""

    client: RunnersClient
    state: Stored | None = None
    log: list[str] = field(default_factory=list)

    def up(self, program: dict[str, Any] | None, *, adopt: bool = False) -> None:
        """Run `pulumi up`: stop at the first error, with the completed steps in the state."""
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
        """Run `pulumi refresh`, which never removes an existing runner from the state."""
        if self.state is not None:
            current = runner.read(self.client, self.state.id, self.state.outputs)
            assert current is not None
            self.state = current

    def _delete(self) -> None:
        assert self.state is not None
        runner.delete(self.client, self.state.id, self.state.outputs)
        self.state = None


def assert_agreement(emulator: Emulator, engine: Engine, program: dict[str, Any] | None) -> None:
    """Assert that API, state and program agree, and that the foreign runner is unchanged."""
    runners = dict(emulator.runners)
    assert runners.pop("foreign").description == "theirs"
    expected = {} if program is None else {program["name"]: program.get("description")}
    actual = {runner.name: runner.description for runner in runners.values()}
    assert actual == expected
    assert (engine.state.id if engine.state else None) == (program or {}).get("name")


step = st.tuples(
    st.sampled_from(PROGRAMS), fault_lists(TIMEOUT_SECONDS), st.booleans(), st.booleans()
)


@pytest.mark.parametrize("response", ["return", "conflict", "bad_request"])
@chaos.at_random(chaos.size(80, per_run=20))
@given(steps=st.lists(step, min_size=1, max_size=4))
def test_state_and_api_agree_after_any_fault(
    response: str, steps: list[tuple[dict[str, Any] | None, list[FaultArguments], bool, bool]]
) -> None:
    with Emulator(create_existing=response) as emulator, connect(emulator) as client:
        emulator.add_runner("foreign", description="theirs", managed_by="terraform")
        engine = Engine(client)
        for program, faults, refreshes, forgets in steps:
            before = engine.state
            for fault in faults:
                emulator.faults.add(**fault)
            try:
                if refreshes:
                    engine.refresh()
                engine.up(program)
                if forgets and before is None:
                    engine.state = None  # The engine was killed before it stored the state.
            except KubiyaError:
                pass
            settle(emulator)
            engine.up(program)
            assert_agreement(emulator, engine, program)


@chaos.at_random(chaos.size(60, per_run=20))
@given(program=st.sampled_from(PROGRAMS[1:]), faults=fault_lists(TIMEOUT_SECONDS))
def test_a_runner_with_an_unknown_owner_is_managed_after_a_retry_or_an_adoption(
    program: dict[str, Any], faults: list[FaultArguments]
) -> None:
    """A repeated create succeeds, or is refused until the user sets `adopt_existing`."""
    with Emulator(owner_fields="dropped") as emulator, connect(emulator) as client:
        emulator.add_runner("foreign", description="theirs")
        engine = Engine(client)
        for fault in faults:
            emulator.faults.add(**fault)
        with contextlib.suppress(KubiyaError):
            engine.up(program)
        settle(emulator)
        try:
            engine.up(program)
        except RunnerExistsError:
            engine.up(program, adopt=True)
        assert_agreement(emulator, engine, program)


def connect(emulator: Emulator) -> RunnersClient:
    connection = Connection(
        api_key=emulator.api_key,
        base_url=emulator.url,
        timeout_seconds=TIMEOUT_SECONDS,
        max_retries=2,
    )
    return RunnersClient(connection, clock=Clock(sleep=lambda _: None))
