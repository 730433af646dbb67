"""What the state remembers of a runner: its reported owner, and where it was seen."""

from contextlib import contextmanager
from dataclasses import replace

import pytest

from kubiya_pulumi.api import Clock, Connection, RunnersClient
from kubiya_pulumi.emulator import Emulator
from kubiya_pulumi.lifecycle.errors import (
    RunnerElsewhereError,
    RunnerGoneError,
    RunnerNotOursError,
)
from kubiya_pulumi.lifecycle.runner import RunnerHandler
from kubiya_pulumi.lifecycle.runner_health import RunnerHealthHandler
from kubiya_pulumi.lifecycle.runner_manifest import RunnerManifestHandler
from tests.lifecycle.engine_calls import EngineCalls

runner = EngineCalls(RunnerHandler())

TASK = "acme/infra/dev/r"
INPUTS = {"name": "r", "adopt_existing": False, "task_id": TASK}
ADOPT = {**INPUTS, "adopt_existing": True}
CHANGED = {"description": "ours"}


def adopted(client, emulator, **owner):
    emulator.add_runner("r", description="theirs", **owner)
    return runner.create(client, ADOPT).outputs


def replace_outside(emulator, **owner):
    emulator.remove_runner("r")
    return emulator.add_runner("r", description="of a third party", **owner)


OWNERS = {
    "none": {},
    "another tool": {"managed_by": "crossplane", "task_id": "7"},
    "another task": {"managed_by": "terraform", "task_id": "8"},
    "no task": {"managed_by": "terraform"},
    "no tool": {"task_id": "7"},
}


@pytest.mark.parametrize("owner", OWNERS.values(), ids=OWNERS)
def test_an_adopted_runner_with_another_owner_than_at_its_adoption_is_left_alone(
    client, emulator, caplog, owner
):
    outputs = adopted(client, emulator, managed_by="terraform", task_id="7")
    foreign = replace_outside(emulator, **owner)
    with pytest.raises(RunnerNotOursError, match="no longer the one that this stack adopted"):
        runner.update(client, "r", outputs, {**ADOPT, **CHANGED})
    with pytest.raises(RunnerNotOursError, match="`pulumi state delete`"):
        runner.delete(client, "r", outputs)
    current = runner.read(client, "r", outputs)
    assert "no longer the one that this stack adopted" in caplog.text
    with pytest.raises(RunnerNotOursError):
        runner.delete(client, "r", current.outputs)
    assert emulator.runners["r"] == foreign


def test_a_created_runner_whose_owner_is_no_longer_reported_is_left_alone(client, emulator):
    outputs = runner.create(client, INPUTS).outputs
    foreign = replace_outside(emulator)
    with pytest.raises(RunnerNotOursError, match="it is reported without an owner"):
        runner.delete(client, "r", outputs)
    assert emulator.runners["r"] == foreign


def test_an_adopted_runner_with_its_reported_owner_is_managed(client, emulator, called):
    outputs = adopted(client, emulator, managed_by="terraform", task_id="7")
    called()
    updated = runner.update(client, "r", outputs, {**ADOPT, **CHANGED})
    assert called() == ["listRunners", "updateRunnerDescription"]
    assert updated.outputs["last_seen"] == outputs["last_seen"]
    runner.delete(client, "r", updated.outputs)
    assert called() == ["listRunners", "deleteRunner", "listRunners"]
    assert not emulator.runners


def test_an_adopted_runner_without_a_reported_owner_is_changed_without_a_lookup(
    client, emulator, called
):
    outputs = adopted(client, emulator)
    called()
    runner.update(client, "r", outputs, {**ADOPT, **CHANGED})
    assert called() == ["updateRunnerDescription"]
    runner.delete(client, "r", outputs)
    assert called() == ["deleteRunner", "listRunners"]


def test_a_runner_is_described_if_the_list_omits_its_owner(client, emulator, called, monkeypatch):
    outputs = adopted(client, emulator, managed_by="terraform", task_id="7")
    list_runners = client.list_runners
    monkeypatch.setattr(
        client,
        "list_runners",
        lambda **options: tuple(
            replace(listed, managed_by=None, task_id=None) for listed in list_runners(**options)
        ),
    )
    called()
    assert runner.read(client, "r", outputs).outputs == outputs
    runner.delete(client, "r", outputs)
    assert called() == ["listRunners", *["describeRunner"] * 2, "deleteRunner", "listRunners"]


def test_a_refresh_records_the_owner_for_a_state_of_an_older_version(client, emulator):
    outputs = adopted(client, emulator, managed_by="terraform", task_id="7")
    seen = outputs.pop("last_seen")
    assert runner.read(client, "r", outputs).outputs["last_seen"] == seen


@pytest.fixture
def elsewhere():
    """A client of another service."""
    with Emulator() as other, connect(other) as client:
        client.emulator = other
        yield client


