"""The API calls of KubiyaRunner, against the emulator and without an engine."""

import logging
from concurrent.futures import ThreadPoolExecutor

import pytest

from kubiya_pulumi.api import (
    Clock,
    Connection,
    ForbiddenError,
    InvalidResponseError,
    NotFoundError,
    RateLimitedError,
    RunnersClient,
    ServerError,
    UnauthorizedError,
    shared_call,
)
from kubiya_pulumi.lifecycle.errors import (
    NameRefusedError,
    NotSupportedError,
    RunnerExistsError,
    RunnerGoneError,
)
from kubiya_pulumi.lifecycle.runner import RunnerHandler
from tests.lifecycle.engine_calls import EngineCalls

runner = EngineCalls(RunnerHandler())


INPUTS = {"name": "r", "adopt_existing": False}
CREATED = ["listRunners", "createRunner", "listRunners"]


@pytest.fixture
def warnings(caplog):
    caplog.set_level(logging.WARNING, logger="kubiya_pulumi.lifecycle")
    return lambda: [record.getMessage() for record in caplog.records]


def test_a_create_lists_then_creates_then_lists(client, emulator, called, warnings):
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
        "last_seen": {
            "base_url": client.place.base_url,
            "account": client.place.account,
            "managed_by": "pulumi",
        },
    }
    assert emulator.runners["r"].description == "d"
    assert warnings() == []


@pytest.mark.parametrize("form", ["documented", "observed"])
@pytest.mark.parametrize("list_as", ["array", "keyed"])
def test_the_outputs_are_the_same_in_every_response_form(client, emulator, form, list_as):
    emulator.configure(form=form, list_as=list_as)
    created = runner.create(client, {**INPUTS, "description": "d"})
    assert created.outputs["version"] == "v2"
    assert (
        created.outputs["namespace"] == created.outputs["kubernetes_namespace"] == "kubiya-system"
    )
    assert created.outputs["manifest_url"] == emulator.manifest_url("r")
    assert runner.read(client, "r", created.outputs).outputs == created.outputs


@pytest.mark.parametrize("manifest_as", ["manifest_url", "url", "runner"])
def test_the_manifest_url_is_read_from_every_response_form(client, emulator, manifest_as):
    emulator.configure(manifest_as=manifest_as)
    created = runner.create(client, INPUTS)
    assert created.outputs["manifest_url"] == emulator.manifest_url("r")


def test_a_runner_without_reported_fields_has_the_requested_description(client, emulator):
    emulator.configure(fields_as="bare", description_field="dropped")
    created = runner.create(client, {**INPUTS, "description": "d"})
    assert created.outputs["description"] == "d"
    assert "version" not in created.outputs
    assert runner.read(client, "r", created.outputs).outputs == created.outputs


def test_a_description_that_the_create_ignores_is_set_by_a_second_call(client, emulator, called):
    emulator.configure(description_field="dropped")
    runner.create(client, {**INPUTS, "description": "d"})
    # The list may omit descriptions, so the runner is also read by itself.
    assert called() == [*CREATED, "describeRunner", "updateRunnerDescription"]
    assert emulator.runners["r"].description == "d"


@pytest.mark.parametrize("response", ["return", "conflict", "bad_request"])
def test_an_existing_runner_is_refused_without_a_create(client, emulator, called, response):
    emulator.configure(create_existing=response)
    existing = emulator.add_runner("r", description="theirs", managed_by="terraform")
    with pytest.raises(RunnerExistsError) as caught:
        runner.create(client, {**INPUTS, "description": "d"})
    assert "createRunner" not in called()
    assert emulator.runners["r"] == existing
    message = str(caught.value)
    assert 'runner "r" was not created' in message
    assert "managed by terraform" in message
    assert "adopt_existing=True" in message


def test_a_runner_created_between_lookup_and_create_is_not_adopted(client, emulator):
    emulator.faults.add("status", operation="createRunner", status=409)
    with pytest.raises(NameRefusedError, match="No runner with this name is visible with"):
        runner.create(client, {**INPUTS, "adopt_existing": True})
    assert not emulator.runners


