"""Which resource has a name in one command, without an engine."""

import threading

import pytest

from kubiya_pulumi.dynamic.handler import InputFailure
from kubiya_pulumi.lifecycle import held_names
from kubiya_pulumi.lifecycle.errors import RunnerExistsError
from kubiya_pulumi.lifecycle.held_names import HeldNames
from kubiya_pulumi.lifecycle.runner import RunnerHandler
from tests.lifecycle.engine_calls import EngineCalls

NOTHING = frozenset[str]()


@pytest.fixture
def runner():
    """The calls of one command of the engine."""
    names = HeldNames()
    names.enable()
    return EngineCalls(RunnerHandler(names))


@pytest.fixture
def _silent(emulator):
    """The service never reports an owner."""
    emulator.configure(owner_fields="dropped")


def inputs(resource, name="r", **values):
    return {"name": name, "adopt_existing": False, "task_id": f"acme/infra/dev/{resource}"} | values


def stored(resource, name="r", **values):
    return inputs(resource, name, description="", **values)


def test_a_runner_that_another_resource_adopted_is_left_in_place(runner, client, emulator, caplog):
    emulator.add_runner("r")
    runner.create(client, inputs("z", adopt_existing=True))
    runner.delete(client, "r", stored("a", adopted=True))
    assert "r" in emulator.runners
    assert 'Runner "r" was left in place: the resource "z" of this stack has it now.' in caplog.text


def test_a_resource_in_a_component_is_named_with_its_parents(runner, client, emulator, caplog):
    emulator.add_runner("r")
    runner.create(client, inputs("test:index:Group/a", adopt_existing=True))
    runner.delete(client, "r", stored("a", adopted=True))
    assert 'the resource "test:index:Group/a" of this stack' in caplog.text


def test_a_runner_that_was_created_in_this_command_is_not_deleted(runner, client, emulator):
    """A replacement that is created first precedes the delete of what it replaces."""
    runner.create(client, inputs("a"))
    runner.delete(client, "r", stored("a"))
    assert "r" in emulator.runners


def test_a_runner_that_was_deleted_first_is_created(runner, client, emulator):
    emulator.add_runner("r")
    runner.delete(client, "r", stored("a", adopted=True))
    runner.create(client, inputs("a"))
    assert emulator.runners["r"].managed_by == "pulumi"


@pytest.mark.usefixtures("_silent")
def test_a_failed_create_holds_nothing(runner, client, emulator):
    emulator.add_runner("r")
    with pytest.raises(RunnerExistsError):
        runner.create(client, inputs("z"))
    runner.delete(client, "r", stored("a", adopted=True))
    assert not emulator.runners


@pytest.mark.parametrize("resource", ["a", "b"])
def test_a_name_that_a_resource_keeps_is_not_deleted(runner, client, emulator, resource):
    emulator.add_runner("r")
    assert runner.check(inputs("a"), NOTHING, inputs("a"))[1] == []
    runner.delete(client, "r", stored(resource, adopted=True))
    assert "r" in emulator.runners


def test_a_replaced_resource_does_not_keep_its_name(runner, client, emulator):
    """For a replacement the engine calls `check` once more, without the old inputs."""
    emulator.add_runner("r")
    runner.check(inputs("a"), NOTHING, inputs("a"))
    runner.check(inputs("a"), NOTHING, {})
    runner.delete(client, "r", stored("a", adopted=True))
    assert not emulator.runners


def test_without_a_command_nothing_is_held(client, emulator):
    runner = EngineCalls(RunnerHandler())
    runner.check(inputs("a"), NOTHING, inputs("a"))
    assert runner.check(inputs("b"), NOTHING)[1] == []
    runner.create(client, inputs("a"))
    runner.delete(client, "r", stored("a"))
    assert not emulator.runners


def test_two_resources_with_one_name_are_refused(runner):
    assert runner.check(inputs("a"), NOTHING)[1] == []
    assert runner.check(inputs("a"), NOTHING)[1] == [], "the engine may check a resource twice"
    assert runner.check(inputs("b"), NOTHING)[1] == [
        InputFailure(
            "name",
            'the resources "a" and "b" both declare the runner "r"; give each resource a name of '
            "its own",
        )
    ]


def test_an_unknown_name_and_an_invalid_one_are_not_compared(runner):
    for resource in ("a", "b"):
        values = inputs(resource)
        del values["name"]
        assert runner.check(values, {"name"})[1] == []
    for resource in ("c", "d"):
        [failure] = runner.check(inputs(resource, name=["r"]), NOTHING)[1]
        assert failure.reason == "must be a string, not list"


@pytest.mark.parametrize("form", ["echoed", "dropped"])
def test_a_create_waits_for_the_delete_of_the_resource_that_gives_up_the_name(
    runner, client, emulator, form
):
    emulator.configure(owner_fields=form)
    EngineCalls(RunnerHandler()).create(client, inputs("a", "x"))
    runner.check(inputs("a", "y"), NOTHING, inputs("a", "x"))
    emulator.faults.add("hang", operation="deleteRunner", seconds=0.3)
    created = []
    waiting = threading.Thread(
        target=lambda: created.append(runner.create(client, inputs("b", "x")))
    )
    waiting.start()
    runner.delete(client, "x", stored("a", "x"))
    waiting.join()
    assert created[0].outputs["task_id"] == "acme/infra/dev/b"
    assert emulator.runners["x"].task_id == "acme/infra/dev/b"


def test_a_create_whose_name_is_given_up_during_its_lookup_is_repeated(runner, client, emulator):
    EngineCalls(RunnerHandler()).create(client, inputs("a", "x"))
    emulator.faults.add("hang", operation="listRunners", seconds=0.3)
    created = []
    waiting = threading.Thread(
        target=lambda: created.append(runner.create(client, inputs("b", "x")))
    )
    waiting.start()
    while not emulator.faults.hanging:
        pass
    runner.check(inputs("a", "y"), NOTHING, inputs("a", "x"))
    runner.delete(client, "x", stored("a", "x"))
    waiting.join()
    assert emulator.runners["x"].task_id == "acme/infra/dev/b"
    assert len(created) == 1


def test_a_create_does_not_wait_forever_for_a_delete_that_does_not_come(
    runner, client, emulator, monkeypatch
):
    """The runner may be retained, or the engine may have only one worker."""
    monkeypatch.setattr(held_names, "RELEASE_SECONDS", 0.1)
    EngineCalls(RunnerHandler()).create(client, inputs("a", "x"))
    runner.check(inputs("a", "y"), NOTHING, inputs("a", "x"))
    with pytest.raises(RunnerExistsError):
        runner.create(client, inputs("b", "x"))
    assert emulator.runners["x"].task_id == "acme/infra/dev/a"


def test_a_delete_that_fails_ends_the_wait(runner, client, emulator):
    emulator.add_runner("x")
    runner.check(inputs("a", "y"), NOTHING, inputs("a", "x"))
    emulator.faults.add("status", operation="deleteRunner", status=403)
    with pytest.raises(Exception, match="403"):
        runner.delete(client, "x", stored("a", "x", adopted=True))
    with pytest.raises(RunnerExistsError):
        runner.create(client, inputs("b", "x"))
