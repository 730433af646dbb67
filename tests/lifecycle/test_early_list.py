"""While other creates and deletes are in progress, one requests the list that verifies it early."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from kubiya_pulumi.api import Connection, RunnersClient, ServerError
from kubiya_pulumi.emulator import Emulator
from kubiya_pulumi.lifecycle.early_list import early_lists
from kubiya_pulumi.lifecycle.errors import RunnerExistsError
from kubiya_pulumi.lifecycle.runner import RunnerHandler
from kubiya_pulumi.testing import MemoryClient
from tests.lifecycle.engine_calls import EngineCalls

WAIT_SECONDS = 30
runner = EngineCalls(RunnerHandler())


def inputs_of(name):
    return {"name": name, "description": "text", "task_id": f"org/infra/dev/{name}"}


class Service(MemoryClient):
    """A service whose early list arrives at a chosen moment of the create or the delete.

    Args:
        is_processed: whether the change is processed before that list.
    """

    def __init__(self, *, is_processed):
        super().__init__()
        self.calls = []
        self.expect_change(is_processed=is_processed)

    def expect_change(self, *, is_processed):
        self.is_processed = is_processed
        self._listed_early = threading.Event()
        self._changed = threading.Event()

    def list_runners(self, **options):
        self.calls.append("list")
        is_early = threading.current_thread() is not threading.main_thread()
        if is_early and self.is_processed:
            assert self._changed.wait(WAIT_SECONDS)
        runners = self.listed()
        if is_early:
            self._listed_early.set()
        return runners

    def listed(self):
        return super().list_runners()

    def create_runner(self, name, **values):
        self.calls.append("create")
        created = self._change(super().create_runner, name, **values)
        return self.response_to(created)

    def delete_runner(self, name):
        self.calls.append("delete")
        self._change(super().delete_runner, name)

    def _change(self, change, name, **values):
        if not self.is_processed:
            assert self._listed_early.wait(WAIT_SECONDS)
        result = change(name, **values)
        self._changed.set()
        return result

    def response_to(self, created):
        return created

    def describe_runner(self, name):
        self.calls.append("describe")
        return super().describe_runner(name)

    def called(self):
        calls, self.calls = sorted(self.calls), []
        return calls


class FailingEarly(Service):
    """A service whose early lists fail."""

    def listed(self):
        if threading.current_thread() is not threading.main_thread():
            raise ServerError(500, None, "broken", "list_runners", None)
        return super().listed()


def create_beside_another(api, name="mine"):
    """Create a runner while another create is in progress."""
    with early_lists(api).change_in_progress():
        return runner.create(api, inputs_of(name))


def test_an_early_list_with_the_new_runner_verifies_the_create():
    api = Service(is_processed=True)
    state = create_beside_another(api).outputs
    assert api.called() == ["create", "list", "list"]
    assert (state["version"], state["description"]) == ("v2", "text")
    assert state == runner.read(api, "mine", state).outputs


def test_an_early_list_without_the_new_runner_proves_nothing():
    api = Service(is_processed=False)
    state = create_beside_another(api).outputs
    assert api.called() == ["create", "list", "list", "list"]
    assert state == runner.read(api, "mine", state).outputs


def test_useless_early_lists_are_not_requested_any_more():
    api = Service(is_processed=False)
    create_beside_another(api, "first")
    api.called()
    state = create_beside_another(api, "second").outputs
    assert api.called() == ["create", "list", "list"]
    assert state["version"] == "v2"


def test_one_useless_list_after_a_useful_one_changes_nothing():
    api = Service(is_processed=True)
    create_beside_another(api, "first")
    api.expect_change(is_processed=False)
    create_beside_another(api, "second")
    api.called()
    api.expect_change(is_processed=True)
    create_beside_another(api, "third")
    assert api.called() == ["create", "list", "list"]


def test_a_single_change_requests_no_early_list():
    api = Service(is_processed=True)
    state = runner.create(api, inputs_of("mine")).outputs
    runner.delete(api, "mine", state)
    assert api.calls == ["list", "create", "list", "list", "delete", "list"]


@pytest.mark.parametrize(("is_processed", "lists"), [(True, 2), (False, 3)])
def test_an_early_list_without_the_deleted_runner_verifies_the_delete(is_processed, lists):
    api = Service(is_processed=True)
    state = create_beside_another(api).outputs
    api.expect_change(is_processed=is_processed)
    api.called()
    with early_lists(api).change_in_progress():
        runner.delete(api, "mine", state)
    assert api.called() == ["delete", *["list"] * lists]
    assert "mine" not in api._runners


def test_a_later_list_is_read_if_the_early_one_of_a_delete_fails(caplog):
    api = FailingEarly(is_processed=True)
    state = runner.create(api, inputs_of("mine")).outputs
    api.expect_change(is_processed=True)
    api.called()
    with early_lists(api).change_in_progress():
        runner.delete(api, "mine", state)
    assert api.called() == ["delete", "list", "list", "list"]
    assert caplog.text == ""


def test_a_later_list_is_read_if_the_early_one_fails():
    api = FailingEarly(is_processed=True)
    state = create_beside_another(api).outputs
    assert api.called() == ["create", "list", "list", "list"]
    assert state["version"] == "v2"


def test_no_list_is_awaited_if_the_response_to_the_create_contains_everything():
    class Telling(Service):
        def response_to(self, created):
            return replace(created, runner=self._runners[created.name].runner)

        def listed(self):
            if threading.current_thread() is not threading.main_thread():
                assert released.wait(WAIT_SECONDS)
            return super().listed()

    released = threading.Event()
    api = Telling(is_processed=True)
    try:
        assert create_beside_another(api, "first").outputs["version"] == "v2"
        api.called()
        create_beside_another(api, "second")
        assert api.called() == ["create", "list"]
    finally:
        released.set()


def test_a_runner_that_somebody_else_created_meanwhile_is_refused():
    """The early list may precede the end of their runner, so a later one decides."""

    class Contested(Service):
        def create_runner(self, name, **values):
            theirs = {**values, "managed_by": "terraform", "task_id": "theirs"}
            return super().create_runner(name, **theirs)

    api = Contested(is_processed=True)
    with pytest.raises(RunnerExistsError, match="terraform"):
        create_beside_another(api)
    assert api.called() == ["create", "list", "list", "list"]


@pytest.mark.parametrize("form", ["documented", "observed"])
@pytest.mark.parametrize("list_omits", [{}, {"owner_fields": "dropped"}])
def test_concurrent_creates_have_the_states_of_single_ones(form, list_omits):
    def states(workers):
        options = {"form": form, "manifest_objects": "shared", **list_omits}
        with Emulator(latency_seconds=0.01, **options) as emulator:
            connection = Connection(api_key=emulator.api_key, base_url=emulator.url)
            with RunnersClient(connection) as client, ThreadPoolExecutor(workers) as pool:
                inputs = [inputs_of(f"runner-{number}") for number in range(12)]
                created = pool.map(lambda each: runner.create(client, each).outputs, inputs)
                states = [dict(state) for state in created]
                for state in states:
                    assert state == runner.read(client, state["name"], state).outputs
        for state in states:
            assert state.pop("manifest_url")
            state["last_seen"] = {**state["last_seen"], "base_url": "", "account": ""}
        return states

    assert states(workers=6) == states(workers=1)