def test_adopting_leaves_the_runner_unchanged(client, emulator, called):
    existing = emulator.add_runner("r", description="theirs")
    state = runner.create(client, {**INPUTS, "adopt_existing": True})
    assert called() == ["listRunners", "describeRunner", "getRunnerManifest"]
    assert emulator.runners["r"] == existing
    assert state.outputs["description"] == "theirs"
    assert state.outputs["adopted"] is True
    assert state.outputs["manifest_url"] == emulator.manifest_url("r")


def test_adopting_sets_the_description_of_the_program(client, emulator, called):
    emulator.add_runner("r", description="theirs")
    state = runner.create(client, {"name": "r", "adopt_existing": True, "description": "ours"})
    assert "createRunner" not in called()
    assert emulator.runners["r"].description == state.outputs["description"] == "ours"


def test_adopting_a_missing_runner_creates_it(client, called):
    runner.create(client, {**INPUTS, "adopt_existing": True})
    assert called() == CREATED


def test_a_failed_list_stops_the_create(client, emulator, called):
    emulator.faults.add("status", operation="listRunners", status=500)
    with pytest.raises(ServerError, match='find runner "r"'):
        runner.create(client, INPUTS)
    assert called() == ["listRunners"]


@pytest.mark.parametrize("kind", ["html", "wrong_shape"])
def test_an_invalid_list_stops_the_create(client, emulator, kind):
    emulator.faults.add(kind, operation="listRunners")
    with pytest.raises(InvalidResponseError):
        runner.create(client, INPUTS)
    assert not emulator.runners


def test_adopting_describes_the_runner_if_the_list_omits_descriptions(client, emulator, called):
    emulator.add_runner("r", description="theirs")
    emulator.configure(description_field="dropped")
    runner.create(client, {"name": "r", "adopt_existing": True, "description": "ours"})
    assert called() == [
        "listRunners",
        "describeRunner",
        "getRunnerManifest",
        "updateRunnerDescription",
    ]
    assert emulator.runners["r"].description == "ours"


@pytest.mark.parametrize("status", [404, 405])
def test_adopting_with_an_unsupported_description_update_is_an_error(client, emulator, status):
    emulator.add_runner("r", description="theirs")
    emulator.faults.add("status", operation="updateRunnerDescription", status=status)
    with pytest.raises(NotSupportedError, match=str(status)):
        runner.create(client, {"name": "r", "adopt_existing": True, "description": "ours"})


def test_a_service_with_only_the_bare_describe_path_causes_no_warning(client, emulator, warnings):
    emulator.configure(describe_path="bare")
    assert runner.create(client, INPUTS).outputs["version"] == "v2"
    assert warnings() == []


def test_a_read_succeeds_without_the_manifest_url(client, emulator, warnings):
    emulator.add_runner("r", description="d")
    emulator.faults.add("status", operation="getRunnerManifest", status=403)
    current = runner.read(client, "r", {})
    assert "manifest_url" not in current.outputs
    assert any("the URL of its manifest is unknown" in message for message in warnings())


@pytest.mark.parametrize(
    ("operation", "warning"),
    [
        ("describeRunner", "`pulumi refresh` completes its outputs"),
        ("updateRunnerDescription", "perhaps without its description"),
    ],
)
def test_a_failure_after_the_create_is_a_warning(client, emulator, warnings, operation, warning):
    emulator.configure(description_field="dropped")
    emulator.faults.add("status", operation=operation, status=503)
    state = runner.create(client, {**INPUTS, "description": "d"})
    assert state.id == "r"
    assert state.outputs["name"] == "r"
    assert any(warning in message and "The runner was created" in message for message in warnings())


def test_a_read_returns_inputs_that_show_drift(client, emulator):
    created = runner.create(client, {**INPUTS, "description": "d"})
    client.update_runner_description("r", "changed outside")
    current = runner.read(client, "r", created.outputs)
    assert current.inputs == {
        "name": "r",
        "description": "changed outside",
        "adopt_existing": False,
    }
    assert current.outputs == {**created.outputs, "description": "changed outside"}


