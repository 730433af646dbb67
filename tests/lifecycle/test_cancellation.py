"""A cancelled command ends its waits."""

from __future__ import annotations

import threading
from concurrent.futures import CancelledError

import pytest

from kubiya_pulumi.api import Clock, NotFoundError, UnauthorizedError
from kubiya_pulumi.declarations import RunnerHealthInputs
from kubiya_pulumi.lifecycle.cancellation import Cancellation
from kubiya_pulumi.lifecycle.errors import (
    NotHealthyError,
    RunnerGoneError,
    WaitCancelledError,
)
from kubiya_pulumi.lifecycle.runner_health import RunnerHealthHandler
from kubiya_pulumi.testing import MemoryClient

LONG = 3600.0
INPUTS = RunnerHealthInputs(runner="r", timeout_seconds=LONG)


@pytest.fixture
def client() -> MemoryClient:
    """A service with an unhealthy runner."""
    client = MemoryClient()
    client.add_runner("r")
    client.set_health("r", failing={"tool-manager": "no route"})
    return client


def test_a_cancelled_command_does_not_sleep_and_sends_no_request() -> None:
    cancellation = Cancellation()
    cancellation.cancel()
    cancellation.cancel()
    cancellation.sleep(LONG)
    with pytest.raises(CancelledError):
        cancellation.run(lambda: pytest.fail("a request was sent"))


def test_a_request_returns_its_result_or_raises_its_error() -> None:
    cancellation = Cancellation()
    assert cancellation.run(lambda: 7) == 7
    error = UnauthorizedError(401, None, "no", "get_runner_health")
    with pytest.raises(UnauthorizedError) as caught:
        cancellation.run(lambda: (_ for _ in ()).throw(error))
    assert caught.value is error


@pytest.mark.parametrize("hangs", [False, True], ids=["between requests", "during a request"])
def test_a_waiting_gate_ends(client: MemoryClient, *, hangs: bool) -> None:
    handler = RunnerHealthHandler()
    released = threading.Event()
    sent: list[str] = []

    class Service(MemoryClient):
        def get_runner_health(self, name, *, total_timeout_seconds=None):
            sent.append(name)
            if hangs:
                cancel.start()
                released.wait(LONG)
            return client.get_runner_health(name, total_timeout_seconds=total_timeout_seconds)

    cancel = threading.Timer(0.2, handler.cancellation.cancel)
    if not hangs:
        cancel.start()
    with pytest.raises(WaitCancelledError, match=r'runner "r" was cancelled .* Run `pulumi up`'):
        handler.create(Service(), INPUTS)
    released.set()
    assert set(sent) == {"r"}


def test_the_timeout_of_the_call_is_a_limit(client: MemoryClient) -> None:
    slept: list[float] = []
    clock = Clock(now=lambda: sum(slept), sleep=slept.append)
    shorter = RunnerHealthHandler(clock, timeout_of_call=lambda: 5.0)
    with pytest.raises(NotHealthyError, match=r"after 5 s: .* Increase custom_timeouts "):
        shorter.create(client, INPUTS)
    slept.clear()
    longer = RunnerHealthHandler(clock, timeout_of_call=lambda: 2 * LONG)
    with pytest.raises(NotHealthyError, match=r"after 3600 s: .* Increase timeout_seconds "):
        longer.create(client, INPUTS)


class LateHealth(MemoryClient):
    """A service that returns 404 for the health of a runner, and its list after an error."""

    def __init__(self, *outcomes: Exception | None) -> None:
        super().__init__()
        self.outcomes = list(outcomes)

    def get_runner_health(self, name, *, total_timeout_seconds=None):
        if self.outcomes and (error := self.outcomes.pop(0)):
            raise error
        return super().get_runner_health(name, total_timeout_seconds=total_timeout_seconds)


MISSING = NotFoundError(404, None, "no such route", "get_runner_health", "r")


def test_a_404_for_the_health_of_a_listed_runner_is_waited_out() -> None:
    client = LateHealth(MISSING, MISSING)
    client.add_runner("r")
    slept: list[float] = []
    handler = RunnerHealthHandler(Clock(now=lambda: sum(slept), sleep=slept.append))
    assert handler.create(client, INPUTS).healthy
    assert len(slept) == 2


def test_the_timeout_names_a_404_for_the_health_of_a_listed_runner() -> None:
    client = LateHealth(*[MISSING] * 9)
    client.add_runner("r")
    slept: list[float] = []
    handler = RunnerHealthHandler(Clock(now=lambda: sum(slept), sleep=slept.append))
    with pytest.raises(NotHealthyError, match=r"returned 404: no such route\. The service lists"):
        handler.create(client, RunnerHealthInputs(runner="r", timeout_seconds=2))


def test_a_404_for_the_health_of_a_runner_that_is_not_listed_ends_the_wait() -> None:
    handler = RunnerHealthHandler(Clock(sleep=lambda _: pytest.fail("the gate waited")))
    with pytest.raises(RunnerGoneError, match='runner "r" cannot be checked'):
        handler.create(LateHealth(MISSING), INPUTS)
