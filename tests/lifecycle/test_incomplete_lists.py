"""A list that omits fields, and one that is old or fails, never hides the owner of a runner."""

from dataclasses import replace

import pytest

from kubiya_pulumi.api import Clock, ForbiddenError, NotFoundError
from kubiya_pulumi.lifecycle.errors import (
    ChangeNotMadeError,
    RunnerExistsError,
    RunnerNotOursError,
)
from kubiya_pulumi.lifecycle.runner import RunnerHandler
from kubiya_pulumi.testing import MemoryClient
from tests.lifecycle.engine_calls import EngineCalls

TASK = "org/infra/dev/r"
INPUTS = {"name": "r", "task_id": TASK}
OWNER = ("managed_by", "task_id")


class ListOmits(MemoryClient):
    """A service whose list omits fields that the description of a runner contains."""

    def __init__(self, *omitted):
        super().__init__()
        self.omitted = dict.fromkeys(omitted)
        self.before_create = {}
        self.descriptions = 0

    def list_runners(self, **options):
        return tuple(replace(item, **self.omitted) for item in super().list_runners(**options))

    def describe_runner(self, name):
        self.descriptions += 1
        return super().describe_runner(name)

    def create_runner(self, name, **values):
        if other := self.before_create.pop(name, None):
            super().create_runner(name, managed_by="pulumi", task_id=other)
        return super().create_runner(name, **values)


@pytest.fixture
def runner():
    return EngineCalls(RunnerHandler(clock=Clock(sleep=lambda _seconds: None)))


@pytest.mark.parametrize("omitted", [OWNER, ("task_id",)])
def test_a_state_without_an_owner_is_compared_with_the_description(runner, omitted):
    """An older version stored no owner."""
    api = ListOmits(*omitted)
    state = runner.create(MemoryClient(), INPUTS)
    outputs = {name: value for name, value in state.outputs.items() if name != "last_seen"}
    MemoryClient.create_runner(api, "r", managed_by="pulumi", task_id="other/stack/dev/r")
    with pytest.raises(RunnerNotOursError):
        runner.delete(api, "r", outputs)
    with pytest.raises(RunnerNotOursError):
        runner.update(api, "r", outputs, {**INPUTS, "description": "new"})


@pytest.mark.parametrize("omitted", [OWNER, ("task_id",)])
def test_a_runner_without_an_owner_does_not_show_what_the_list_omits(runner, omitted):
    api = ListOmits(*omitted)
    api.add_runner("a", description="theirs")
    runner.create(api, {"name": "a", "task_id": "org/infra/dev/a", "adopt_existing": True})
    api.before_create["r"] = "other/stack/dev/r"
    with pytest.raises(RunnerExistsError, match="other/stack"):
        runner.create(api, INPUTS)


def test_a_runner_that_is_not_described_does_not_show_what_the_list_omits(runner, monkeypatch):
    api = ListOmits(*OWNER)
    with monkeypatch.context() as patched:
        missing = NotFoundError(404, None, "not found", "describe_runner", "a")
        patched.setattr(api, "describe_runner", lambda _name: raise_(missing))
        runner.create(api, {"name": "a", "task_id": "org/infra/dev/a"})
    api.before_create["r"] = "other/stack/dev/r"
    with pytest.raises(RunnerExistsError, match="other/stack"):
        runner.create(api, INPUTS)


def test_a_list_that_omits_a_field_once_is_not_trusted_later(runner):
    api = ListOmits(*OWNER)
    runner.create(api, {"name": "a", "task_id": "org/infra/dev/a"})
    api.add_runner("b")
    runner.create(api, {"name": "b", "task_id": "org/infra/dev/b", "adopt_existing": True})
    api.before_create["r"] = "other/stack/dev/r"
    with pytest.raises(RunnerExistsError, match="other/stack"):
        runner.create(api, INPUTS)


def test_a_runner_without_a_description_does_not_hide_the_drift_of_others(runner):
    api = ListOmits("description")
    state = runner.create(MemoryClient(), {**INPUTS, "description": "d"})
    MemoryClient.create_runner(api, "r", managed_by="pulumi", task_id=TASK, description="changed")
    api.add_runner("a")
    runner.create(api, {"name": "a", "task_id": "org/infra/dev/a", "adopt_existing": True})
    current = runner.read(api, "r", state.outputs)
    assert current.outputs["description"] == "changed"


