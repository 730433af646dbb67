"""Who made a runner, and what follows from it: against the emulator, without an engine."""

import threading
import time
from dataclasses import replace

import pytest

from kubiya_pulumi.api import Connection, ResponseTimeoutError, Runner, RunnersClient
from kubiya_pulumi.declarations import RunnerInputs
from kubiya_pulumi.errors import KubiyaError
from kubiya_pulumi.lifecycle.errors import RunnerExistsError, RunnerNotOursError
from kubiya_pulumi.lifecycle.ownership import Ownership, describe_owner, owner_of
from kubiya_pulumi.lifecycle.runner import RunnerHandler
from tests.lifecycle.engine_calls import EngineCalls

runner = EngineCalls(RunnerHandler())


TASK = "acme/infra/dev/r"
INPUTS = {"name": "r", "adopt_existing": False, "task_id": TASK}
ANOTHER_STACK = {**INPUTS, "task_id": TASK.replace("dev", "prod")}

AFTER_THE_WORK = {
    "status 500": {"kind": "status", "status": 500, "when": "after"},
    "status 504": {"kind": "status", "status": 504, "when": "after"},
    "reset": {"kind": "reset", "when": "after"},
    "cut": {"kind": "cut"},
    "html": {"kind": "html", "when": "after"},
    "wrong shape": {"kind": "wrong_shape", "when": "after"},
}


def lose_the_answer(emulator, fault):
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
def test_both_fields_say_who_made_a_runner(managed_by, task_id, expected):
    assert owner_of(Runner(name="r", managed_by=managed_by, task_id=task_id), TASK) is expected


def test_a_resource_without_a_task_id_made_nothing():
    assert owner_of(Runner(name="r", managed_by="pulumi", task_id=TASK), None) is Ownership.OTHER


def test_what_a_service_says_of_the_maker_is_made_safe_to_show():
    strange = Runner(name="r", managed_by="a\nb\x1b[31m", task_id="x" * 500)
    said = describe_owner(strange)
    assert said.isprintable()
    assert len(said) < 300


def test_a_create_says_who_makes_it(client, emulator):
    state = runner.create(client, INPUTS)
    made = emulator.runners["r"]
    assert (made.managed_by, made.task_id) == ("pulumi", TASK)
    assert state.outputs["task_id"] == TASK
    assert "adopted" not in state.outputs


@pytest.mark.parametrize("form", ["documented", "observed"])
def test_a_runner_that_this_resource_made_is_recognised(client, emulator, called, form):
    emulator.configure(form=form)
    first = runner.create(client, {**INPUTS, "description": "d"})
    called()
    repeated = runner.create(client, {**INPUTS, "description": "d"})
    assert "createRunner" not in called()
    assert repeated == first


def test_a_recognised_runner_gets_the_description_of_today(client, emulator):
    runner.create(client, {**INPUTS, "description": "before"})
    repeated = runner.create(client, {**INPUTS, "description": "today"})
    assert emulator.runners["r"].description == repeated.outputs["description"] == "today"


def test_a_runner_that_another_resource_made_is_refused_by_name(client, emulator):
    runner.create(client, ANOTHER_STACK)
    before = emulator.runners["r"]
    with pytest.raises(RunnerExistsError) as refused:
        runner.create(client, INPUTS)
    assert f'managed by pulumi (task "{ANOTHER_STACK["task_id"]}")' in str(refused.value)
    assert emulator.runners["r"] == before


def test_a_runner_that_nobody_says_who_made_is_refused(client, emulator):
    runner.create(client, INPUTS)
    emulator.configure(owner_fields="dropped")
    with pytest.raises(RunnerExistsError, match="If an interrupted update of this stack"):
        runner.create(client, INPUTS)


class LeavesOut(RunnersClient):
    """A client of a service whose list and descriptions leave some fields out."""

    def __init__(self, emulator, *, listed=(), described=()):
        super().__init__(Connection(api_key=emulator.api_key, base_url=emulator.url, max_retries=0))
        self._listed = dict.fromkeys(listed)
        self._described = dict.fromkeys(described)
        self.after_the_list = lambda: None

    def list_runners(self, *, runner=None):
        found = tuple(replace(each, **self._listed) for each in super().list_runners(runner=runner))
        self.after_the_list()
        return found

    def describe_runner(self, name):
        return replace(super().describe_runner(name), **self._described)


def test_a_runner_whose_task_alone_comes_back_is_created_and_then_in_doubt(emulator):
    only = ("managed_by",)
    with LeavesOut(emulator, listed=only, described=only) as client:
        assert runner.create(client, INPUTS).outputs["task_id"] == TASK
        with pytest.raises(RunnerExistsError, match="If an interrupted update of this stack"):
            runner.create(client, INPUTS)


def test_what_the_list_says_of_the_maker_counts_where_the_description_says_nothing(emulator):
    who = ("managed_by", "task_id")
    with LeavesOut(emulator, listed=("description",), described=who) as client:
        first = runner.create(client, {**INPUTS, "description": "d"})
        assert runner.create(client, {**INPUTS, "description": "d"}) == first


def test_a_runner_that_goes_while_it_is_looked_at_is_created_anew(emulator):
    with LeavesOut(emulator, listed=("description",)) as client:
        emulator.add_runner("r", managed_by="pulumi", task_id=TASK, description="going")
        client.after_the_list = lambda: goes(client, emulator)
        runner.create(client, INPUTS)
    assert emulator.runners["r"].description != "going"


def goes(client, emulator):
    client.after_the_list = lambda: None
    emulator.remove_runner("r")


