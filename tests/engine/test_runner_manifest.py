"""RunnerManifest on the real engine: one download, a secret in the state, checked content."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from kubiya_pulumi.emulator import Emulator
from tests.engine.conftest import Calls, MakeStack
from tests.engine.sentences import sentence
from tests.engine.states import MANIFEST, is_secret, outputs, state
from tests.harness.engine import Stack

pytestmark = pytest.mark.engine

PROGRAM = """
import pulumi
from kubiya_pulumi import RunnerManifest

manifest = RunnerManifest("manifest", runner="runner-prod")
pulumi.export("sha256", manifest.sha256)
"""
# Instead of applying the objects to a cluster, the Kubernetes provider writes them into a folder.
WITH_OBJECTS = (
    PROGRAM
    + """
from pulumi_kubernetes import Provider
from pulumi_kubernetes.yaml.v2 import ConfigGroup

files = Provider("files", render_yaml_to_directory=pulumi.Config().require("folder"))
ConfigGroup("objects", yaml=manifest.content, opts=pulumi.ResourceOptions(provider=files))
"""
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder for the objects that would be applied to a cluster."""
    return tmp_path / "objects"


@pytest.fixture
def dev(stack: MakeStack, folder: Path) -> Stack:
    # The Kubernetes provider writes files only if KUBECONFIG is empty.
    return stack(WITH_OBJECTS, config={"folder": str(folder)}, env={"KUBECONFIG": ""})


def settings_in(folder: Path) -> dict[str, str]:
    [file] = folder.rglob("*configmap*runner-settings.yaml")
    return dict(yaml.safe_load(file.read_text())["data"])


@pytest.mark.lifecycle
@pytest.mark.parametrize("form", ["documented", "observed"])
@pytest.mark.parametrize("content", ["present", "absent"])
def test_a_manifest_is_downloaded_once_and_stored(
    emulator: Emulator, stack: MakeStack, calls: Calls, form: str, content: str
) -> None:
    emulator.configure(form=form, manifest_content=content)
    text = emulator.add_runner("runner-prod").manifest
    dev = stack(PROGRAM)
    dev.preview()
    assert calls() == []
    dev.up("--skip-preview")
    downloads = ["downloadManifest"] if content == "absent" else []
    assert calls() == ["getRunnerManifest", *downloads]
    stored = outputs(dev, MANIFEST)
    assert is_secret(stored["content"])
    assert is_secret(stored["url"])
    [decrypted] = [manifest["outputs"] for manifest in state(dev) if manifest["type"] == MANIFEST]
    assert text in decrypted["content"]["plaintext"].encode().decode("unicode_escape")
    assert [reference["kind"] for reference in stored["objects"]] == [
        manifest_object["kind"] for manifest_object in yaml.safe_load_all(text)
    ]
    assert "ghcr.io/kubiyabot/tool-manager:v2.0.0" in stored["images"]

    dev.preview("--expect-no-changes")
    dev.up("--skip-preview", "--expect-no-changes")
    assert calls() == []
    dev.refresh("--skip-preview", "--expect-no-changes")
    assert calls() == ["getRunnerManifest", *downloads]
    dev.destroy("--skip-preview")
    assert calls() == []


@pytest.mark.lifecycle
def test_a_refresh_downloads_a_changed_manifest(
    emulator: Emulator, dev: Stack, folder: Path, calls: Calls
) -> None:
    text = emulator.add_runner("runner-prod").manifest
    dev.up("--skip-preview")
    assert settings_in(folder)["LOG_LEVEL"] == "info"
    first = dev.outputs()["sha256"]
    emulator.set_manifest("runner-prod", text.replace("LOG_LEVEL: info", "LOG_LEVEL: debug"))

    dev.preview("--expect-no-changes")
    # Files, unlike objects in a cluster, cannot be refreshed.
    [urn] = [manifest["urn"] for manifest in dev.resources(MANIFEST)]
    refresh = ("refresh", "--preview-only", "--expect-no-changes", "--target", urn)
    assert "1 to update" in dev.run(*refresh, check=False).stdout
    dev.refresh("--skip-preview", "--target", urn)
    second = outputs(dev, MANIFEST)["sha256"]
    assert second != first
    assert settings_in(folder)["LOG_LEVEL"] == "info"
    calls()
    assert re.search(r'LOG_LEVEL *: "info" => "debug"', dev.preview("--diff").stdout)
    dev.up("--skip-preview")
    assert calls() == []
    assert settings_in(folder)["LOG_LEVEL"] == "debug"
    dev.preview("--expect-no-changes")

    dev.run(*refresh)
    emulator.set_manifest("runner-prod", text)
    diff = dev.run(*refresh, "--diff", check=False).stdout
    assert f'~ sha256: "{second}" => "{first}"' in diff