def test_a_deletion_is_verified_although_the_list_omits_owners(runner):
    api = ListOmits(*OWNER)
    state = runner.create(api, INPUTS)
    api.delete_runner = lambda _name: None
    with pytest.raises(ChangeNotMadeError):
        runner.delete(api, "r", state.outputs)


def test_a_failed_list_does_not_read_as_another_owner(runner, caplog):
    """The description omits the owner, which only the list may contain."""

    class DescriptionOmitsOwner(MemoryClient):
        is_list_forbidden = False

        def list_runners(self, **options):
            if self.is_list_forbidden:
                raise ForbiddenError(403, None, "forbidden", "list_runners", "r")
            return super().list_runners(**options)

        def describe_runner(self, name):
            return replace(super().describe_runner(name), managed_by=None, task_id=None)

    api = DescriptionOmitsOwner()
    state = runner.create(api, INPUTS)
    api.is_list_forbidden = True
    for call in (
        lambda: runner.read(api, "r", state.outputs),
        lambda: runner.delete(api, "r", state.outputs),
    ):
        with pytest.raises(ForbiddenError):
            call()
    assert "no longer the one" not in caplog.text


def test_list_and_description_report_an_unknown_owner_together(runner):
    class EachOmits(ListOmits):
        def describe_runner(self, name):
            return replace(super().describe_runner(name), task_id=None)

    api = EachOmits("managed_by")
    state = runner.create(MemoryClient(), INPUTS)
    outputs = {name: value for name, value in state.outputs.items() if name != "last_seen"}
    runner.create(api, {"name": "a", "task_id": "org/infra/dev/a"})
    MemoryClient.create_runner(api, "r", managed_by="pulumi", task_id="other/stack/dev/r")
    with pytest.raises(RunnerNotOursError):
        runner.delete(api, "r", outputs)


def test_an_empty_owner_in_the_description_is_that_of_the_list(runner):
    class EmptyOwner(MemoryClient):
        def list_runners(self, **options):
            listed = super().list_runners(**options)
            return tuple(replace(item, description=None, version=None) for item in listed)

        def describe_runner(self, name):
            return replace(super().describe_runner(name), managed_by="", task_id="")

    api = EmptyOwner()
    state = runner.create(MemoryClient(), INPUTS)
    MemoryClient.create_runner(api, "r", managed_by="pulumi", task_id=TASK)
    for _ in range(2):
        assert runner.read(api, "r", state.outputs).outputs == state.outputs
    runner.delete(api, "r", state.outputs)
    assert api.list_runners() == ()


def test_the_outputs_of_a_first_read_are_complete_although_the_list_omits_some(runner):
    api = ListOmits("description", "version", "namespace", "kubernetes_namespace")
    created = runner.create(MemoryClient(), {**INPUTS, "description": "d"})
    MemoryClient.create_runner(api, "r", managed_by="pulumi", task_id=TASK, description="d")
    outputs = runner.read(api, "r", {"only_read": True}).outputs
    names = ("description", "version", "namespace")
    assert [outputs[name] for name in names] == [created.outputs[name] for name in names]


def test_adopted_runners_without_an_owner_are_described_once(runner):
    api = ListOmits(*OWNER)
    names = ("a", "b", "c")
    for name in names:
        api.add_runner(name, description="theirs")
    states = [
        runner.create(api, {"name": name, "task_id": name, "adopt_existing": True})
        for name in names
    ]
    api.descriptions = 0
    for state in states:
        assert runner.read(api, state.id, state.outputs).outputs == state.outputs
    assert api.descriptions == 0


def test_an_earlier_list_does_not_prove_that_a_runner_is_gone(runner):
    """The service describes no runner, and another program created this one meanwhile."""

    class Reused(MemoryClient):
        def list_runners(self, *, reuse=False, **options):
            return () if reuse else super().list_runners(**options)

        def describe_runner(self, name):
            raise NotFoundError(404, None, "not found", "describe_runner", name)

    api = Reused()
    state = runner.create(api, INPUTS)
    assert runner.read(api, "r", state.outputs).outputs == state.outputs


def raise_(error):
    raise error
