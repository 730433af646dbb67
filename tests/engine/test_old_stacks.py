"""Stacks of released versions work with the current code: see `stacks/README.md`."""

from __future__ import annotations

import base64
import json
from collections import Counter
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
REQUIRED = {RUNNER: {"name"}, MANIFEST: {"runner", "content", "sha256"}, HEALTH: {"runner"}}
"""The properties of each type that the state of every version contains."""
FILES = sorted(STACKS.glob("*/*.json"))


def name_of(file: Path) -> str:
    return f"{file.parent.name}-{file.stem}"


def own_resources(state: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the resources of this package in a state."""
    resources = state["deployment"]["resources"]
    return [resource for resource in resources if resource["type"] in REQUIRED]


def test_every_version_has_a_stack() -> None:
    versions = [folder for folder in STACKS.iterdir() if folder.is_dir()]
    assert [file.stem for file in FILES] == ["refreshed", "up"] * len(versions) != []


@pytest.fixture(params=FILES, ids=name_of)
def file(request: pytest.FixtureRequest) -> Path:
    return Path(request.param)


@pytest.fixture
def stored(file: Path, emulator: Emulator) -> dict[str, Any]:
    """The state in the file, with the address of the emulator, which has its runners."""
    emulator.configure(api_key=API_KEY)
    state = json.loads(file.read_text().replace(ADDRESS, emulator.url))
    for runner in own_resources(state):
        if runner["type"] == RUNNER:
            add_runner(emulator, runner)
    return dict(state)


def add_runner(emulator: Emulator, runner: dict[str, Any]) -> None:
    outputs = runner["outputs"]
    emulator.add_runner(
        runner["id"], description=outputs["description"], namespace=outputs["namespace"]
    )


@pytest.fixture
def import_state(
    file: Path, emulator: Emulator, stack: MakeStack
) -> Callable[[dict[str, Any]], Stack]:
    """Imports a state into a stack of its program, and adds its manifests to the emulator."""

    def imported(stored: dict[str, Any]) -> Stack:
        # The Kubernetes provider writes files only if KUBECONFIG is empty.
        old = stack(file.parent, env={"KUBECONFIG": ""})
        old.import_(stored)
        for manifest in state(old):
            if manifest["type"] == MANIFEST:
                content = json.loads(manifest["outputs"]["content"]["plaintext"])
                emulator.set_manifest(manifest["id"], content)
        return old

    return imported


@pytest.fixture
def old(import_state: Callable[[dict[str, Any]], Stack], stored: dict[str, Any]) -> Stack:
    """The imported stack of an old version."""
    return import_state(stored)


def changes(stack: Stack) -> dict[str, str]:
    """Return the operations of a preview by resource, except for a new Kubernetes provider."""
    return {
        step["urn"].split("::")[-1]: step["op"]
        for step in stack.preview_json()["steps"]
        if step["op"] != "same" and "::pulumi:providers:kubernetes::" not in step["urn"]
    }


def refresh(stack: Stack, *args: str) -> None:
    """Refresh the resources of this package. Files cannot be refreshed."""
    urns = [resource["urn"] for resource in own_resources(stack.export())]
    stack.refresh("--skip-preview", *args, *(f"--target={urn}" for urn in urns))


def test_an_imported_stack_has_no_changes(old: Stack, calls: Calls) -> None:
    assert changes(old) == {}
    old.up("--skip-preview")
    assert calls() == []
    refresh(old, "--expect-no-changes")
    assert changes(old) == {}


def test_a_refresh_finds_no_changes(old: Stack, calls: Calls) -> None:
    before = {
        resource["urn"]: resource["outputs"].keys() for resource in own_resources(old.export())
    }
    refresh(old, "--expect-no-changes")
    counts = Counter(calls())
    # One list for each provider, whose owners are unknown, so runners may be described as well.
    assert counts.pop("listRunners") <= 2
    assert counts.pop("describeRunner", 0) <= 3
    assert counts == {"getRunnerManifest": 2, "getRunnerHealth": 2}
    for resource in own_resources(old.export()):
        assert resource["outputs"].keys() >= before[resource["urn"]] - {"previous_sha256"}
    assert changes(old) == {}


@pytest.mark.lifecycle
def test_a_change_of_the_program_is_applied(old: Stack, emulator: Emulator) -> None:
    program = (old.program / "__main__.py").read_text()
    old.rewrite(program.replace("Runs our tools in production", "Runs other tools"))
    assert changes(old) == {"runner-prod": "update"}
    old.up("--skip-preview")
    assert emulator.runners["runner-prod"].description == "Runs other tools"
    assert changes(old) == {}
    refresh(old, "--expect-no-changes")


def test_a_refresh_finds_a_new_manifest(old: Stack, emulator: Emulator) -> None:
    text = emulator.runners["runner-all"].manifest
    emulator.set_manifest("runner-all", text.replace("LOG_LEVEL: info", "LOG_LEVEL: debug"))
    refresh(old)
    assert changes(old).keys() == {
        "runner-all-objects:kubiya-system/runner-settings",
        "runner-all-health",
    }
    old.up("--skip-preview")
    assert changes(old) == {}


def test_an_expected_hash_is_compared_with_the_manifest_in_the_state(old: Stack) -> None:
    program, declared = (old.program / "__main__.py").read_text(), 'RunnerManifest("manifest", '
    [sha256] = [
        manifest["outputs"]["sha256"]
        for manifest in old.resources(MANIFEST)
        if manifest["urn"].endswith("::manifest")
    ]
    old.rewrite(program.replace(declared, f'{declared}expected_sha256="{sha256}", '))
    assert changes(old) == {}
    old.rewrite(program.replace(declared, f'{declared}expected_sha256="{"0" * 64}", '))
    rejected = old.preview(check=False)
    assert rejected.returncode
    assert sha256 in rejected.text


def test_an_imported_stack_can_be_destroyed(old: Stack, emulator: Emulator) -> None:
    old.destroy("--skip-preview")
    assert old.resources() == []
    assert not emulator.runners


@pytest.mark.parametrize("side", ["inputs", "outputs"])
def test_a_state_with_only_the_required_properties_works(
    import_state: Callable[[dict[str, Any]], Stack],
    stored: dict[str, Any],
    emulator: Emulator,
    side: str,
) -> None:
    for resource in own_resources(stored):
        kept = REQUIRED[resource["type"]] | {"__provider"}
        resource[side] = {key: value for key, value in resource[side].items() if key in kept}
    bare = import_state(stored)
    assert set(changes(bare).values()) <= {"update"}
    refresh(bare)
    bare.up("--skip-preview")
    assert changes(bare) == {}
    bare.destroy("--skip-preview")
    assert not emulator.runners


OPTIONAL_PROPERTIES = [
    pytest.param(
        file, resource["urn"], side, name, id=f"{name_of(file)}-{resource['id']}-{side}-{name}"
    )
    for file in FILES
    for resource in own_resources(json.loads(file.read_text()))
    for side in ("inputs", "outputs")
    for name in sorted(resource[side].keys() - REQUIRED[resource["type"]] - {"__provider"})
]


@pytest.mark.parametrize(("file", "urn", "side", "name"), OPTIONAL_PROPERTIES)
def test_a_property_that_an_older_version_did_not_store_may_be_missing(
    stored: dict[str, Any], emulator: Emulator, urn: str, side: str, name: str
) -> None:
    [resource] = [candidate for candidate in own_resources(stored) if candidate["urn"] == urn]
    provider, id_ = provider_of(resource, emulator), resource["id"]
    inputs = plain(resource["inputs"], emulator, id_)
    outputs = plain(resource["outputs"], emulator, id_)
    old_inputs, old_outputs = dict(inputs), dict(outputs)
    del (old_outputs if side == "outputs" else old_inputs)[name]

    declared = {key: value for key, value in inputs.items() if key != "sha256"}
    checked = provider.check(old_inputs, declared)
    assert checked.failures == []
    diff = provider.diff(id_, old_outputs, checked.inputs)
    assert diff.replaces == []
    if diff.changes is not False:
        assert name in declared, "an update can only set declared properties"
        updated = provider.update(id_, old_outputs, checked.inputs).outs
        assert provider.diff(id_, updated, checked.inputs).changes is False

    whole, partial = provider.read(id_, outputs), provider.read(id_, old_outputs)
    assert partial.id == whole.id == id_
    ignored = dict.fromkeys((name, "checked_at"))
    assert {**partial.outs, **ignored} == {**whole.outs, **ignored}
    provider.delete(id_, old_outputs)
    assert (id_ in emulator.runners) == (resource["type"] != RUNNER)


def provider_of(resource: dict[str, Any], emulator: Emulator) -> ResourceProvider:
    """Return the provider that the state refers to, configured as by the engine."""
    provider = dill.loads(base64.b64decode(resource["inputs"]["__provider"]))
    provider._configured = {
        "kubiya:apiKey": API_KEY,
        "kubiya:baseUrl": emulator.url,
        "kubiya:maxRetries": "0",
    }.get
    return provider


def plain(properties: dict[str, Any], emulator: Emulator, runner: str) -> dict[str, Any]:
    """Return properties as the provider receives them, with the secrets of the emulator."""
    current = {
        "content": emulator.runners[runner].manifest,
        "url": emulator.manifest_url(runner),
        "manifest_url": emulator.manifest_url(runner),
    }
    return {key: current[key] if is_secret(value) else value for key, value in properties.items()}
