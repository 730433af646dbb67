"""Runners of an import file, whose state omits the secrets, and runners that are only read."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from pulumi.dynamic import Config, ConfigureRequest
from pulumi.runtime import rpc

from kubiya_pulumi import config
from kubiya_pulumi.declarations import RunnerInputs, RunnerState
from kubiya_pulumi.lifecycle.errors import RunnerGoneError, RunnerNotOursError
from kubiya_pulumi.lifecycle.providers import RunnerManifestProvider, RunnerProvider
from kubiya_pulumi.lifecycle.runner import RunnerHandler

IMPORTED = RunnerState(name="a", description="old", adopted=True)
HANDLER = RunnerHandler()


def configured(provider: Any, emulator: Any) -> Any:
    settings = {config.API_KEY: emulator.api_key, config.BASE_URL: emulator.url}
    provider.configure(ConfigureRequest(config=Config(settings, "test")))
    return provider


def test_a_refresh_adds_what_the_file_omits(client, emulator) -> None:
    emulator.add_runner("a", description="old", managed_by="terraform", task_id="t")
    state = HANDLER.read(client, IMPORTED)
    assert state is not None
    assert state.manifest_url == emulator.manifest_url("a")
    assert state.last_seen is not None
    assert state.last_seen["task_id"] == "t"
    assert state.last_seen["base_url"] == emulator.url
    assert replace(state, manifest_url=None, last_seen=None, version=None) == replace(
        IMPORTED, namespace=state.namespace, kubernetes_namespace=state.kubernetes_namespace
    )


def test_an_imported_runner_is_changed_without_a_refresh(client, emulator, called) -> None:
    emulator.add_runner("a", description="old", managed_by="terraform", task_id="t")
    called()
    inputs = RunnerInputs(name="a", description="new", task_id="own")
    updated = HANDLER.update(client, IMPORTED, inputs)
    assert called() == ["updateRunnerDescription"]
    assert (updated.description, updated.task_id, updated.adopted) == ("new", "own", True)


def test_an_imported_runner_of_another_owner_is_not_deleted(client, emulator, called) -> None:
    emulator.add_runner("a", managed_by="terraform", task_id="t")
    state = HANDLER.read(client, IMPORTED)
    assert state is not None
    emulator.remove_runner("a")
    emulator.add_runner("a", managed_by="somebody", task_id="else")
    called()
    with pytest.raises(RunnerNotOursError, match="no longer the one that this stack adopted"):
        HANDLER.delete(client, state)
    assert "deleteRunner" not in called()


def test_only_the_first_read_of_a_runner_requires_it(client, emulator, caplog) -> None:
    only_read = RunnerState(name="a", only_read=True)
    with pytest.raises(RunnerGoneError, match=r'runner "a" does not exist, so KubiyaRunner\.get'):
        HANDLER.read(client, only_read)
    emulator.add_runner("a", managed_by="pulumi", task_id="organization/other/dev/a")
    state = HANDLER.read(client, only_read)
    assert caplog.text == ""
    emulator.remove_runner("a")
    assert HANDLER.read(client, state) is None
    assert HANDLER.read(client, RunnerState(name="a")) is None


@pytest.mark.parametrize(
    ("provider", "inputs", "secret"),
    [
        (RunnerProvider(), {"name": "a", "adopt_existing": True}, {"manifest_url", "last_seen"}),
        (RunnerManifestProvider(), {"runner": "a"}, {"content", "url", "last_seen"}),
    ],
    ids=["KubiyaRunner", "RunnerManifest"],
)
def test_a_provider_marks_its_secrets_in_every_result(emulator, provider, inputs, secret) -> None:
    emulator.add_runner("a")
    provider = configured(provider, emulator)
    created = provider.create(inputs)
    stored = {name: rpc.unwrap_rpc_secret(value) for name, value in created.outs.items()}
    results = {
        "create": created.outs,
        "read": provider.read("a", stored).outs,
        "update": provider.update("a", stored, inputs).outs,
    }
    for outputs in results.values():
        assert {name for name, value in outputs.items() if rpc.is_rpc_secret(value)} == secret
