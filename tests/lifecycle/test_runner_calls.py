"""What is done about a runner, against the emulator and without an engine."""

import logging

import pytest

from kubiya_pulumi.api import (
    ConflictError,
    ForbiddenError,
    InvalidResponseError,
    NotFoundError,
    ServerError,
)
from kubiya_pulumi.lifecycle.errors import NotSupportedError, RunnerExistsError, RunnerGoneError
from kubiya_pulumi.lifecycle.runner import RunnerHandler
from tests.lifecycle.engine_calls import EngineCalls

runner = EngineCalls(RunnerHandler())


INPUTS = {"name": "r", "adopt_existing": False}
CREATED = ["listRunners", "createRunner", "describeRunner"]


@pytest.fixture
def warnings(caplog):
    caplog.set_level(logging.WARNING, logger="kubiya_pulumi.lifecycle")
    return lambda: [record.getMessage() for record in caplog.records]


def test_a_create_looks_then_creates_then_describes(client, emulator, called, warnings):
    state = runner.create(client, {**INPUTS, "description": "d"})
    assert called() == CREATED
    assert state.id == "r"
    assert state.outputs == {
        "name": "r",
        "description": "d",
        "adopt_existing": False,
        "version": "v2",
        "namespace": "kubiya-system",
        "kubernetes_namespace": "kubiya-system",
        "manifest_url": emulator.manifest_url("r"),
    }
    assert emulator.runners["r"].description == "d"
    assert warnings() == []


@pytest.mark.parametrize("form", ["documented", "observed"])
def test_the_outputs_are_the_same_in_every_form(client, emulator, form):
    emulator.configure(form=form)
    made = runner.create(client, {**INPUTS, "description": "d"})
    assert made.outputs["version"] == "v2"
    assert made.outputs["namespace"] == made.outputs["kubernetes_namespace"] == "kubiya-system"
    assert made.outputs["manifest_url"] == emulator.manifest_url("r")
    assert runner.read(client, "r", made.outputs).outputs == made.outputs


@pytest.mark.parametrize("manifest_as", ["manifest_url", "url", "runner"])
def test_the_manifest_url_is_found_in_every_form(client, emulator, manifest_as):
    emulator.configure(manifest_as=manifest_as)
    made = runner.create(client, INPUTS)
    assert made.outputs["manifest_url"] == emulator.manifest_url("r")


def test_a_runner_that_the_api_says_nothing_about_has_what_was_asked_for(client, emulator):
    emulator.configure(fields_as="bare", description_field="dropped")
    made = runner.create(client, {**INPUTS, "description": "d"})
    assert made.outputs["description"] == "d"
    assert "version" not in made.outputs
    assert runner.read(client, "r", made.outputs).outputs == made.outputs


def test_a_description_that_the_create_does_not_take_is_set_by_one_more_call(
    client, emulator, called
):
    emulator.configure(description_field="dropped")
    runner.create(client, {**INPUTS, "description": "d"})
    assert called() == [*CREATED, "updateRunnerDescription"]
    assert emulator.runners["r"].description == "d"


@pytest.mark.parametrize("response", ["return", "conflict", "bad_request"])
def test_a_runner_that_is_there_is_refused_without_a_create(client, emulator, called, response):
    emulator.configure(create_existing=response)
    there = emulator.add_runner("r", description="theirs", managed_by="terraform")
    with pytest.raises(RunnerExistsError) as refused:
        runner.create(client, {**INPUTS, "description": "d"})
    assert "createRunner" not in called()
    assert emulator.runners["r"] == there
    text = str(refused.value)
    assert 'runner "r" was not created' in text
    assert "managed by terraform" in text
    assert "adopt_existing=True" in text


def test_a_runner_that_comes_between_look_and_create_is_not_taken_over(client, emulator):
    emulator.faults.add("status", operation="createRunner", status=409)
    with pytest.raises(ConflictError):
        runner.create(client, {**INPUTS, "adopt_existing": True})
    assert not emulator.runners


