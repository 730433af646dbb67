"""KubiyaRunner on the real engine: the API calls in order, and what is stored."""

from __future__ import annotations

import json

import pytest
import requests

from kubiya_pulumi.emulator import Emulator
from tests.engine.conftest import Calls, MakeStack
from tests.engine.sentences import sentence
from tests.engine.states import RUNNER, is_secret, outputs, state, step

pytestmark = pytest.mark.engine

PROGRAM = """
import pulumi
from kubiya_pulumi import KubiyaRunner

config = pulumi.Config()
KubiyaRunner(
    "runner-prod",
    name=config.get("name"),
    description=config.get("description"),
    adopt_existing=config.get_bool("adopt"),
    opts=pulumi.ResourceOptions(retain_on_delete=config.get_bool("retain")),
)
"""

CREATE = ["listRunners", "createRunner", "listRunners"]


@pytest.mark.lifecycle
def test_the_first_up_creates_a_runner_and_the_second_does_nothing(
    emulator: Emulator, stack: MakeStack, calls: Calls
) -> None:
    dev = stack(PROGRAM, config={"description": "one"})
    dev.preview()
    assert calls() == []
    dev.up()
    assert calls() == CREATE
    assert [runner.description for runner in emulator.runners.values()] == ["one"]
    [runner] = dev.resources(RUNNER)
    assert runner["id"] == "runner-prod"
    declared = {
        "name": "runner-prod",
        "description": "one",
        "adopt_existing": False,
        "task_id": "organization/test/dev/runner-prod",
    }
    from_the_api = {
        "version": "v2",
        "namespace": "kubiya-system",
        "kubernetes_namespace": "kubiya-system",
    }
    assert without_secrets(runner["inputs"]) == declared
    assert without_secrets(runner["outputs"]) == declared | from_the_api

    dev.preview("--expect-no-changes")
    before = state(dev)
    dev.up("--expect-no-changes")
    assert calls() == []
    assert state(dev) == before

    dev.destroy()
    assert calls() == ["listRunners", "deleteRunner", "listRunners"]
    assert not emulator.runners
    assert dev.resources() == []


def without_secrets(properties: dict[str, object]) -> dict[str, object]:
    del properties["__provider"]
    return {name: value for name, value in properties.items() if not isinstance(value, dict)}


@pytest.mark.parametrize("form", ["documented", "observed"])
def test_a_preview_after_a_refresh_is_empty(
    emulator: Emulator, stack: MakeStack, form: str
) -> None:
    emulator.configure(form=form)
    dev = stack(PROGRAM)
    dev.up("--skip-preview")
    dev.refresh("--skip-preview", "--expect-no-changes")
    dev.preview("--expect-no-changes")


@pytest.mark.lifecycle
def test_a_changed_description_is_updated_with_one_call(
    emulator: Emulator, stack: MakeStack, calls: Calls
) -> None:
    dev = stack(PROGRAM, config={"description": "one"})
    dev.up("--skip-preview")
    calls()
    dev.configure({"description": "two"})
    planned = step(dev.preview_json(), RUNNER)
    assert planned["op"] == "update"
    assert planned["diffReasons"] == ["description"]
    assert planned["detailedDiff"] == {"description": {"kind": "update", "inputDiff": True}}
    assert calls() == []
    dev.up("--skip-preview")
    assert calls() == ["listRunners", "updateRunnerDescription"]
    assert emulator.runners["runner-prod"].description == "two"
    assert outputs(dev, RUNNER)["description"] == "two"
    assert is_secret(outputs(dev, RUNNER)["manifest_url"])
    dev.preview("--expect-no-changes")


def test_a_description_removed_from_the_program_is_not_changed(
    emulator: Emulator, stack: MakeStack, calls: Calls
) -> None:
    dev = stack(PROGRAM, config={"description": "one"})
    dev.up("--skip-preview")
    calls()
    dev.run("config", "rm", "description")
    dev.preview("--expect-no-changes")
    dev.up("--skip-preview")
    dev.refresh("--skip-preview")
    dev.preview("--expect-no-changes")
    assert calls() == ["listRunners"]
    assert emulator.runners["runner-prod"].description == "one"


