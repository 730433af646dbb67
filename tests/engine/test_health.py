"""RunnerHealth on the real engine: when the wait ends, and what is stored."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from kubiya_pulumi.emulator import Emulator
from tests.engine.conftest import Calls, MakeStack
from tests.engine.sentences import sentence
from tests.engine.states import outputs, state, step
from tests.harness.engine import Stack

pytestmark = pytest.mark.engine

HEALTH = "pulumi-python:dynamic/kubiya:RunnerHealth"

HEALTH_ONLY = """
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

WHOLE_PROCESS = """
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

TWENTY_RUNNERS = """
import pulumi
from kubiya_pulumi import KubiyaRunner, RunnerHealth

for number in range(20):
    runner = KubiyaRunner(f"runner-{number}")
    RunnerHealth(f"health-{number}", runner=runner.id)
KubiyaRunner("another", opts=pulumi.ResourceOptions(depends_on=[runner]))
"""


def health_requests(emulator: Emulator, runner: str = "runner-prod") -> int:
    calls = [(call.operation, call.runner) for call in emulator.calls]
    return calls.count(("getRunnerHealth", runner))


def wait_until(condition: Callable[[], Any], dev: Stack) -> None:
    """Wait for a condition while a command runs. Its output is the message on a timeout."""
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, output(dev)
        time.sleep(0.05)


def output(dev: Stack) -> str:
    """Return what the running command has printed so far."""
    return (dev.folder / "engine.stdout").read_text()


@pytest.mark.lifecycle
@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ("ok", {"health": "ok"}),
        ("true", {"health": "true"}),
        ("components", {}),
    ],
)
def test_the_wait_ends_when_the_runner_is_healthy(
    form: str, expected: dict[str, str], emulator: Emulator, stack: MakeStack, calls: Calls
) -> None:
    emulator.configure(health_as=form)
    emulator.add_runner("runner-prod")
    emulator.set_health("runner-prod", healthy=False)
    dev = stack(HEALTH_ONLY)
    dev.start("up", "--yes")
    wait_until(lambda: health_requests(emulator) >= 2, dev)
    assert dev.processes()
    emulator.set_health("runner-prod", healthy=True)
    dev.wait()
    assert set(calls()) == {"getRunnerHealth"}

    health = outputs(dev, HEALTH)
    assert {name: health[name] for name in expected} == expected
    assert health["status"] in {"healthy", "ok"}
    assert health["checked_at"]
    assert {check["name"] for check in health["checks"]} >= {"agent-manager", "tool-manager"}
    assert {check["status"] for check in health["checks"]} <= {"healthy", "ok"}

    dev.preview("--expect-no-changes")
    dev.destroy()
    assert calls() == []


def test_only_the_required_checks_must_be_healthy(
    emulator: Emulator, stack: MakeStack, calls: Calls
) -> None:
    emulator.add_runner("runner-prod")
    emulator.set_health("runner-prod", failing={"agent-manager": "no route to NATS"})
    dev = stack(HEALTH_ONLY, config={"checks": '["tool-manager"]', "timeout": "0"})
    dev.up()
    assert outputs(dev, HEALTH)["status"] == "unhealthy"
    assert calls() == ["getRunnerHealth"]
    dev.preview("--expect-no-changes")

    # A change of the required checks starts a new wait. Its failure keeps the state.
    before = state(dev)
    dev.configure({"checks": '["tool-manager", "agent-manager", "nosuch"]'})
    failed = dev.up(check=False)
    assert failed.returncode
    assert 'check "agent-manager" is unhealthy (no route to NATS)' in failed.text
    assert 'check "nosuch" does not exist' in failed.text
    assert 'check "tool-manager"' not in failed.text
    assert state(dev) == before


def test_a_timeout_names_the_reasons_and_the_next_up_continues(
    emulator: Emulator, stack: MakeStack, calls: Calls
) -> None:
    emulator.configure(healthy_after_seconds=3600)
    dev = stack(WHOLE_PROCESS, config={"timeout": "2"})
    failed = dev.up(check=False)
    assert failed.returncode
    assert 'error: runner "runner-prod" is not healthy after 2 s: check "' in failed.text
    for check in ("agent-manager", "kubiya-operator", "tool-manager", "workflow-engine"):
        assert f'check "{check}" is unhealthy (still starting)' in failed.text
    assert "timeout_seconds" in failed.text
    names = {resource["urn"].split("::")[-1] for resource in dev.resources()}
    assert names >= {"runner-prod", "manifest"}
    assert dev.resources(HEALTH) == []

    calls()
    emulator.set_health("runner-prod", healthy=True)
    dev.up()
    assert calls() == ["getRunnerHealth"]
    assert outputs(dev, HEALTH)["status"] == "healthy"
    dev.preview("--expect-no-changes")


def test_transient_errors_do_not_end_the_wait(
    emulator: Emulator, stack: MakeStack, calls: Calls
) -> None:
    emulator.add_runner("runner-prod")
    emulator.faults.add("status", operation="getRunnerHealth", status=503)
    emulator.faults.add("status", operation="getRunnerHealth", status=429, nth=2)
    emulator.faults.add("reset", operation="getRunnerHealth", nth=3)
    dev = stack(HEALTH_ONLY)
    dev.up()
    assert calls() == ["getRunnerHealth"] * 4
    assert outputs(dev, HEALTH)["status"] == "healthy"


def test_permanent_errors_end_the_wait_immediately(
    emulator: Emulator, stack: MakeStack, calls: Calls
) -> None:
    emulator.add_runner("runner-prod")
    emulator.set_health("runner-prod", healthy=False)
    dev = stack(HEALTH_ONLY)
    expected = {
        401: ["getRunnerHealth"],
        403: ["getRunnerHealth"],
    }
    for status, operations in expected.items():
        emulator.faults.add("status", operation="getRunnerHealth", status=status)
        failed = dev.up("--skip-preview", check=False)
        assert failed.returncode
        assert f'could not read the health of runner "runner-prod": the service returned {status}' in failed.text  # fmt: skip # noqa: E501
        assert calls() == operations
        assert dev.resources(HEALTH) == []

    # The service may not report the health of a new runner yet, which its list contains.
    dev.configure({"timeout": "0"})
    emulator.faults.add("status", operation="getRunnerHealth", status=404)
    late = sentence(dev.up("--skip-preview", check=False))
    assert late.startswith('runner "runner-prod" is not healthy after 0 s: ')
    assert "The service lists the runner." in late
    assert calls() == ["getRunnerHealth", "listRunners"]

    emulator.remove_runner("runner-prod")
    failed = dev.up("--skip-preview", check=False)
    assert failed.returncode
    assert 'error: the health of runner "runner-prod" cannot be checked' in failed.text
    assert calls() == ["getRunnerHealth", "listRunners"]


def test_changed_triggers_start_a_wait_and_a_changed_timeout_does_not(
    emulator: Emulator, stack: MakeStack, calls: Calls
) -> None:
    emulator.add_runner("runner-prod")
    dev = stack(HEALTH_ONLY, config={"triggers": '["one"]'})
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


@pytest.mark.lifecycle
def test_a_refresh_records_the_health_of_an_unhealthy_runner(
    emulator: Emulator, stack: MakeStack, calls: Calls
) -> None:
    emulator.add_runner("runner-prod")
    dev = stack(HEALTH_ONLY)
    dev.up()
    before = state(dev)

    # The time of the check differs, which alone is not a change.
    calls()
    dev.refresh("--expect-no-changes")
    assert set(calls()) == {"getRunnerHealth"}
    assert state(dev) == before

    emulator.set_health("runner-prod", failing={"tool-manager": "no route to NATS"})
    dev.refresh()
    health = outputs(dev, HEALTH)
    assert health["status"] == "unhealthy"
    [failing] = [check for check in health["checks"] if check["name"] == "tool-manager"]
    assert (failing["status"], failing["error"]) == ("unhealthy", "no route to NATS")
    dev.preview("--expect-no-changes")

    emulator.remove_runner("runner-prod")
    dev.refresh()
    assert dev.resources(HEALTH) == []


def test_a_long_wait_reports_the_unhealthy_checks(emulator: Emulator, stack: MakeStack) -> None:
    emulator.add_runner("runner-prod")
    emulator.set_health("runner-prod", failing={"tool-manager": "no route to NATS"})
    dev = stack(HEALTH_ONLY)
    dev.start("up", "--yes", "--skip-preview")
    wait_until(lambda: 'runner "runner-prod" is not healthy yet' in output(dev), dev)
    assert 'check "tool-manager" is unhealthy (no route to NATS)' in output(dev)
    assert health_requests(emulator) < 15
    emulator.set_health("runner-prod", healthy=True)
    dev.wait()


def test_invalid_inputs_are_reported_in_the_preview(stack: MakeStack, calls: Calls) -> None:
    dev = stack(HEALTH_ONLY, config={"timeout": "-1", "checks": json.dumps([""])})
    failed = dev.preview(check=False)
    assert failed.returncode
    assert "timeout_seconds" in failed.text
    assert "must be a number of seconds, 0 or greater" in failed.text
    assert "must be a list of names of checks" in failed.text
    assert calls() == []


def test_twenty_health_resources_wait_concurrently_and_block_nothing(
    emulator: Emulator, stack: MakeStack
) -> None:
    emulator.configure(healthy_after_seconds=3600)
    dev = stack(TWENTY_RUNNERS)
    dev.start("up", "--yes", "--skip-preview", "--parallel=64")
    runners = [f"runner-{number}" for number in range(20)]
    wait_until(lambda: all(health_requests(emulator, name) >= 2 for name in runners), dev)
    wait_until(lambda: "another" in emulator.runners, dev)
    assert dev.processes()
    for name in runners:
        emulator.set_health(name, healthy=True)
    dev.wait()
    assert len(dev.resources(HEALTH)) == 20


def test_twenty_waits_end_soon_after_their_runners_are_healthy(
    emulator: Emulator, stack: MakeStack
) -> None:
    """The engine runs with its default parallelism of 4 calls per core."""
    emulator.configure(healthy_after_seconds=5)
    dev = stack(TWENTY_RUNNERS)
    dev.start("up", "--yes", "--skip-preview")
    wait_until(lambda: emulator.runners, dev)
    start = time.monotonic()
    dev.wait()
    assert len(dev.resources(HEALTH)) == 20
    assert time.monotonic() - start < 20
