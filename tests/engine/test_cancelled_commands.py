"""Ctrl-C and the signal of a CI system end a waiting gate, and nothing else of the program."""

from __future__ import annotations

import signal
import time
from typing import Any

import pytest

from kubiya_pulumi.emulator import Emulator
from tests.engine.conftest import MakeStack
from tests.engine.sentences import sentence
from tests.engine.states import state
from tests.harness.engine import Result, Stack

pytestmark = pytest.mark.engine

PROGRAM = """
import pathlib
import time

import pulumi
from kubiya_pulumi import RunnerHealth
from pulumi.dynamic import CreateResult, Resource, ResourceProvider


class OtherProvider(ResourceProvider):
    def create(self, props):
        pathlib.Path("started").touch()
        while not pathlib.Path("signalled").exists():
            time.sleep(0.1)
        return CreateResult("id", props)


class Other(Resource):
    def __init__(self, name):
        super().__init__(OtherProvider(), name, {})


config = pulumi.Config()
limits = pulumi.CustomTimeouts(update=config.get("limit"))
gates = [
    RunnerHealth(
        f"health-{number}",
        runner="r",
        triggers=[config.get("trigger")],
        opts=pulumi.ResourceOptions(custom_timeouts=limits),
    )
    for number in range(20)
]
Other("other")
"""
CANCELLED = 'the wait for runner "r" was cancelled before the runner was healthy.'


def test_a_cancelled_command_ends_its_waits_and_completes_other_calls(
    emulator: Emulator, stack: MakeStack
) -> None:
    emulator.add_runner("r")
    emulator.set_health("r", healthy=False)
    dev = stack(PROGRAM)
    cancelled = cancel(emulator, dev, signal.SIGINT)
    assert cancelled.returncode
    assert sentence(cancelled).startswith(CANCELLED)
    exported = dev.export()["deployment"]
    names = {resource["urn"].split("::")[-1] for resource in exported["resources"]}
    assert names == {"test-dev", "default", "other"}
    assert not exported.get("pending_operations")

    emulator.set_health("r", healthy=True)
    dev.up("--skip-preview")
    before = gates(dev)
    emulator.set_health("r", healthy=False)
    dev.configure({"trigger": "another"})
    cancelled = cancel(emulator, dev, signal.SIGTERM)
    assert sentence(cancelled).startswith(CANCELLED)
    assert gates(dev) == before

    dev.configure({"limit": "1s"})
    timed_out = dev.up("--skip-preview", check=False)
    assert "Increase custom_timeouts to wait longer" in sentence(timed_out)
    assert gates(dev) == before


def gates(dev: Stack) -> dict[str, dict[str, Any]]:
    """Return the gates in the state."""
    return {item["urn"]: item for item in state(dev) if item["type"].endswith(":RunnerHealth")}


def cancel(emulator: Emulator, dev: Stack, number: signal.Signals) -> Result:
    """Start `pulumi up` and cancel it once all of its calls wait."""
    emulator.clear_calls()
    dev.start("up", "--yes", "--skip-preview", "--parallel=64")
    deadline = time.monotonic() + 60
    started = dev.program / "started"
    while len(emulator.calls) < 40 or not started.exists():
        assert time.monotonic() < deadline, emulator.calls
        time.sleep(0.05)
    dev.signal(number)
    (dev.program / "signalled").touch()
    return dev.wait(check=False)
