"""What is done about a manifest, against the emulator and without an engine."""

import hashlib

import pytest

from kubiya_pulumi.api import NotFoundError, ServerError
from kubiya_pulumi.lifecycle.errors import RunnerGoneError
from kubiya_pulumi.lifecycle.runner_manifest import RunnerManifestHandler
from kubiya_pulumi.review import ManifestError
from tests.lifecycle.engine_calls import EngineCalls

manifest = EngineCalls(RunnerManifestHandler())


INPUTS = {"runner": "r"}


def test_a_create_downloads_and_takes_stock(client, emulator, called):
    there = emulator.add_runner("r")
    state = manifest.create(client, INPUTS)
    assert called() == ["getRunnerManifest"]
    assert state.id == "r"
    assert state.outputs["runner"] == "r"
    assert state.outputs["content"] == there.manifest
    assert state.outputs["sha256"] == hashlib.sha256(there.manifest.encode()).hexdigest()
    assert state.outputs["url"] == emulator.manifest_url("r")
    assert state.outputs["objects"][0] == {
        "apiVersion": "v1",
        "kind": "Namespace",
        "namespace": "",
        "name": "kubiya-system",
    }
    assert {item["kind"] for item in state.outputs["objects"]} >= {"Secret", "Deployment"}
    assert len(state.outputs["images"]) == 4


def test_a_manifest_that_is_offered_by_url_alone_is_downloaded_from_there(client, emulator, called):
    there = emulator.add_runner("r")
    emulator.configure(manifest_content="absent")
    assert manifest.create(client, INPUTS).outputs["content"] == there.manifest
    assert called() == ["getRunnerManifest", "downloadManifest"]


def test_a_runner_that_is_not_there_has_no_manifest(client):
    with pytest.raises(RunnerGoneError, match=r'"r" was not downloaded.*runner\.id'):
        manifest.create(client, INPUTS)


def test_a_manifest_that_is_not_found_of_a_runner_that_is_there_is_an_error(client, emulator):
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
def test_what_is_no_manifest_is_refused_with_runner_and_cure(client, emulator, text):
    emulator.add_runner("r")
    emulator.set_manifest("r", text)
    with pytest.raises(ManifestError) as refused:
        manifest.create(client, INPUTS)
    sentence = str(refused.value)
    assert sentence.startswith('the manifest of runner "r" ')
    assert "Nothing was applied" in sentence
    assert "kubiya:baseUrl" in sentence


def test_a_read_gives_what_changed_upstream(client, emulator):
    emulator.add_runner("r")
    made = manifest.create(client, INPUTS)
    text = "apiVersion: v1\nkind: Namespace\nmetadata: {name: other}\n"
    emulator.set_manifest("r", text)
    found = manifest.read(client, "r", made.outputs)
    assert found.outputs["content"] == text
    assert found.outputs["images"] == []
    assert found.outputs["sha256"] != made.outputs["sha256"]
    assert found.outputs["previous_sha256"] == made.outputs["sha256"]
    assert found.inputs == {**INPUTS, "sha256": found.outputs["sha256"]}
    repeated = manifest.read(client, "r", found.outputs)
    assert "previous_sha256" not in repeated.outputs
    assert repeated.inputs == found.inputs


def test_a_read_of_a_runner_that_is_gone_means_gone(client):
    assert manifest.read(client, "r", {}) is None


def test_a_read_that_fails_is_an_error(client, emulator):
    emulator.add_runner("r")
    emulator.faults.add("status", operation="getRunnerManifest", status=500)
    with pytest.raises(ServerError):
        manifest.read(client, "r", {})


def test_a_delete_calls_nobody(client, called):
    manifest.delete(client, "r", {})
    assert called() == []