def test_a_read_completes_an_incomplete_state(client, emulator):
    emulator.add_runner("r", description="d")
    current = runner.read(client, "r", {})
    assert current.outputs["name"] == "r"
    assert current.outputs["manifest_url"] == emulator.manifest_url("r")
    assert current.inputs == {"name": "r", "description": "d", "adopt_existing": False}


def test_a_runner_missing_from_description_and_list_is_deleted(client, called):
    assert runner.read(client, "r", {}) is None
    assert "listRunners" in called()


def test_a_runner_that_only_the_list_contains_exists(client, emulator):
    created = runner.create(client, INPUTS)
    emulator.faults.add("status", operation="describeRunner", status=404, count=None)
    assert runner.read(client, "r", created.outputs).outputs == created.outputs


@pytest.mark.parametrize("kind", ["html", "wrong_shape", "reset", "cut"])
def test_an_invalid_list_never_means_deleted(client, emulator, kind):
    emulator.faults.add(kind, operation="listRunners")
    with pytest.raises(Exception, match='find runner "r"'):
        runner.read(client, "r", {})


def test_an_update_is_one_call(client, emulator, called):
    created = runner.create(client, {**INPUTS, "description": "old"})
    called()
    state = runner.update(client, "r", created.outputs, {**INPUTS, "description": "new"})
    assert called() == ["updateRunnerDescription"]
    assert state.outputs == {**created.outputs, "description": "new"}
    assert emulator.runners["r"].description == "new"


def test_an_update_of_a_deleted_runner_is_an_error(client):
    with pytest.raises(RunnerGoneError, match="pulumi refresh"):
        runner.update(client, "r", {}, {**INPUTS, "description": "new"})


@pytest.mark.parametrize("status", [404, 405])
def test_an_unsupported_update_is_an_error(client, emulator, status):
    emulator.add_runner("r")
    emulator.faults.add("status", operation="updateRunnerDescription", status=status)
    with pytest.raises(NotSupportedError, match=str(status)):
        runner.update(client, "r", {}, {**INPUTS, "description": "new"})


def test_a_delete_is_verified_by_the_list(client, emulator, called):
    emulator.add_runner("r")
    runner.delete(client, "r", {})
    assert called() == ["deleteRunner", "listRunners"]
    assert not emulator.runners


def test_a_delete_of_a_deleted_runner_succeeds(client, called):
    runner.delete(client, "r", {})
    assert called() == ["deleteRunner", "listRunners"]


@pytest.mark.parametrize("response", ["not_found", "method_not_allowed"])
def test_an_unsupported_delete_is_an_error(client, emulator, response):
    emulator.add_runner("r")
    emulator.configure(delete=response)
    with pytest.raises(NotSupportedError, match="retain_on_delete=True"):
        runner.delete(client, "r", {})
    assert "r" in emulator.runners


@pytest.mark.parametrize("response", ["not_found", "method_not_allowed"])
def test_an_unsupported_delete_of_a_deleted_runner_succeeds(client, emulator, response):
    emulator.configure(delete=response)
    runner.delete(client, "r", {})


def test_a_forbidden_delete_is_an_error(client, emulator):
    emulator.add_runner("r")
    emulator.faults.add("status", operation="deleteRunner", status=403)
    with pytest.raises(ForbiddenError):
        runner.delete(client, "r", {})


def test_a_delete_with_an_unknown_outcome_is_an_error(client, emulator):
    emulator.add_runner("r")
    emulator.faults.add("status", operation="deleteRunner", status=404)
    emulator.faults.add("status", operation="listRunners", status=404)
    with pytest.raises(NotFoundError):
        runner.delete(client, "r", {})


@pytest.fixture
def retrying_client(emulator):
    """A client that retries once, without a delay."""
    connection = Connection(api_key=emulator.api_key, base_url=emulator.url, max_retries=1)
    with RunnersClient(connection, clock=Clock(sleep=lambda _: None)) as client:
        yield client