@pytest.mark.parametrize("adopt", [False, True])
def test_a_runner_of_another_resource_of_the_stack_is_not_adopted(client, emulator, adopt):
    """That resource, renamed without an alias, is deleted after this one is created."""
    runner.create(client, INPUTS)
    renamed = {**INPUTS, "adopt_existing": adopt, "task_id": "acme/infra/dev/renamed"}
    with pytest.raises(RunnerExistsError, match=r"Another resource of this stack .*aliases"):
        runner.create(client, renamed)
    assert list(emulator.runners) == ["r"]


def test_the_repr_of_a_state_contains_no_secret(client):
    state = RunnerHandler().create(client, RunnerInputs(**INPUTS))
    assert state.manifest_url
    assert state.manifest_url not in repr(state)


def test_a_runner_of_another_stack_may_be_adopted(client, emulator):
    runner.create(client, ANOTHER_STACK)
    assert runner.create(client, {**INPUTS, "adopt_existing": True}).outputs["adopted"] is True


@pytest.mark.parametrize("fault", AFTER_THE_WORK.values(), ids=AFTER_THE_WORK)
def test_a_create_whose_answer_was_lost_finds_its_runner(client, emulator, called, fault):
    lose_the_answer(emulator, fault)
    state = runner.create(client, {**INPUTS, "description": "d"})
    assert called().count("createRunner") == 1
    assert list(emulator.runners) == ["r"]
    assert state.outputs["description"] == "d"
    assert state.outputs["manifest_url"] == emulator.manifest_url("r")


@pytest.mark.parametrize("fault", AFTER_THE_WORK.values(), ids=AFTER_THE_WORK)
def test_a_lost_answer_without_a_known_maker_is_an_error(client, emulator, fault):
    emulator.configure(owner_fields="dropped")
    lose_the_answer(emulator, fault)
    with pytest.raises(RunnerExistsError, match="adopt_existing=True"):
        runner.create(client, INPUTS)
    lose_the_answer(emulator, fault)
    adopted = runner.create(client, {**INPUTS, "adopt_existing": True})
    assert adopted.outputs["adopted"] is True


def test_an_answer_that_never_comes_is_looked_after(emulator):
    emulator.faults.add("hang", operation="createRunner", when="after")
    connection = Connection(
        api_key=emulator.api_key, base_url=emulator.url, timeout_seconds=0.2, max_retries=0
    )
    with RunnersClient(connection) as client:
        assert runner.create(client, INPUTS).outputs["task_id"] == TASK


def test_a_lost_answer_and_a_list_that_fails_raise_what_was_lost(emulator):
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
def test_who_comes_between_look_and_create_keeps_the_runner(emulator, client, response):
    """Both see that there is no runner; the slower one must not have the other's."""
    emulator.configure(create_existing=response)
    emulator.faults.add("hang", operation="createRunner", seconds=0.3)
    failed: list[KubiyaError] = []

    def create() -> None:
        try:
            runner.create(client, INPUTS)
        except KubiyaError as error:
            failed.append(error)

    slower = threading.Thread(target=create)
    slower.start()
    while not any(call.operation == "createRunner" for call in emulator.calls):
        time.sleep(0.01)
    theirs = emulator.add_runner("r", managed_by="terraform", task_id="7", description="theirs")
    slower.join()
    assert [type(each) for each in failed] == [RunnerExistsError]
    assert 'managed by terraform (task "7")' in str(failed[0])
    assert emulator.runners["r"] == theirs


def replaced_outside(client, emulator):
    """The state of a runner whose name is another's by now."""
    state = runner.create(client, INPUTS)
    emulator.remove_runner("r")
    theirs = emulator.add_runner("r", managed_by="terraform", task_id="7", description="theirs")
    return state.outputs, theirs


def test_a_delete_leaves_a_runner_that_is_somebody_elses_by_now(client, emulator):
    outputs, theirs = replaced_outside(client, emulator)
    with pytest.raises(RunnerNotOursError, match=r"managed by terraform .*`pulumi state delete`"):
        runner.delete(client, "r", outputs)
    assert emulator.runners["r"] == theirs


def test_an_update_leaves_a_runner_that_is_somebody_elses_by_now(client, emulator):
    outputs, theirs = replaced_outside(client, emulator)
    with pytest.raises(RunnerNotOursError, match="the description"):
        runner.update(client, "r", outputs, {**INPUTS, "description": "ours"})
    assert emulator.runners["r"] == theirs


def test_a_read_of_a_runner_that_is_somebody_elses_by_now_warns(client, emulator, caplog):
    outputs, _ = replaced_outside(client, emulator)
    assert runner.read(client, "r", outputs).outputs["description"] == "theirs"
    assert "managed by terraform" in caplog.text


@pytest.mark.parametrize("outputs", [{}, {"task_id": TASK, "adopted": True}])
def test_an_adopted_runner_and_one_of_an_older_version_may_have_any_maker(
    client, emulator, outputs
):
    emulator.add_runner("r", managed_by="terraform", task_id="7")
    runner.update(client, "r", outputs, {**INPUTS, "description": "ours"})
    assert emulator.runners["r"].description == "ours"
    runner.delete(client, "r", outputs)
    assert not emulator.runners


def test_an_update_keeps_what_the_create_sent(client, emulator):
    """The resource may have moved, with an alias, and has another URN since."""
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
        return tuple(replace(runner, **{field: None}) for runner in response)

    monkeypatch.setattr(client, source, without_field)
    assert runner.create(client, INPUTS).id == "r"
