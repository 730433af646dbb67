"""What importing an existing runner into a stack does."""

from __future__ import annotations

import json

import pytest

from kubiya_pulumi.emulator import Emulator
from tests.engine.conftest import Calls, MakeStack
from tests.engine.states import RUNNER
from tests.harness.engine import Stack

pytestmark = pytest.mark.engine

PROGRAM = """
import pulumi
from kubiya_pulumi import KubiyaRunner

KubiyaRunner("runner-prod"{opts})
"""


def program(opts: str = "") -> str:
    return PROGRAM.replace("{opts}", opts)


@pytest.fixture
def dev(emulator: Emulator, stack: MakeStack) -> Stack:
    """A stack that does not manage the existing runner yet."""
    emulator.add_runner("runner-prod", description="another team's")
    return stack("")


def test_the_command_import_with_an_id_fails(dev: Stack) -> None:
    """No code of this package runs, so it cannot change the message."""
    failed = dev.run("import", RUNNER, "runner-prod", "runner-prod", "--yes", check=False)
    assert failed.returncode
    assert "KeyError: '__provider'" in failed.text
    assert dev.resources(RUNNER) == []


def test_a_file_with_the_whole_state_can_be_imported(
    dev: Stack, emulator: Emulator, stack: MakeStack, calls: Calls
) -> None:
    other = stack(
        'from kubiya_pulumi import KubiyaRunner\nKubiyaRunner("runner-prod", adopt_existing=True)'
    )
    other.up("--skip-preview")
    [exported] = other.resources(RUNNER)
    file = dev.folder / "resources.json"
    fields = ("type", "id", "inputs", "outputs")
    secret = {"manifest_url": emulator.manifest_url("runner-prod")}
    resource = {name: exported[name] for name in fields} | {"name": "runner-prod"}
    resource["outputs"] = {**resource["outputs"], **secret}
    del resource["outputs"]["last_seen"]  # Only the other stack can decrypt it.
    file.write_text(json.dumps({"resources": [resource]}))
    calls()
    # The engine cannot generate code for a dynamic resource, which has no schema.
    dev.run("import", "--file", str(file), "--yes", "--generate-code=false")
    assert "createRunner" not in calls()
    [imported] = dev.resources(RUNNER)
    assert (imported["id"], imported["protect"]) == ("runner-prod", True)
    options = ", adopt_existing=True, opts=pulumi.ResourceOptions(protect=True)"
    dev.rewrite(program(options))
    dev.preview("--expect-no-changes")


def test_an_id_reads_a_runner_without_managing_it(dev: Stack, calls: Calls) -> None:
    dev.rewrite(program(', opts=pulumi.ResourceOptions(id="runner-prod")'))
    dev.up("--skip-preview")
    [runner] = dev.resources(RUNNER)
    assert runner["external"] is True
    assert runner["outputs"]["description"] == "another team's"
    dev.destroy("--skip-preview")
    assert "deleteRunner" not in calls()
