"""A change that the response does not prove is verified by the list."""

import logging
from dataclasses import replace

import pytest

from kubiya_pulumi.api import Clock, ForbiddenError
from kubiya_pulumi.lifecycle.change_verification import DELAYS
from kubiya_pulumi.lifecycle.errors import ChangeNotMadeError
from kubiya_pulumi.lifecycle.runner import RunnerHandler
from kubiya_pulumi.testing import MemoryClient
from tests.lifecycle.engine_calls import EngineCalls

INPUTS = {"name": "r", "task_id": "org/infra/dev/r", "description": "old"}


class LateClient(MemoryClient):
    """A service that reports success and makes the change after some lists, or never."""

    def __init__(self, lists_until_change: int | None) -> None:
        super().__init__()
        self.lists_until_change = lists_until_change
        self.lists = 0
        self.pending = None
        self.is_list_forbidden = False
        self.returns_runner = False

    def list_runners(self, **options):
        self.lists += 1
        if self.is_list_forbidden and self.pending:
            raise ForbiddenError(403, None, "forbidden", "list_runners", "r")
        if self.pending and self.lists_until_change is not None:
            self.lists_until_change -= 1
            if self.lists_until_change == 0:
                self.pending()
        return super().list_runners(**options)

    def delete_runner(self, name):
        self.pending = lambda: super(LateClient, self).delete_runner(name)

    def update_runner_description(self, name, description):
        self.pending = lambda: super(LateClient, self).update_runner_description(name, description)
        return self.describe_runner(name) if self.returns_runner else None


@pytest.fixture
def delays():
    return []


@pytest.fixture
def runner(delays):
    return EngineCalls(RunnerHandler(clock=Clock(sleep=delays.append)))


CHANGES = {
    "delete": lambda runner, api, state: runner.delete(api, "r", state.outputs),
    "update": lambda runner, api, state: runner.update(
        api, "r", state.outputs, {**INPUTS, "description": "new"}
    ),
}
change = pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)


@change
@pytest.mark.parametrize("lists", [1, 3])
def test_a_late_change_is_waited_for(change, lists, runner, delays):
    api = LateClient(lists)
    change(runner, api, runner.create(api, INPUTS))
    assert delays == list(DELAYS[: lists - 1])


@change
def test_a_change_that_is_never_made_is_an_error(change, runner, delays):
    api = LateClient(None)
    state = runner.create(api, INPUTS)
    with pytest.raises(ChangeNotMadeError, match=r'runner "r" was not .*: the service reported'):
        change(runner, api, state)
    assert delays == list(DELAYS)


@pytest.mark.parametrize("lists", [2, None])
def test_a_description_that_the_response_contradicts_is_verified(lists, runner, delays):
    """The response contains the runner as it was before."""
    api = LateClient(lists)
    api.returns_runner = True
    state = runner.create(api, INPUTS)
    if lists is None:
        with pytest.raises(ChangeNotMadeError, match="still lists another one"):
            CHANGES["update"](runner, api, state)
    else:
        updated = CHANGES["update"](runner, api, state)
        assert updated.outputs["description"] == "new"
        assert delays == [DELAYS[0]]


@change
def test_a_change_that_cannot_be_verified_warns(change, runner, delays, caplog):
    caplog.set_level(logging.WARNING, logger="kubiya_pulumi.lifecycle")
    api = LateClient(None)
    state = runner.create(api, INPUTS)
    api.is_list_forbidden = True
    change(runner, api, state)
    assert "which was not verified" in caplog.text
    assert delays == []


def test_a_deleted_runner_whose_name_has_another_owner_is_deleted(runner, delays):
    api = LateClient(None)
    state = runner.create(api, INPUTS)
    listed = api.list_runners
    taken = replace(listed()[0], managed_by="terraform", task_id="7")
    api.list_runners = lambda **options: (taken,) if api.pending else listed(**options)
    runner.delete(api, "r", state.outputs)
    assert delays == []


def test_only_a_description_is_proved_by_the_response(client, called, runner):
    state = runner.create(client, INPUTS)
    called()
    CHANGES["update"](runner, client, state)
    assert called() == ["listRunners", "updateRunnerDescription"]
    CHANGES["delete"](runner, client, state)
    assert called() == ["listRunners", "deleteRunner", "listRunners"]


@pytest.mark.parametrize("status", [200, 204])
def test_a_delete_that_a_gateway_reports_without_making_it_is_an_error(
    client, emulator, runner, status
):
    state = runner.create(client, INPUTS)
    emulator.faults.add("status", operation="deleteRunner", status=status)
    with pytest.raises(ChangeNotMadeError, match='runner "r" was not deleted'):
        CHANGES["delete"](runner, client, state)
    assert "r" in emulator.runners


@pytest.mark.parametrize("description_field", ["echoed", "dropped"])
def test_a_service_that_omits_descriptions_does_not_contradict_a_change(
    client, emulator, runner, description_field
):
    emulator.configure(description_field=description_field)
    state = runner.create(client, INPUTS)
    updated = CHANGES["update"](runner, client, state)
    assert updated.outputs["description"] == "new"
