"""Runner ownership and its effects, against the emulator and without an engine."""

import threading
import time
from dataclasses import replace

import pytest

from kubiya_pulumi.api import Connection, ResponseTimeoutError, Runner, RunnersClient
from kubiya_pulumi.declarations import RunnerInputs
from kubiya_pulumi.errors import KubiyaError
from kubiya_pulumi.lifecycle.errors import RunnerExistsError, RunnerNotOursError
from kubiya_pulumi.lifecycle.ownership import Ownership, describe_owner, ownership_of
from kubiya_pulumi.lifecycle.runner import RunnerHandler
from tests.lifecycle.engine_calls import EngineCalls

runner = EngineCalls(RunnerHandler())


TASK = "acme/infra/dev/r"
INPUTS = {"name": "r", "adopt_existing": False, "task_id": TASK}
ANOTHER_STACK = {**INPUTS, "task_id": TASK.replace("dev", "prod")}

LOST_RESPONSES = {
    "status 500": {"kind": "status", "status": 500, "when": "after"},
    "status 504": {"kind": "status", "status": 504, "when": "after"},
    "reset": {"kind": "reset", "when": "after"},
    "cut": {"kind": "cut"},
    "html": {"kind": "html", "when": "after"},
    "wrong shape": {"kind": "wrong_shape", "when": "after"},
}


def lose_create_response(emulator, fault):
    emulator.faults.add(operation="createRunner", **fault)


@pytest.mark.parametrize(
    ("managed_by", "task_id", "expected"),
    [
        (None, None, Ownership.UNKNOWN),
        ("", "", Ownership.UNKNOWN),
        ("pulumi", TASK, Ownership.OURS),
        ("pulumi", TASK + "2", Ownership.OTHER),
        ("pulumi", None, Ownership.UNKNOWN),
        ("terraform", None, Ownership.OTHER),
        ("terraform", TASK, Ownership.OTHER),
        (None, TASK, Ownership.UNKNOWN),
        (None, TASK + "2", Ownership.OTHER),
    ],
)
def test_both_fields_determine_the_owner_of_a_runner(managed_by, task_id, expected):
    assert ownership_of(Runner(name="r", managed_by=managed_by, task_id=task_id), TASK) is expected


def test_a_resource_without_a_task_id_owns_no_runner():
    assert (
        ownership_of(Runner(name="r", managed_by="pulumi", task_id=TASK), None) is Ownership.OTHER
    )


def test_the_description_of_an_owner_is_short_and_printable():
    untrusted = Runner(name="r", managed_by="a\nb\x1b[31m", task_id="x" * 500)
    description = describe_owner(untrusted)
    assert description.isprintable()
    assert len(description) < 300


def test_a_create_sends_the_owner(client, emulator):
    state = runner.create(client, INPUTS)
    created = emulator.runners["r"]
    assert (created.managed_by, created.task_id) == ("pulumi", TASK)
    assert state.outputs["task_id"] == TASK
    assert "adopted" not in state.outputs


@pytest.mark.parametrize("form", ["documented", "observed"])
@pytest.mark.parametrize("list_as", ["array", "keyed"])
def test_a_runner_of_this_resource_is_recognized(client, emulator, called, form, list_as):
    emulator.configure(form=form, list_as=list_as)
    first = runner.create(client, {**INPUTS, "description": "d"})
    called()
    repeated = runner.create(client, {**INPUTS, "description": "d"})
    assert "createRunner" not in called()
    assert repeated == first


def test_a_recognized_runner_gets_the_current_description(client, emulator):
    runner.create(client, {**INPUTS, "description": "before"})
    repeated = runner.create(client, {**INPUTS, "description": "current"})
    assert emulator.runners["r"].description == repeated.outputs["description"] == "current"


def test_a_runner_of_another_resource_is_refused_with_its_owner(client, emulator):
    runner.create(client, ANOTHER_STACK)
    before = emulator.runners["r"]
    with pytest.raises(RunnerExistsError) as caught:
        runner.create(client, INPUTS)
    assert f'managed by pulumi (task "{ANOTHER_STACK["task_id"]}")' in str(caught.value)
    assert emulator.runners["r"] == before


def test_a_runner_with_an_unknown_owner_is_refused(client, emulator):
    runner.create(client, INPUTS)
    emulator.configure(owner_fields="dropped")
    with pytest.raises(RunnerExistsError, match="If an interrupted update of this stack"):
        runner.create(client, INPUTS)


