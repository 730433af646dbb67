"""A list of many runners is read only where nothing else proves that a runner does not exist."""

import pytest

from kubiya_pulumi.lifecycle import lookup
from kubiya_pulumi.lifecycle.runner import RunnerHandler
from tests.lifecycle.engine_calls import EngineCalls

LISTED = 5


@pytest.fixture(autouse=True)
def short_limit(monkeypatch):
    monkeypatch.setattr(lookup, "MAX_LISTED_RUNNERS", LISTED)


def inputs_of(name):
    return {"name": name, "description": "text", "task_id": f"org/infra/dev/{name}"}


@pytest.mark.parametrize(
    ("runners", "read"), [(LISTED, "listRunners"), (LISTED + 1, "describeRunner")]
)
def test_runners_are_described_by_themselves_if_the_list_is_long(
    client, emulator, called, runners, read
):
    runner = EngineCalls(RunnerHandler())
    for number in range(runners - 1):
        emulator.add_runner(f"other-{number}")
    first = runner.create(client, inputs_of("first"))
    assert called()[:2] == ["listRunners", "createRunner"]
    assert runner.read(client, "first", first.outputs).outputs["description"] == "text"
    called()

    assert runner.read(client, "first", first.outputs).outputs["description"] == "text"
    assert called() == [read]
    updated = runner.update(
        client, "first", first.outputs, {**inputs_of("first"), "description": "new"}
    )
    assert called() == [read, "updateRunnerDescription"]
    runner.delete(client, "first", updated.outputs)
    assert called()[:3] == [read, "deleteRunner", read]


def test_a_long_list_still_proves_that_a_runner_does_not_exist(client, emulator, called):
    runner = EngineCalls(RunnerHandler())
    created = runner.create(client, inputs_of("first"))
    for number in range(LISTED):
        emulator.add_runner(f"other-{number}")
    runner.read(client, "first", created.outputs)
    emulator.remove_runner("first")
    called()
    assert runner.read(client, "first", created.outputs) is None
    # The client tries each documented path of the description.
    *descriptions, last = called()
    assert (set(descriptions), last) == ({"describeRunner"}, "listRunners")