SECRET = "c2VjcmV0LWluLXRoZS1tYW5pZmVzdA=="
INVALID = {
    "page": ("<!DOCTYPE html><html><body>Sign in</body></html>", "is a web page (HTML or XML)"),
    "empty": ("", "the response is empty"),
    "blank": (" \n\n", "is empty"),
    "no YAML": (f"kind: [Secret\ndata: {SECRET}", "is not valid YAML (line "),
    "a text": (SECRET, "is not Kubernetes YAML: document 1 is not an object"),
    "no kind": (f"apiVersion: v1\nmetadata: {{name: {SECRET}}}", "document 1 has no kind"),
    "no name": (f"apiVersion: v1\nkind: Secret\ndata: {{a: {SECRET}}}", "has no metadata.name"),
    "no document": ("---\n---\n", "contains no Kubernetes objects"),
}


@pytest.mark.parametrize(("text", "problem"), INVALID.values(), ids=INVALID.keys())
def test_an_invalid_manifest_is_rejected_before_it_reaches_the_cluster(
    emulator: Emulator, dev: Stack, folder: Path, text: str, problem: str
) -> None:
    emulator.add_runner("runner-prod")
    emulator.set_manifest("runner-prod", text)
    failed = dev.up("--skip-preview", check=False)
    assert failed.returncode
    message = sentence(failed)
    assert 'the manifest of runner "runner-prod"' in message
    assert problem in message
    # An empty response comes from the host of the download, which no setting names.
    download = "Check the manifest's URL that the API returns, and the host that serves"
    is_download = problem == "the response is empty"
    assert (download if is_download else "kubiya:baseUrl (or KUBIYA_BASE_URL, or ") in message
    assert SECRET not in failed.text
    assert not list(folder.rglob("*.yaml"))
    assert dev.resources(MANIFEST) == []


def test_a_refresh_with_an_invalid_manifest_fails_and_keeps_the_old_one(
    emulator: Emulator, dev: Stack
) -> None:
    emulator.add_runner("runner-prod")
    dev.up("--skip-preview")
    before = state(dev)
    emulator.set_manifest("runner-prod", "<html></html>")
    failed = dev.refresh("--skip-preview", check=False)
    assert sentence(failed).startswith('the manifest of runner "runner-prod" is a web page')
    assert state(dev) == before


def test_a_missing_runner_is_reported(dev: Stack, folder: Path) -> None:
    failed = dev.up("--skip-preview", check=False)
    assert sentence(failed) == (
        'the manifest of runner "runner-prod" was not downloaded: the runner does not exist. '
        "Create it with KubiyaRunner and pass runner.id, or correct the name."
    )
    assert not list(folder.rglob("*.yaml"))
    assert dev.resources(MANIFEST) == []


def test_the_manifest_of_another_runner_is_downloaded(
    emulator: Emulator, stack: MakeStack, calls: Calls
) -> None:
    emulator.add_runner("runner-prod")
    emulator.add_runner("runner-test")
    dev = stack(PROGRAM)
    dev.up("--skip-preview")
    first = dev.outputs()["sha256"]
    calls()
    dev.rewrite(PROGRAM.replace("runner-prod", "runner-test"))
    dev.up("--skip-preview")
    assert calls() == ["getRunnerManifest"]
    assert outputs(dev, MANIFEST)["runner"] == "runner-test"
    assert dev.outputs()["sha256"] != first


def test_a_replacement_downloads_the_current_manifest(emulator: Emulator, stack: MakeStack) -> None:
    text = emulator.add_runner("runner-prod").manifest
    dev = stack(PROGRAM)
    dev.up("--skip-preview")
    dev.refresh("--skip-preview")
    emulator.set_manifest("runner-prod", text.replace("info", "debug"))
    [before] = dev.resources(MANIFEST)
    dev.up("--skip-preview", "--replace", before["urn"])
    assert outputs(dev, MANIFEST)["sha256"] != before["outputs"]["sha256"]
    dev.preview("--expect-no-changes")
    dev.refresh("--skip-preview", "--expect-no-changes")