def reject_the_retry(emulator, when):
    emulator.faults.add("status", operation="createRunner", status=504, when=when)
    emulator.faults.add("status", operation="createRunner", status=429, nth=2)


def test_a_create_whose_retry_is_rejected_finds_its_runner(
    emulator, retrying_client, called, monkeypatch
):
    """The lookup before the retry precedes the creation by the first request."""
    reject_the_retry(emulator, "after")
    list_runners, lists = retrying_client.list_runners, iter([True, False])
    monkeypatch.setattr(
        retrying_client,
        "list_runners",
        lambda **values: list_runners(**values) if next(lists, True) else (),
    )
    state = runner.create(retrying_client, {**INPUTS, "task_id": "acme/infra/dev/r"})
    assert state.id == "r"
    assert called().count("createRunner") == 2
    assert list(emulator.runners) == ["r"]


def test_a_create_whose_retry_is_rejected_and_that_made_nothing_fails(
    emulator, retrying_client, called
):
    reject_the_retry(emulator, "before")
    with pytest.raises(RateLimitedError):
        runner.create(retrying_client, INPUTS)
    assert called() == [*["listRunners", "createRunner"] * 2, "listRunners"]


@pytest.mark.parametrize("listed", [{}, {"owner_fields": "dropped"}, {"fields_as": "bare"}])
def test_a_list_as_complete_as_descriptions_replaces_them(client, emulator, called, listed):
    """A service that reports no owners, or only names, is described once."""
    emulator.configure(**listed)
    inputs = {**INPUTS, "task_id": "org/infra/dev/a"}
    first = runner.create(client, inputs)
    assert called().count("describeRunner") == (1 if listed else 0)
    second = runner.create(client, {**inputs, "name": "s"})
    assert called() == CREATED
    for state in (first, second):
        runner.read(client, state.id, state.outputs)
        assert called() == ["listRunners"]
        runner.update(client, state.id, state.outputs, {**inputs, "description": "new"})
        assert called()[:2] == ["listRunners", "updateRunnerDescription"]
        runner.delete(client, state.id, state.outputs)
        assert called() == ["listRunners", "deleteRunner", "listRunners"]


def test_reads_of_one_command_share_a_list(client, called, monkeypatch):
    states = [runner.create(client, {**INPUTS, "name": name, "task_id": name}) for name in "abc"]
    monkeypatch.setattr(shared_call, "MAX_REUSE_SECONDS", 60)
    called()
    for state in states:
        assert runner.read(client, state.id, state.outputs).outputs == state.outputs
    assert called() == [], "the list that verified the last create serves them all"
    runner.update(client, "a", states[0].outputs, {**INPUTS, "name": "a", "description": "new"})
    called()
    assert runner.read(client, "a", states[0].outputs).outputs["description"] == "new"
    assert called() == ["listRunners"]


def test_concurrent_creates_share_their_lists(client, called):
    names = [f"runner-{number}" for number in range(24)]
    with ThreadPoolExecutor(len(names)) as pool:
        list(
            pool.map(
                lambda name: runner.create(client, {**INPUTS, "name": name, "task_id": name}),
                names,
            )
        )
    calls = called()
    assert calls.count("createRunner") == len(names)
    assert calls.count("describeRunner") == 0
    assert calls.count("listRunners") < len(names)


def test_a_failed_list_leaves_a_refresh_to_descriptions(client, emulator, called):
    state = runner.create(client, {**INPUTS, "task_id": "a"})
    called()
    emulator.faults.add("status", operation="listRunners", status=403)
    assert runner.read(client, "r", state.outputs).outputs == state.outputs
    assert called() == ["listRunners", "describeRunner"]


def test_a_rejected_key_is_not_tried_with_a_description(client, emulator, called):
    state = runner.create(client, {**INPUTS, "task_id": "a"})
    called()
    emulator.faults.add("status", operation="listRunners", status=401)
    with pytest.raises(UnauthorizedError):
        runner.read(client, "r", state.outputs)
    assert called() == ["listRunners"]
