"""Stacks that released versions made work with today's code: see `stacks/README.md`."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dill
import pytest
from export_stack import ADDRESS, API_KEY, STACKS
from pulumi.dynamic import ResourceProvider

from kubiya_pulumi.emulator import Emulator
from tests.engine.conftest import Calls, MakeStack
from tests.engine.states import MANIFEST, RUNNER, is_secret, state
from tests.harness.engine import Stack

pytestmark = pytest.mark.engine

HEALTH = "pulumi-python:dynamic/kubiya:RunnerHealth"
NEEDED = {RUNNER: {"name"}, MANIFEST: {"runner", "content", "sha256"}, HEALTH: {"runner"}}
"""By type, what every version has to write: the resource is nothing without it."""
FILES = sorted(STACKS.glob("*/*.json"))


def name_of(file: Path) -> str:
    return f"{file.parent.name}-{file.stem}"


def ours(state: dict[str, Any]) -> list[dict[str, Any]]:
    """The resources of this package in a state."""
    return [each for each in state["deployment"]["resources"] if each["type"] in NEEDED]


def test_there_is_a_stack_of_every_version() -> None:
    versions = [folder for folder in STACKS.iterdir() if folder.is_dir()]
    assert [file.stem for file in FILES] == ["refreshed", "up"] * len(versions) != []


@pytest.fixture(params=FILES, ids=name_of)
def file(request: pytest.FixtureRequest) -> Path:
    return Path(request.param)


@pytest.fixture
def stored(file: Path, emulator: Emulator) -> dict[str, Any]:
    """The state in the file; the API has the runners in it, at today's address."""
    emulator.configure(api_key=API_KEY)
    found = json.loads(file.read_text().replace(ADDRESS, emulator.url))
    for runner in ours(found):
        if runner["type"] == RUNNER:
            add_runner(emulator, runner)
    return dict(found)


def add_runner(emulator: Emulator, runner: dict[str, Any]) -> None:
    said = runner["outputs"]
    emulator.add_runner(runner["id"], description=said["description"], namespace=said["namespace"])


@pytest.fixture
def imports(file: Path, emulator: Emulator, stack: MakeStack) -> Callable[[dict[str, Any]], Stack]:
    """Imports a state into a stack of the version's program, with its manifests at the API."""

    def imported(stored: dict[str, Any]) -> Stack:
        # Kubernetes' provider writes files only where no cluster is named.
        old = stack(file.parent, env={"KUBECONFIG": ""})
        old.import_(stored)
        for manifest in state(old):
            if manifest["type"] == MANIFEST:
                content = json.loads(manifest["outputs"]["content"]["plaintext"])
                emulator.set_manifest(manifest["id"], content)
        return old

    return imported


@pytest.fixture
def old(imports: Callable[[dict[str, Any]], Stack], stored: dict[str, Any]) -> Stack:
    return imports(stored)


def changes(stack: Stack) -> dict[str, str]:
    """What a preview would do, by resource. Kubernetes' provider has a version of its own."""
    return {
        step["urn"].split("::")[-1]: step["op"]
        for step in stack.preview_json()["steps"]
        if step["op"] != "same" and "::pulumi:providers:kubernetes::" not in step["urn"]
    }


def refresh(stack: Stack, *args: str) -> None:
    """Refresh what is this package's: files, unlike objects in a cluster, cannot be."""
    urns = [each["urn"] for each in ours(stack.export())]
    stack.refresh("--skip-preview", *args, *(f"--target={urn}" for urn in urns))


def test_nothing_is_to_be_done(old: Stack, calls: Calls) -> None:
    assert changes(old) == {}
    old.up("--skip-preview")
    assert calls() == []
    refresh(old, "--expect-no-changes")
    assert changes(old) == {}


def test_a_refresh_finds_what_was_there(old: Stack, calls: Calls) -> None:
    before = {each["urn"]: each["outputs"].keys() for each in ours(old.export())}
    refresh(old, "--expect-no-changes")
    seen = calls()
    assert {call: seen.count(call) for call in seen} == {
        "describeRunner": 3,
        "getRunnerManifest": 2,
        "getRunnerHealth": 2,
    }
    for each in ours(old.export()):
        assert each["outputs"].keys() >= before[each["urn"]] - {"sha256_before"}
    assert changes(old) == {}


def test_a_change_is_a_change(old: Stack, emulator: Emulator) -> None:
    program = (old.program / "__main__.py").read_text()
    old.rewrite(program.replace("Runs our tools in production", "Runs other tools"))
    assert changes(old) == {"runner-prod": "update"}
    old.up("--skip-preview")
    assert emulator.runners["runner-prod"].description == "Runs other tools"
    assert changes(old) == {}
    refresh(old, "--expect-no-changes")