def test_adopting_takes_the_runner_as_it_is(client, emulator, called):
    there = emulator.add_runner("r", description="theirs")
    state = runner.create(client, {**INPUTS, "adopt_existing": True})
    assert called() == ["listRunners", "describeRunner", "getRunnerManifest"]
    assert emulator.runners["r"] == there
    assert state.outputs["description"] == "theirs"
    assert state.outputs["adopted"] is True
    assert state.outputs["manifest_url"] == emulator.manifest_url("r")


def test_adopting_sets_a_description_that_the_program_gives(client, emulator, called):
    emulator.add_runner("r", description="theirs")
    state = runner.create(client, {"name": "r", "adopt_existing": True, "description": "ours"})
    assert "createRunner" not in called()
    assert emulator.runners["r"].description == state.outputs["description"] == "ours"


def test_adopting_what_is_not_there_creates_it(client, called):
    runner.create(client, {**INPUTS, "adopt_existing": True})
    assert called() == CREATED


def test_a_list_that_cannot_be_had_stops_the_create(client, emulator, called):
    emulator.faults.add("status", operation="listRunners", status=500)
    with pytest.raises(ServerError, match='find runner "r"'):
        runner.create(client, INPUTS)
    assert called() == ["listRunners"]


@pytest.mark.parametrize("kind", ["html", "wrong_shape"])
def test_a_list_that_cannot_be_read_stops_the_create(client, emulator, kind):
    emulator.faults.add(kind, operation="listRunners")
    with pytest.raises(InvalidResponseError):
        runner.create(client, INPUTS)
    assert not emulator.runners


def test_adopting_describes_where_the_list_leaves_descriptions_out(client, emulator, called):
    emulator.add_runner("r", description="theirs")
    emulator.configure(description_field="dropped")
    runner.create(client, {"name": "r", "adopt_existing": True, "description": "ours"})
    assert called() == [
        "listRunners", "describeRunner", "getRunnerManifest", "updateRunnerDescription"
    ]  # fmt: skip
    assert emulator.runners["r"].description == "ours"


@pytest.mark.parametrize("status", [404, 405])
def test_adopting_with_a_description_that_cannot_be_set_says_so(client, emulator, status):
    emulator.add_runner("r", description="theirs")
    emulator.faults.add("status", operation="updateRunnerDescription", status=status)
    with pytest.raises(NotSupportedError, match=str(status)):
        runner.create(client, {"name": "r", "adopt_existing": True, "description": "ours"})


def test_a_service_that_has_the_bare_describe_path_alone_brings_no_warning(
    client, emulator, warnings
):
    emulator.configure(describe_path="bare")
    assert runner.create(client, INPUTS).outputs["version"] == "v2"
    assert warnings() == []


def test_a_read_does_without_a_manifest_url_that_cannot_be_had(client, emulator, warnings):
    emulator.add_runner("r", description="d")
    emulator.faults.add("status", operation="getRunnerManifest", status=403)
    found = runner.read(client, "r", {})
    assert "manifest_url" not in found.outputs
    assert any("the URL of its manifest is unknown" in each for each in warnings())


@pytest.mark.parametrize(
    ("operation", "warning"),
    [
        ("describeRunner", "`pulumi refresh` completes its outputs"),
        ("updateRunnerDescription", "perhaps without its description"),
    ],
)
def test_after_the_create_nothing_raises(client, emulator, warnings, operation, warning):
    emulator.configure(description_field="dropped")
    emulator.faults.add("status", operation=operation, status=503)
    state = runner.create(client, {**INPUTS, "description": "d"})
    assert state.id == "r"
    assert state.outputs["name"] == "r"
    assert any(warning in each and "The runner was created" in each for each in warnings())


