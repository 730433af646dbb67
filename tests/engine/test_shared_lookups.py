"""Resources share the lists that they need at the same time."""

from __future__ import annotations

from collections import Counter

import pytest

from kubiya_pulumi.emulator import Emulator
from tests.engine.conftest import Calls, MakeStack
from tests.engine.test_crash import wait_for

pytestmark = pytest.mark.engine

COUNT = 20
PROGRAM = f"""
from kubiya_pulumi import KubiyaRunner

for number in range({COUNT}):
    KubiyaRunner(f"runner-{{number}}", description="text")
"""


def test_the_requests_of_many_runners(stack: MakeStack, calls: Calls) -> None:
    dev = stack(PROGRAM, env={"PULUMI_PARALLEL": "32"})
    dev.up("--skip-preview")
    first = Counter(calls())
    assert first.keys() == {"listRunners", "createRunner"}
    assert first["createRunner"] == COUNT
    assert first["listRunners"] < COUNT
    dev.preview("--expect-no-changes")
    dev.up("--skip-preview", "--expect-no-changes")
    assert calls() == []
    dev.refresh("--skip-preview", "--expect-no-changes")
    assert calls() == ["listRunners"]
    dev.destroy("--skip-preview")
    last = Counter(calls())
    assert last.keys() == {"listRunners", "deleteRunner"}
    assert last["deleteRunner"] == COUNT
    assert last["listRunners"] < COUNT


def test_a_destroy_runs_more_than_four_deletes_at_once(
    emulator: Emulator, stack: MakeStack
) -> None:
    """The engine sends all of them before the first one configures the provider."""
    # The end of the fault closes the connections, so the client retries.
    dev = stack(PROGRAM, config={"kubiya:maxRetries": "3"}, env={"PULUMI_PARALLEL": "32"})
    dev.up("--skip-preview")
    emulator.faults.add("hang", operation="deleteRunner", count=None)
    dev.start("destroy", "--yes", "--skip-preview")
    wait_for(lambda: emulator.faults.hanging == COUNT)
    emulator.faults.clear()
    assert dev.wait().returncode == 0
    assert emulator.runners == {}