def test_a_new_manifest_comes_in(old: Stack, emulator: Emulator) -> None:
    text = emulator.runners["runner-all"].manifest
    emulator.set_manifest("runner-all", text.replace("LOG_LEVEL: info", "LOG_LEVEL: debug"))
    refresh(old)
    assert changes(old).keys() == {
        "runner-all-objects:kubiya-system/runner-settings",
        "runner-all-health",
    }
    old.up("--skip-preview")
    assert changes(old) == {}


def test_a_pin_of_today_is_held_against_the_manifest_in_the_state(old: Stack) -> None:
    program, declared = (old.program / "__main__.py").read_text(), 'RunnerManifest("manifest", '
    [sha256] = [
        each["outputs"]["sha256"]
        for each in old.resources(MANIFEST)
        if each["urn"].endswith("::manifest")
    ]
    old.rewrite(program.replace(declared, f'{declared}expected_sha256="{sha256}", '))
    assert changes(old) == {}
    old.rewrite(program.replace(declared, f'{declared}expected_sha256="{"0" * 64}", '))
    refused = old.preview(check=False)
    assert refused.returncode
    assert sha256 in refused.text


def test_it_is_destroyed(old: Stack, emulator: Emulator) -> None:
    old.destroy("--skip-preview")
    assert old.resources() == []
    assert not emulator.runners


@pytest.mark.parametrize("side", ["inputs", "outputs"])
def test_a_state_with_no_more_than_it_needs(
    imports: Callable[[dict[str, Any]], Stack],
    stored: dict[str, Any],
    emulator: Emulator,
    side: str,
) -> None:
    for resource in ours(stored):
        kept = NEEDED[resource["type"]] | {"__provider"}
        resource[side] = {key: value for key, value in resource[side].items() if key in kept}
    bare = imports(stored)
    assert set(changes(bare).values()) <= {"update"}
    refresh(bare)
    bare.up("--skip-preview")
    assert changes(bare) == {}
    bare.destroy("--skip-preview")
    assert not emulator.runners


PARTS = [
    pytest.param(file, each["urn"], side, name, id=f"{name_of(file)}-{each['id']}-{side}-{name}")
    for file in FILES
    for each in ours(json.loads(file.read_text()))
    for side in ("inputs", "outputs")
    for name in sorted(each[side].keys() - NEEDED[each["type"]] - {"__provider"})
]


@pytest.mark.parametrize(("file", "urn", "side", "name"), PARTS)
def test_what_an_older_version_did_not_write_is_missing_and_no_crash(
    stored: dict[str, Any], emulator: Emulator, urn: str, side: str, name: str
) -> None:
    [resource] = [each for each in ours(stored) if each["urn"] == urn]
    provider, id_ = provider_of(resource, emulator), resource["id"]
    inputs, outputs = (plain(resource[each], emulator, id_) for each in ("inputs", "outputs"))
    olds = {**inputs}, {**outputs}
    del olds[side == "outputs"][name]
    old_inputs, old_outputs = olds

    given = {key: value for key, value in inputs.items() if key != "sha256"}
    checked = provider.check(old_inputs, given)
    assert checked.failures == []
    found = provider.diff(id_, old_outputs, checked.inputs)
    assert found.replaces == []
    if found.changes is not False:
        assert name in given, "only what the program says can be given again"
        updated = provider.update(id_, old_outputs, checked.inputs).outs
        assert provider.diff(id_, updated, checked.inputs).changes is False

    whole, partial = provider.read(id_, outputs), provider.read(id_, old_outputs)
    assert partial.id == whole.id == id_
    unlike = {name, "checked_at"}
    assert {**partial.outs, **dict.fromkeys(unlike)} == {**whole.outs, **dict.fromkeys(unlike)}
    provider.delete(id_, old_outputs)
    assert (id_ in emulator.runners) == (resource["type"] != RUNNER)


def provider_of(resource: dict[str, Any], emulator: Emulator) -> ResourceProvider:
    """The provider that the state refers to, set up as the engine does it."""
    provider = dill.loads(base64.b64decode(resource["inputs"]["__provider"]))
    provider._configured = {
        "kubiya:apiKey": API_KEY,
        "kubiya:baseUrl": emulator.url,
        "kubiya:maxRetries": "0",
    }.get
    return provider


def plain(properties: dict[str, Any], emulator: Emulator, runner: str) -> dict[str, Any]:
    """Properties as the provider gets them, with today's secrets."""
    today = {
        "content": emulator.runners[runner].manifest,
        "url": emulator.manifest_url(runner),
        "manifest_url": emulator.manifest_url(runner),
    }
    return {key: today[key] if is_secret(value) else value for key, value in properties.items()}