def test_a_read_gives_inputs_that_show_drift(client, emulator):
    made = runner.create(client, {**INPUTS, "description": "d"})
    client.update_runner_description("r", "changed outside")
    found = runner.read(client, "r", made.outputs)
    assert found.inputs == {"name": "r", "description": "changed outside", "adopt_existing": False}
    assert found.outputs == {**made.outputs, "description": "changed outside"}


def test_a_read_of_a_state_with_little_in_it_completes_it(client, emulator):
    emulator.add_runner("r", description="d")
    found = runner.read(client, "r", {})
    assert found.outputs["name"] == "r"
    assert found.outputs["manifest_url"] == emulator.manifest_url("r")
    assert found.inputs == {"name": "r", "description": "d", "adopt_existing": False}


def test_a_runner_that_description_and_list_lack_is_gone(client, called):
    assert runner.read(client, "r", {}) is None
    assert called()[-1] == "listRunners"


def test_a_runner_that_only_the_list_has_is_there(client, emulator):
    made = runner.create(client, INPUTS)
    emulator.faults.add("status", operation="describeRunner", status=404, count=None)
    assert runner.read(client, "r", made.outputs).outputs == made.outputs


@pytest.mark.parametrize("kind", ["html", "wrong_shape", "reset", "cut"])
def test_a_list_in_doubt_never_means_gone(client, emulator, kind):
    emulator.faults.add(kind, operation="listRunners")
    with pytest.raises(Exception, match='find runner "r"'):
        runner.read(client, "r", {})


def test_an_update_is_one_call(client, emulator, called):
    made = runner.create(client, {**INPUTS, "description": "old"})
    called()
    state = runner.update(client, "r", made.outputs, {**INPUTS, "description": "new"})
    assert called() == ["updateRunnerDescription"]
    assert state.outputs == {**made.outputs, "description": "new"}
    assert emulator.runners["r"].description == "new"


def test_an_update_of_a_runner_that_is_gone_says_so(client):
    with pytest.raises(RunnerGoneError, match="pulumi refresh"):
        runner.update(client, "r", {}, {**INPUTS, "description": "new"})


@pytest.mark.parametrize("status", [404, 405])
def test_an_update_that_is_not_offered_says_so(client, emulator, status):
    emulator.add_runner("r")
    emulator.faults.add("status", operation="updateRunnerDescription", status=status)
    with pytest.raises(NotSupportedError, match=str(status)):
        runner.update(client, "r", {}, {**INPUTS, "description": "new"})


def test_a_delete_is_one_call(client, emulator, called):
    emulator.add_runner("r")
    runner.delete(client, "r", {})
    assert called() == ["deleteRunner"]
    assert not emulator.runners


def test_a_delete_of_what_is_gone_is_success(client, called):
    runner.delete(client, "r", {})
    assert called() == ["deleteRunner", "listRunners"]


@pytest.mark.parametrize("response", ["not_found", "method_not_allowed"])
def test_a_delete_that_is_not_offered_is_an_error(client, emulator, response):
    emulator.add_runner("r")
    emulator.configure(delete=response)
    with pytest.raises(NotSupportedError, match="retain_on_delete=True"):
        runner.delete(client, "r", {})
    assert "r" in emulator.runners


@pytest.mark.parametrize("response", ["not_found", "method_not_allowed"])
def test_a_delete_that_is_not_offered_of_what_is_gone_is_success(client, emulator, response):
    emulator.configure(delete=response)
    runner.delete(client, "r", {})


def test_a_delete_that_is_forbidden_is_an_error(client, emulator):
    emulator.add_runner("r")
    emulator.faults.add("status", operation="deleteRunner", status=403)
    with pytest.raises(ForbiddenError):
        runner.delete(client, "r", {})


def test_a_delete_in_doubt_is_an_error(client, emulator):
    emulator.add_runner("r")
    emulator.faults.add("status", operation="deleteRunner", status=404)
    emulator.faults.add("status", operation="listRunners", status=404)
    with pytest.raises(NotFoundError):
        runner.delete(client, "r", {})
