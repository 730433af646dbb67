"""The API calls of RunnerManifest, against the emulator and without an engine."""

import hashlib

import pytest

from kubiya_pulumi.api import NotFoundError, ServerError
from kubiya_pulumi.cli.main import main
from kubiya_pulumi.lifecycle.errors import RunnerGoneError
from kubiya_pulumi.lifecycle.runner_manifest import RunnerManifestHandler
from kubiya_pulumi.review import ManifestError
from tests.lifecycle.engine_calls import EngineCalls

manifest = EngineCalls(RunnerManifestHandler())


INPUTS = {"runner": "r"}


def test_a_create_downloads_and_lists_objects_and_images(client, emulator, called):
    existing = emulator.add_runner("r")
    state = manifest.create(client, INPUTS)
    assert called() == ["getRunnerManifest"]
    assert state.id == "r"
    assert state.outputs["runner"] == "r"
    assert state.outputs["content"] == existing.manifest
    assert state.outputs["sha256"] == hashlib.sha256(existing.manifest.encode()).hexdigest()
    assert state.outputs["url"] == emulator.manifest_url("r")
    assert state.outputs["objects"][0] == {
        "apiVersion": "v1",
        "kind": "Namespace",
        "namespace": "",
        "name": "kubiya-system",
    }
    assert {item["kind"] for item in state.outputs["objects"]} >= {"Secret", "Deployment"}
    assert len(state.outputs["images"]) == 4


def test_a_manifest_without_content_is_downloaded_from_its_url(client, emulator, called):
    existing = emulator.add_runner("r")
    emulator.configure(manifest_content="absent")
    assert manifest.create(client, INPUTS).outputs["content"] == existing.manifest
    assert called() == ["getRunnerManifest", "downloadManifest"]


@pytest.mark.parametrize("content", ["present", "absent"])
def test_a_byte_order_mark_is_part_of_the_hash(client, emulator, content, tmp_path, capsys):
    text = "\ufeff" + emulator.add_runner("r").manifest
    emulator.set_manifest("r", text)
    emulator.configure(manifest_content=content)
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    assert manifest.create(client, INPUTS).outputs["sha256"] == sha256
    file = tmp_path / "manifest.yaml"
    file.write_bytes(text.encode())
    main(["review", str(file)])
    assert sha256 in capsys.readouterr().out


def test_a_create_for_a_missing_runner_is_an_error(client):
    with pytest.raises(RunnerGoneError, match=r'"r" was not downloaded.*runner\.id'):
        manifest.create(client, INPUTS)


def test_a_missing_manifest_of_an_existing_runner_is_an_error(client, emulator):
    emulator.add_runner("r")
    emulator.faults.add("status", operation="getRunnerManifest", status=404, count=None)
    with pytest.raises(NotFoundError):
        manifest.create(client, INPUTS)
    with pytest.raises(NotFoundError):
        manifest.read(client, "r", {})


@pytest.mark.parametrize(
    "text",
    ["- a\n- b\n", "a: [", "just text", "kind: Namespace", "---\n---\n"],
)
def test_an_invalid_manifest_is_refused_with_its_runner_and_a_fix(client, emulator, text):
    emulator.add_runner("r")
    emulator.set_manifest("r", text)
    with pytest.raises(ManifestError) as caught:
        manifest.create(client, INPUTS)
    message = str(caught.value)
    assert message.startswith('the manifest of runner "r" ')
    assert "Nothing was applied" in message
    assert "kubiya:baseUrl" in message


def test_a_read_returns_a_manifest_that_changed_in_the_service(client, emulator):
    emulator.add_runner("r")
    created = manifest.create(client, INPUTS)
    text = "apiVersion: v1\nkind: Namespace\nmetadata: {name: other}\n"
    emulator.set_manifest("r", text)
    changed = manifest.read(client, "r", created.outputs)
    assert changed.outputs["content"] == text
    assert changed.outputs["images"] == []
    assert changed.outputs["sha256"] != created.outputs["sha256"]
    assert changed.outputs["previous_sha256"] == created.outputs["sha256"]
    assert changed.inputs == {**INPUTS, "sha256": changed.outputs["sha256"]}
    reread = manifest.read(client, "r", changed.outputs)
    assert "previous_sha256" not in reread.outputs
    assert reread.inputs == changed.inputs


def test_a_read_of_a_deleted_runner_returns_nothing(client):
    assert manifest.read(client, "r", {}) is None


def test_a_failed_read_is_an_error(client, emulator):
    emulator.add_runner("r")
    emulator.faults.add("status", operation="getRunnerManifest", status=500)
    with pytest.raises(ServerError):
        manifest.read(client, "r", {})


def test_a_delete_sends_no_request(client, called):
    manifest.delete(client, "r", {})
    assert called() == []


def test_a_refresh_keeps_the_pinned_manifest_while_the_service_has_others(client, emulator, caplog):
    first = emulator.add_runner("r").manifest
    second, third = (first + f"# {number}\n" for number in (2, 3))
    pin = {"expected_sha256": hashlib.sha256(first.encode()).hexdigest().upper() + " "}
    state = manifest.create(client, {**INPUTS, **pin})
    assert state.inputs == {**INPUTS, **pin, "sha256": state.outputs["sha256"]}
    for newer in (second, third):
        emulator.set_manifest("r", newer)
        state = manifest.read(client, "r", {**state.outputs, **pin})
        assert state.outputs["content"] == newer
        assert state.outputs["pinned_content"] == first
        assert f"its SHA-256 is {state.outputs['sha256']}" in caplog.records[-1].getMessage()
    # The service has the pinned one, and then the program pins the one of the service.
    emulator.set_manifest("r", first)
    restored = manifest.read(client, "r", {**state.outputs, **pin})
    emulator.set_manifest("r", third)
    accepted = manifest.read(
        client, "r", {**state.outputs, "expected_sha256": state.outputs["sha256"]}
    )
    without_pin = manifest.read(client, "r", {**state.outputs, "expected_sha256": None})
    for current in (restored, accepted, without_pin):
        assert "pinned_content" not in current.outputs