class IncompleteClient(RunnersClient):
    """A client of a service that omits some fields from its list and its descriptions.

    Args:
        emulator: The emulator of the service.
        missing_in_list: The fields that the list omits.
        missing_in_description: The fields that the description of a runner omits.
    """

    def __init__(self, emulator, *, missing_in_list=(), missing_in_description=()):
        super().__init__(Connection(api_key=emulator.api_key, base_url=emulator.url, max_retries=0))
        self._missing_in_list = dict.fromkeys(missing_in_list)
        self._missing_in_description = dict.fromkeys(missing_in_description)
        self.after_list = lambda: None

    def list_runners(self, **options):
        runners = super().list_runners(**options)
        self.after_list()
        return tuple(replace(listed, **self._missing_in_list) for listed in runners)

    def describe_runner(self, name):
        return replace(super().describe_runner(name), **self._missing_in_description)


def test_a_runner_of_which_only_the_task_is_reported_is_created_but_not_recognized(emulator):
    missing = ("managed_by",)
    with IncompleteClient(
        emulator, missing_in_list=missing, missing_in_description=missing
    ) as client:
        assert runner.create(client, INPUTS).outputs["task_id"] == TASK
        with pytest.raises(RunnerExistsError, match="If an interrupted update of this stack"):
            runner.create(client, INPUTS)


def test_the_owner_in_the_list_counts_if_the_description_omits_it(emulator):
    owner_fields = ("managed_by", "task_id")
    with IncompleteClient(
        emulator, missing_in_list=("description",), missing_in_description=owner_fields
    ) as client:
        first = runner.create(client, {**INPUTS, "description": "d"})
        repeated = runner.create(client, {**INPUTS, "description": "d"})
    assert repeated.outputs["last_seen"]["task_id"] == TASK
    assert repeated.outputs | {"last_seen": first.outputs["last_seen"]} == first.outputs


def test_a_runner_that_is_deleted_during_the_lookup_is_created(emulator):
    with IncompleteClient(emulator, missing_in_list=("description",)) as client:
        emulator.add_runner("r", managed_by="pulumi", task_id=TASK, description="deleted")
        client.after_list = lambda: delete_runner_once(client, emulator)
        runner.create(client, INPUTS)
    assert emulator.runners["r"].description != "deleted"


def delete_runner_once(client, emulator):
    client.after_list = lambda: None
    emulator.remove_runner("r")


@pytest.mark.parametrize("adopt", [False, True])
def test_a_runner_of_another_resource_of_the_stack_is_not_adopted(client, emulator, adopt):
    """That resource, renamed without an alias, is deleted after this one is created."""
    runner.create(client, INPUTS)
    renamed = {**INPUTS, "adopt_existing": adopt, "task_id": "acme/infra/dev/renamed"}
    with pytest.raises(
        RunnerExistsError, match=r'"r" of this stack created it.* aliases.* old name'
    ):
        runner.create(client, renamed)
    assert list(emulator.runners) == ["r"]


def test_the_repr_of_a_state_contains_no_secret(client):
    state = RunnerHandler().create(client, RunnerInputs(**INPUTS))
    assert state.manifest_url
    assert state.manifest_url not in repr(state)


def test_a_runner_of_another_stack_may_be_adopted(client, emulator):
    runner.create(client, ANOTHER_STACK)
    assert runner.create(client, {**INPUTS, "adopt_existing": True}).outputs["adopted"] is True


@pytest.mark.parametrize("fault", LOST_RESPONSES.values(), ids=LOST_RESPONSES)
def test_a_create_with_a_lost_response_finds_its_runner(client, emulator, called, fault):
    lose_create_response(emulator, fault)
    state = runner.create(client, {**INPUTS, "description": "d"})
    assert called().count("createRunner") == 1
    assert list(emulator.runners) == ["r"]
    assert state.outputs["description"] == "d"
    assert state.outputs["manifest_url"] == emulator.manifest_url("r")


@pytest.mark.parametrize("fault", LOST_RESPONSES.values(), ids=LOST_RESPONSES)
def test_a_lost_response_with_an_unknown_owner_is_an_error(client, emulator, fault):
    emulator.configure(owner_fields="dropped")
    lose_create_response(emulator, fault)
    with pytest.raises(RunnerExistsError, match="adopt_existing=True"):
        runner.create(client, INPUTS)
    lose_create_response(emulator, fault)
    adopted = runner.create(client, {**INPUTS, "adopt_existing": True})
    assert adopted.outputs["adopted"] is True


def test_a_create_without_a_response_finds_its_runner(emulator):
    emulator.faults.add("hang", operation="createRunner", when="after")
    connection = Connection(
        api_key=emulator.api_key, base_url=emulator.url, timeout_seconds=0.2, max_retries=0
    )
    with RunnersClient(connection) as client:
        assert runner.create(client, INPUTS).outputs["task_id"] == TASK


