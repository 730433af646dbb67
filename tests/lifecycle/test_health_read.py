"""A refresh records the health of a runner, but ignores a change of the check's time alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kubiya_pulumi.declarations import RunnerHealthInputs, RunnerHealthState
from kubiya_pulumi.lifecycle.runner_health import RunnerHealthHandler
from kubiya_pulumi.testing import MemoryClient

HANDLER = RunnerHealthHandler()
EARLIER = "2020-01-02T03:04:05Z"


@pytest.fixture
def client() -> MemoryClient:
    client = MemoryClient()
    client.add_runner("runner-prod")
    return client


@pytest.fixture
def state(client: MemoryClient) -> RunnerHealthState:
    """The state of an earlier check."""
    inputs = RunnerHealthInputs(runner="runner-prod", triggers=["one"])
    return replace(HANDLER.create(client, inputs), checked_at=EARLIER)


def test_a_new_check_time_alone_is_not_a_change(
    client: MemoryClient, state: RunnerHealthState
) -> None:
    current = client.get_runner_health("runner-prod").time
    assert current is not None
    assert current != EARLIER
    assert HANDLER.read(client, state) == state


def test_a_changed_health_is_recorded_with_its_time(
    client: MemoryClient, state: RunnerHealthState
) -> None:
    client.set_health("runner-prod", failing={"tool-manager": "no route to NATS"})
    current = HANDLER.read(client, state)
    assert current is not None
    assert current.status != state.status
    assert current.checked_at == client.get_runner_health("runner-prod").time
    assert (current.runner, current.triggers) == ("runner-prod", ["one"])


def test_the_state_says_whether_the_runner_is_healthy(
    client: MemoryClient, state: RunnerHealthState
) -> None:
    assert state.healthy is True
    client.set_health("runner-prod", failing={"tool-manager": "no route to NATS"})
    unhealthy = HANDLER.read(client, state)
    assert unhealthy is not None
    assert unhealthy.healthy is False


def test_an_old_state_without_it_gets_it_and_keeps_its_time(
    client: MemoryClient, state: RunnerHealthState
) -> None:
    old = replace(state, healthy=None)
    assert HANDLER.read(client, old) == state
    client.set_health("runner-prod", failing={"tool-manager": "no route to NATS"})
    current = HANDLER.read(client, old)
    assert current is not None
    assert current.healthy is False


def test_a_deleted_runner_is_removed_from_the_state(
    client: MemoryClient, state: RunnerHealthState
) -> None:
    client.delete_runner("runner-prod")
    assert HANDLER.read(client, state) is None
