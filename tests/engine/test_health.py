"""The health gate on the real engine: when it opens, when it gives up, and what is stored."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from kubiya_pulumi.emulator import Emulator
from tests.engine.conftest import Calls, MakeStack
from tests.engine.states import outputs, state, step
from tests.harness.engine import Stack

pytestmark = pytest.mark.engine

HEALTH = "pulumi-python:dynamic/kubiya:RunnerHealth"

GATE = """
import pulumi
from kubiya_pulumi import RunnerHealth

config = pulumi.Config()
RunnerHealth(
    "health",
    runner="runner-prod",
    timeout_seconds=config.get_float("timeout"),
    checks=config.get_object("checks"),
    triggers=config.get_object("triggers"),
)
"""

PROCESS = """
import pulumi
from kubiya_pulumi import KubiyaRunner, RunnerHealth, RunnerManifest

runner = KubiyaRunner("runner-prod")
manifest = RunnerManifest("manifest", runner=runner.id)
RunnerHealth(
    "health",
    runner=runner.id,
    timeout_seconds=pulumi.Config().require_float("timeout"),
    triggers=[manifest.sha256],
)
"""

TWENTY = """
import pulumi
from kubiya_pulumi import KubiyaRunner, RunnerHealth

for number in range(20):
    runner = KubiyaRunner(f"runner-{number}")
    RunnerHealth(f"health-{number}", runner=runner.id)