@pytest.mark.lifecycle
def test_a_changed_name_replaces_the_runner_and_deletes_the_old_one_first(
    emulator: Emulator, stack: MakeStack, calls: Calls
) -> None:
    dev = stack(PROGRAM)
    dev.up("--skip-preview")
    calls()
    dev.configure({"name": "runner-new"})
    planned = step(dev.preview_json(), RUNNER)
    assert planned["op"] == "replace"
    assert planned["replaceReasons"] == ["name"]
    assert planned["diffReasons"] == ["name"]
    assert planned["detailedDiff"].keys() == {"name"}
    dev.up("--skip-preview")
    assert calls() == ["listRunners", "deleteRunner", "listRunners", *CREATE]
    assert list(emulator.runners) == ["runner-new"]
    assert dev.resources(RUNNER)[0]["id"] == "runner-new"
    dev.preview("--expect-no-changes")


def test_a_forced_replacement_also_deletes_first(stack: MakeStack, calls: Calls) -> None:
    """With `--replace` the engine does not call `diff`, which returns the order."""
    dev = stack(PROGRAM)
    dev.up("--skip-preview")
    calls()
    [runner] = dev.resources(RUNNER)
    dev.up("--skip-preview", f"--replace={runner['urn']}")
    assert calls() == ["listRunners", "deleteRunner", "listRunners", *CREATE]


@pytest.mark.lifecycle
def test_a_description_changed_elsewhere_is_detected_and_corrected(
    emulator: Emulator, stack: MakeStack, calls: Calls
) -> None:
    dev = stack(PROGRAM, config={"description": "mine"})
    dev.up("--skip-preview")
    change_description(emulator, "theirs")
    calls()

    planned = step(json.loads(dev.preview("--refresh", "--json").stdout), RUNNER)
    assert planned["op"] == "update"
    assert planned["diffReasons"] == ["description"]
    assert dev.preview("--refresh", "--expect-no-changes", check=False).returncode
    dev.refresh("--skip-preview")
    assert calls() == ["listRunners"] * 3
    assert outputs(dev, RUNNER)["description"] == "theirs"
    assert dev.resources(RUNNER)[0]["inputs"]["description"] == "theirs"

    dev.up("--skip-preview")
    assert calls() == ["listRunners", "updateRunnerDescription"]
    assert emulator.runners["runner-prod"].description == "mine"
    dev.preview("--refresh", "--expect-no-changes")


def change_description(emulator: Emulator, description: str) -> None:
    response = requests.put(
        f"{emulator.url}/api/v3/runners/description/runner-prod",
        json={"description": description},
        headers={"Authorization": f"UserKey {emulator.api_key}"},
        timeout=5,
    )
    assert response.ok


def test_a_runner_deleted_elsewhere_is_removed_from_the_state_and_recreated(
    emulator: Emulator, stack: MakeStack, calls: Calls
) -> None:
    dev = stack(PROGRAM)
    dev.up("--skip-preview")
    emulator.remove_runner("runner-prod")
    calls()
    planned = step(json.loads(dev.preview("--refresh", "--json").stdout), RUNNER)
    assert planned["op"] == "create"
    calls()
    dev.refresh("--skip-preview")
    assert set(calls()) == {"listRunners", "describeRunner"}, "both confirm that it is gone"
    assert dev.resources(RUNNER) == []
    dev.up("--skip-preview")
    assert calls() == CREATE
    assert list(emulator.runners) == ["runner-prod"]


def test_a_deleted_runner_cannot_be_changed_but_destroyed(
    emulator: Emulator, stack: MakeStack, calls: Calls
) -> None:
    dev = stack(PROGRAM, config={"description": "one"})
    dev.up("--skip-preview")
    emulator.remove_runner("runner-prod")
    before = state(dev)
    dev.configure({"description": "two"})
    failed = dev.up("--skip-preview", check=False)
    assert (
        'error: the description of runner "runner-prod" was not changed: the runner '
        "does not exist. Run `pulumi refresh`, then `pulumi up` to create it.\n"
    ) in failed.text
    assert state(dev) == before
    calls()
    dev.destroy("--skip-preview")
    assert calls() == ["listRunners", *["describeRunner"] * 4]
    assert dev.resources() == []