@contextmanager
def connect(emulator, api_key=None, **settings):
    settings = {"max_retries": 0, **settings}
    connection = Connection(api_key=api_key or emulator.api_key, base_url=emulator.url, **settings)
    with RunnersClient(connection, clock=Clock(sleep=lambda _: None)) as client:
        yield client


def calls_for(client, outputs):
    return {
        "read": lambda: runner.read(client, "r", outputs),
        "update": lambda: runner.update(client, "r", outputs, {**INPUTS, **CHANGED}),
        "delete": lambda: runner.delete(client, "r", outputs),
    }


@pytest.mark.parametrize("call", ["read", "update", "delete"])
@pytest.mark.parametrize("is_adopted", [False, True])
def test_a_runner_that_is_missing_at_another_service_is_not_gone(
    client, emulator, elsewhere, call, is_adopted
):
    outputs = adopted(client, emulator) if is_adopted else runner.create(client, INPUTS).outputs
    with pytest.raises(RunnerElsewhereError) as caught:
        calls_for(elsewhere, outputs)[call]()
    message = str(caught.value)
    assert f"it was last seen at {emulator.url}. Set the base URL" in message
    assert "`pulumi state delete`" in message


@pytest.mark.parametrize("call", ["read", "update", "delete"])
def test_a_runner_that_is_missing_for_another_key_is_not_gone(client, emulator, call):
    outputs = runner.create(client, INPUTS).outputs
    emulator.remove_runner("r")
    with (
        connect(emulator, "another-key") as other,
        pytest.raises(RunnerElsewhereError, match=r"another API key\. Set that API key") as caught,
    ):
        calls_for(other, outputs)[call]()
    assert outputs["last_seen"]["account"] not in str(caught.value)


def test_a_runner_that_is_missing_where_it_was_last_seen_is_gone(client, emulator):
    outputs = runner.create(client, INPUTS).outputs
    emulator.remove_runner("r")
    calls = calls_for(client, outputs)
    assert calls["read"]() is None
    calls["delete"]()
    with pytest.raises(RunnerGoneError):
        calls["update"]()


@pytest.mark.parametrize("call", ["read", "update"])
def test_a_runner_that_is_found_at_another_service_is_taken_on_there(
    client, elsewhere, call, emulator
):
    outputs = runner.create(client, INPUTS).outputs
    elsewhere.emulator.add_runner("r", managed_by="pulumi", task_id=TASK)
    taken_on = calls_for(elsewhere, outputs)[call]().outputs
    assert taken_on["last_seen"]["base_url"] == elsewhere.emulator.url
    elsewhere.emulator.remove_runner("r")
    assert runner.read(elsewhere, "r", taken_on) is None
    assert "r" in emulator.runners


def test_a_runner_of_another_owner_at_another_service_is_not_taken_on(client, elsewhere):
    outputs = runner.create(client, INPUTS).outputs
    foreign = elsewhere.emulator.add_runner("r", managed_by="terraform", task_id="7")
    assert runner.read(elsewhere, "r", outputs).outputs["last_seen"] == outputs["last_seen"]
    for call in ("update", "delete"):
        with pytest.raises(RunnerNotOursError):
            calls_for(elsewhere, outputs)[call]()
    assert elsewhere.emulator.runners["r"] == foreign


@pytest.mark.parametrize("handler", [RunnerHealthHandler(), RunnerManifestHandler()])
def test_a_gate_and_a_manifest_remember_where_their_runner_was_seen(
    client, emulator, elsewhere, handler
):
    resource = EngineCalls(handler)
    emulator.add_runner("r")
    outputs = resource.create(client, {"runner": "r"}).outputs
    with pytest.raises(RunnerElsewhereError, match=f"it was last seen at {emulator.url}"):
        resource.read(elsewhere, "r", outputs)
    with connect(emulator, "another-key") as other:
        assert resource.read(other, "r", outputs).outputs["last_seen"] != outputs["last_seen"]
    elsewhere.emulator.add_runner("r")
    taken_on = resource.read(elsewhere, "r", outputs).outputs
    assert taken_on["last_seen"]["base_url"] == elsewhere.emulator.url
    elsewhere.emulator.remove_runner("r")
    assert resource.read(elsewhere, "r", taken_on) is None


@pytest.mark.parametrize("handler", [RunnerHealthHandler(), RunnerManifestHandler()])
def test_a_gate_and_a_manifest_of_an_older_version_get_their_place(client, emulator, handler):
    resource = EngineCalls(handler)
    emulator.add_runner("r")
    outputs = resource.create(client, {"runner": "r"}).outputs
    seen = outputs.pop("last_seen")
    assert resource.read(client, "r", outputs).outputs["last_seen"] == seen
    emulator.remove_runner("r")
    assert resource.read(client, "r", outputs) is None


def test_a_state_of_an_older_version_knows_no_place(client):
    assert runner.read(client, "r", {"task_id": TASK}) is None
    runner.delete(client, "r", {"task_id": TASK})