def test_a_lost_response_and_a_failed_list_raise_the_error_of_the_create(emulator):
    connection = Connection(
        api_key=emulator.api_key, base_url=emulator.url, timeout_seconds=0.2, max_retries=0
    )
    emulator.faults.add("hang", operation="createRunner", when="after")
    emulator.faults.add("status", operation="listRunners", status=500, nth=2, count=None)
    with (
        RunnersClient(connection) as client,
        pytest.raises(ResponseTimeoutError, match="The change may have been made anyway"),
    ):
        runner.create(client, INPUTS)


@pytest.mark.parametrize("response", ["return", "conflict", "bad_request"])
def test_a_runner_created_between_lookup_and_create_keeps_its_owner(emulator, client, response):
    """Both owners find no runner; the slower one must not take over the runner of the other."""
    emulator.configure(create_existing=response)
    emulator.faults.add("hang", operation="createRunner", seconds=0.3)
    errors: list[KubiyaError] = []

    def create() -> None:
        try:
            runner.create(client, INPUTS)
        except KubiyaError as error:
            errors.append(error)

    slower = threading.Thread(target=create)
    slower.start()
    while not any(call.operation == "createRunner" for call in emulator.calls):
        time.sleep(0.01)
    theirs = emulator.add_runner("r", managed_by="terraform", task_id="7", description="theirs")
    slower.join()
    assert [type(error) for error in errors] == [RunnerExistsError]
    assert 'managed by terraform (task "7")' in str(errors[0])
    assert emulator.runners["r"] == theirs


def replace_with_other_owner(client, emulator):
    """Create a runner and replace it with one of another owner.

    Returns:
        The outputs of the created runner, and the runner of the other owner.
    """
    state = runner.create(client, INPUTS)
    emulator.remove_runner("r")
    theirs = emulator.add_runner("r", managed_by="terraform", task_id="7", description="theirs")
    return state.outputs, theirs


def test_a_delete_leaves_a_runner_that_has_a_new_owner(client, emulator):
    outputs, theirs = replace_with_other_owner(client, emulator)
    with pytest.raises(RunnerNotOursError, match=r"managed by terraform .*`pulumi state delete`"):
        runner.delete(client, "r", outputs)
    assert emulator.runners["r"] == theirs


def test_an_update_leaves_a_runner_that_has_a_new_owner(client, emulator):
    outputs, theirs = replace_with_other_owner(client, emulator)
    with pytest.raises(RunnerNotOursError, match="the description"):
        runner.update(client, "r", outputs, {**INPUTS, "description": "ours"})
    assert emulator.runners["r"] == theirs


def test_a_read_of_a_runner_that_has_a_new_owner_warns(client, emulator, caplog):
    outputs, _ = replace_with_other_owner(client, emulator)
    assert runner.read(client, "r", outputs).outputs["description"] == "theirs"
    assert "managed by terraform" in caplog.text


@pytest.mark.parametrize("outputs", [{}, {"task_id": TASK, "adopted": True}])
def test_an_adopted_runner_and_one_of_an_older_version_may_have_any_owner(
    client, emulator, outputs
):
    emulator.add_runner("r", managed_by="terraform", task_id="7")
    runner.update(client, "r", outputs, {**INPUTS, "description": "ours"})
    assert emulator.runners["r"].description == "ours"
    runner.delete(client, "r", outputs)
    assert not emulator.runners


def test_an_update_keeps_the_task_id_of_the_create(client, emulator):
    """A resource that was moved with an alias has a new URN, but keeps its runner."""
    state = runner.create(client, INPUTS)
    changed = runner.update(client, "r", state.outputs, {**ANOTHER_STACK, "description": "new"})
    assert changed.outputs["task_id"] == TASK
    runner.delete(client, "r", changed.outputs)
    assert not emulator.runners


@pytest.mark.parametrize("field", ["managed_by", "task_id"])
@pytest.mark.parametrize("source", ["list_runners", "describe_runner"])
def test_a_runner_is_recognized_if_list_and_describe_report_half_of_the_owner_each(
    client, emulator, monkeypatch, field, source
):
    """An interrupted create is resumed wherever the owner fields are reported."""
    emulator.add_runner("r", description="d", managed_by="pulumi", task_id=TASK)
    original = getattr(client, source)

    def without_field(*args, **kwargs):
        response = original(*args, **kwargs)
        if isinstance(response, Runner):
            return replace(response, **{field: None})
        return tuple(replace(listed, **{field: None}) for listed in response)

    monkeypatch.setattr(client, source, without_field)
    assert runner.create(client, INPUTS).id == "r"