@pytest.mark.parametrize("response", ["not_found", "method_not_allowed"])
def test_a_service_without_a_delete_operation_is_reported(
    emulator: Emulator, stack: MakeStack, response: str
) -> None:
    emulator.configure(delete=response)
    dev = stack(PROGRAM)
    dev.up("--skip-preview")
    before = state(dev)
    failed = dev.destroy("--skip-preview", check=False)
    assert failed.returncode
    message = sentence(failed)
    assert 'runner "runner-prod" was not deleted' in message
    assert "retain_on_delete=True" in message
    assert state(dev) == before
    assert list(emulator.runners) == ["runner-prod"]

    dev.configure({"retain": "true"})
    dev.up("--skip-preview")
    dev.destroy("--skip-preview")
    assert dev.resources() == []
    assert list(emulator.runners) == ["runner-prod"]


@pytest.mark.parametrize("response", ["return", "conflict", "bad_request"])
def test_an_existing_runner_is_not_taken_over(
    emulator: Emulator, stack: MakeStack, calls: Calls, response: str
) -> None:
    emulator.configure(create_existing=response)
    existing = emulator.add_runner("runner-prod", description="theirs", managed_by="terraform")
    dev = stack(PROGRAM, config={"description": "mine"})
    failed = dev.up("--skip-preview", check=False)
    assert failed.returncode
    assert (
        'error: runner "runner-prod" was not created: a runner with that '
        "name exists, managed by terraform. To manage that runner with this program as it is, set "
        "adopt_existing=True; otherwise choose a different name.\n"
    ) in failed.text
    assert calls() == ["listRunners"]
    assert dev.resources(RUNNER) == []
    assert emulator.runners == {"runner-prod": existing}


@pytest.mark.parametrize("description", [None, "theirs"])
def test_an_existing_runner_is_adopted_unchanged(
    emulator: Emulator, stack: MakeStack, calls: Calls, description: str | None
) -> None:
    existing = emulator.add_runner("runner-prod", description="theirs")
    config = {"description": description} if description else {}
    dev = stack(PROGRAM, config={"adopt": "true", **config})
    dev.up("--skip-preview")
    assert calls() == ["listRunners", "describeRunner", "getRunnerManifest"]
    assert emulator.runners == {"runner-prod": existing}
    assert outputs(dev, RUNNER)["description"] == "theirs"
    assert outputs(dev, RUNNER)["version"] == "v2"
    dev.preview("--expect-no-changes")
    dev.refresh("--skip-preview", "--expect-no-changes")
    dev.run("config", "rm", "adopt")
    dev.preview("--expect-no-changes")


def test_an_adopted_runner_gets_the_declared_description(
    emulator: Emulator, stack: MakeStack, calls: Calls
) -> None:
    emulator.add_runner("runner-prod", description="theirs")
    dev = stack(PROGRAM, config={"adopt": "true", "description": "mine"})
    dev.up("--skip-preview")
    assert calls() == [
        "listRunners", "describeRunner", "getRunnerManifest", "updateRunnerDescription"
    ]  # fmt: skip
    assert emulator.runners["runner-prod"].description == "mine"
    dev.preview("--expect-no-changes")
    dev.destroy("--skip-preview")
    assert not emulator.runners, "the stack manages an adopted runner"


def test_a_runner_created_elsewhere_after_the_lookup_is_not_taken_over(
    emulator: Emulator, stack: MakeStack
) -> None:
    emulator.faults.add("status", operation="createRunner", status=409)
    dev = stack(PROGRAM)
    failed = dev.up("--skip-preview", check=False)
    message = sentence(failed)
    assert 'could not create runner "runner-prod": the service returned 409' in message
    assert "it may belong to another organization" in message
    assert dev.resources(RUNNER) == []