KubiyaRunner("another", opts=pulumi.ResourceOptions(depends_on=[runner]))
"""


def looks(emulator: Emulator, runner: str = "runner-prod") -> int:
    return [(call.operation, call.runner) for call in emulator.calls].count(
        ("getRunnerHealth", runner)
    )


def wait_until(done: Callable[[], Any], dev: Stack) -> None:
    """Wait while a command of the engine runs; what it printed is the message if it does not."""
    deadline = time.monotonic() + 60
    while not done():
        assert time.monotonic() < deadline, printed(dev)
        time.sleep(0.05)


def printed(dev: Stack) -> str:
    """What the command that runs has printed so far."""
    return (dev.folder / "engine.stdout").read_text()


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ("ok", {"health": "ok"}),
        ("true", {"health": "true"}),
        ("components", {}),
    ],
)
def test_the_gate_opens_when_the_runner_is_healthy(
    form: str, said: dict[str, str], emulator: Emulator, stack: MakeStack, calls: Calls
) -> None:
    emulator.configure(health_as=form)
    emulator.add_runner("runner-prod")
    emulator.set_health("runner-prod", healthy=False)
    dev = stack(GATE)
    dev.start("up", "--yes")
    wait_until(lambda: looks(emulator) >= 2, dev)
    assert dev.processes()
    emulator.set_health("runner-prod", healthy=True)
    dev.wait()
    assert set(calls()) == {"getRunnerHealth"}

    found = outputs(dev, HEALTH)
    assert {name: found[name] for name in said} == said
    assert found["status"] in {"healthy", "ok"}
    assert found["checked_at"]
    assert {check["name"] for check in found["checks"]} >= {"agent-manager", "tool-manager"}
    assert {check["status"] for check in found["checks"]} <= {"healthy", "ok"}

    dev.preview("--expect-no-changes")
    dev.destroy()
    assert calls() == []


def test_only_the_named_checks_are_waited_for(
    emulator: Emulator, stack: MakeStack, calls: Calls
) -> None:
    emulator.add_runner("runner-prod")
    emulator.set_health("runner-prod", failing={"agent-manager": "no route to NATS"})
    dev = stack(GATE, config={"checks": '["tool-manager"]', "timeout": "0"})
    dev.up()
    assert outputs(dev, HEALTH)["status"] == "unhealthy"
    assert calls() == ["getRunnerHealth"]
    dev.preview("--expect-no-changes")

    # Other checks are waited for anew; what they lack is said, and the state stays.
    before = state(dev)
    dev.configure({"checks": '["tool-manager", "agent-manager", "nosuch"]'})
    failed = dev.up(check=False)
    assert failed.returncode
    assert 'check "agent-manager" is unhealthy (no route to NATS)' in failed.text
    assert 'check "nosuch" is not there' in failed.text
    assert 'check "tool-manager"' not in failed.text
    assert state(dev) == before


def test_giving_up_says_why_and_the_next_up_goes_on(
    emulator: Emulator, stack: MakeStack, calls: Calls
) -> None:
    emulator.configure(healthy_after_seconds=3600)
    dev = stack(PROCESS, config={"timeout": "2"})
    failed = dev.up(check=False)
    assert failed.returncode
    assert 'NotHealthyError: runner "runner-prod" is not healthy after 2 s: check "' in failed.text
    for check in ("agent-manager", "kubiya-operator", "tool-manager", "workflow-engine"):
        assert f'check "{check}" is unhealthy (still starting)' in failed.text
    assert "timeout_seconds" in failed.text
    assert {each["urn"].split("::")[-1] for each in dev.resources()} >= {"runner-prod", "manifest"}
    assert dev.resources(HEALTH) == []

    calls()
    emulator.set_health("runner-prod", healthy=True)
    dev.up()
    assert calls() == ["getRunnerHealth"]
    assert outputs(dev, HEALTH)["status"] == "healthy"
    dev.preview("--expect-no-changes")


def test_what_may_pass_is_waited_out(emulator: Emulator, stack: MakeStack, calls: Calls) -> None:
    emulator.add_runner("runner-prod")
    emulator.faults.add("status", operation="getRunnerHealth", status=503)
    emulator.faults.add("status", operation="getRunnerHealth", status=429, nth=2)
    emulator.faults.add("reset", operation="getRunnerHealth", nth=3)
    dev = stack(GATE)
    dev.up()
    assert calls() == ["getRunnerHealth"] * 4
    assert outputs(dev, HEALTH)["status"] == "healthy"


def test_what_does_not_pass_ends_the_wait_at_once(
    emulator: Emulator, stack: MakeStack, calls: Calls
) -> None:
    emulator.add_runner("runner-prod")
    emulator.set_health("runner-prod", healthy=False)
    dev = stack(GATE)
    expected = {
        401: ["getRunnerHealth"],
        403: ["getRunnerHealth"],
        # A runner that the list has is not gone, whatever one answer says.
        404: ["getRunnerHealth", "listRunners"],
    }
    for status, made in expected.items():
        emulator.faults.add("status", operation="getRunnerHealth", status=status)
        failed = dev.up("--skip-preview", check=False)
        assert failed.returncode
        assert f'could not read the health of runner "runner-prod": the service returned {status}' in failed.text  # fmt: skip # noqa: E501
        assert calls() == made
        assert dev.resources(HEALTH) == []

    emulator.remove_runner("runner-prod")
    failed = dev.up("--skip-preview", check=False)
    assert failed.returncode
    assert 'RunnerGoneError: the health of runner "runner-prod" cannot be waited for' in failed.text
    assert calls() == ["getRunnerHealth", "listRunners"]


def test_triggers_wait_again_and_another_timeout_does_not(
    emulator: Emulator, stack: MakeStack, calls: Calls
) -> None:
    emulator.add_runner("runner-prod")
    dev = stack(GATE, config={"triggers": '["one"]'})
    dev.up()
    calls()

    dev.configure({"timeout": "5"})
    dev.preview("--expect-no-changes")
    assert calls() == []

    dev.configure({"triggers": '["another"]'})
    planned = step(dev.preview_json(), HEALTH)
    assert planned["op"] == "update"
    assert "triggers" in planned["diffReasons"]
    dev.up()
    assert calls() == ["getRunnerHealth"]
    assert outputs(dev, HEALTH)["triggers"] == ["another"]
    assert outputs(dev, HEALTH)["timeout_seconds"] == 5


def test_refresh_records_the_health_whatever_it_is(
    emulator: Emulator, stack: MakeStack, calls: Calls
) -> None:
    emulator.add_runner("runner-prod")
    dev = stack(GATE)
    dev.up()
    before = state(dev)

    # The service tells the time of its look, which alone is no news.
    calls()
    dev.refresh("--expect-no-changes")
    assert set(calls()) == {"getRunnerHealth"}
    assert state(dev) == before

    emulator.set_health("runner-prod", failing={"tool-manager": "no route to NATS"})
    dev.refresh()
    sick = outputs(dev, HEALTH)
    assert sick["status"] == "unhealthy"
    [failing] = [check for check in sick["checks"] if check["name"] == "tool-manager"]
    assert (failing["status"], failing["error"]) == ("unhealthy", "no route to NATS")
    dev.preview("--expect-no-changes")

    emulator.remove_runner("runner-prod")
    dev.refresh()
    assert dev.resources(HEALTH) == []


def test_a_long_wait_says_while_it_waits_what_is_missing(
    emulator: Emulator, stack: MakeStack
) -> None:
    emulator.add_runner("runner-prod")
    emulator.set_health("runner-prod", failing={"tool-manager": "no route to NATS"})
    dev = stack(GATE)
    dev.start("up", "--yes", "--skip-preview")
    wait_until(lambda: 'runner "runner-prod" is not healthy yet' in printed(dev), dev)
    assert 'check "tool-manager" is unhealthy (no route to NATS)' in printed(dev)
    assert looks(emulator) < 15
    emulator.set_health("runner-prod", healthy=True)
    dev.wait()


def test_wrong_inputs_are_named_in_the_preview(stack: MakeStack, calls: Calls) -> None:
    dev = stack(GATE, config={"timeout": "-1", "checks": json.dumps([""])})
    failed = dev.preview(check=False)
    assert failed.returncode
    assert "timeout_seconds" in failed.text
    assert "must be 0 seconds or more" in failed.text
    assert "must be a list of names of checks" in failed.text
    assert calls() == []


def test_twenty_gates_wait_at_once_and_hold_nothing_up(
    emulator: Emulator, stack: MakeStack
) -> None:
    emulator.configure(healthy_after_seconds=3600)
    dev = stack(TWENTY)
    dev.start("up", "--yes", "--skip-preview", "--parallel=64")
    gates = [f"runner-{number}" for number in range(20)]
    wait_until(lambda: all(looks(emulator, name) >= 2 for name in gates), dev)
    wait_until(lambda: "another" in emulator.runners, dev)
    assert dev.processes()
    for name in gates:
        emulator.set_health(name, healthy=True)
    dev.wait()
    assert len(dev.resources(HEALTH)) == 20


def test_twenty_gates_are_through_soon_after_their_runners_are_healthy(
    emulator: Emulator, stack: MakeStack
) -> None:
    """With the engine as wide as it is by default, 4 calls a core."""
    emulator.configure(healthy_after_seconds=5)
    dev = stack(TWENTY)
    dev.start("up", "--yes", "--skip-preview")
    wait_until(lambda: emulator.runners, dev)
    began = time.monotonic()
    dev.wait()
    assert len(dev.resources(HEALTH)) == 20
    assert time.monotonic() - began < 20
