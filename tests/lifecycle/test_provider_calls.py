"""The calls of the engine to a provider: its properties, results and errors."""

from __future__ import annotations

from typing import Any

import pytest
from pulumi.runtime.rpc import UNKNOWN

from kubiya_pulumi.api import RunnersApi
from kubiya_pulumi.dynamic.secret_values import secret_output
from kubiya_pulumi.errors import KubiyaError
from kubiya_pulumi.lifecycle.errors import RunnerExistsError
from kubiya_pulumi.lifecycle.providers import (
    STORED_SETTINGS,
    RunnerManifestProvider,
    RunnerProvider,
)
from kubiya_pulumi.testing import MemoryClient

INPUTS = {
    "__provider": "the pickled provider",
    "name": "runner-prod",
    "description": "tools",
    "managed_by": "pulumi",
    "task_id": "organization/project/dev/runner-prod",
}


class Provider(RunnerProvider):
    """The provider of runners with a client in memory and settings of its own."""

    def __init__(self, **settings: str) -> None:
        self.client = MemoryClient()
        self._configured = settings.get

    def api(self) -> RunnersApi:
        return self.client


@pytest.fixture(autouse=True)
def no_settings_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("KUBIYA_API_KEY", "KUBIYA_BASE_URL"):
        monkeypatch.delenv(name, raising=False)


def checked(provider: Provider, **changes: Any) -> dict[str, Any]:
    result = provider.check({}, {**INPUTS, **changes})
    assert result.failures == []
    return {"__provider": INPUTS["__provider"], **result.inputs}


@pytest.fixture
def provider() -> Provider:
    return Provider(**{"kubiya:apiKey": "key"})


def test_a_check_keeps_unknown_inputs_and_drops_those_of_the_engine(provider: Provider) -> None:
    result = provider.check({}, {**INPUTS, "description": UNKNOWN})
    assert result.failures == []
    assert result.inputs["description"] == UNKNOWN
    assert result.inputs["name"] == "runner-prod"
    assert "__provider" not in result.inputs


def test_a_check_reports_inputs_and_settings() -> None:
    result = Provider().check({}, {**INPUTS, "name": "not a name/", "description": 1})
    assert [failure.property for failure in result.failures] == ["name", "description", ""]
    assert "kubiya:apiKey" in result.failures[-1].reason


def test_a_diff_is_none_an_update_or_a_replacement(provider: Provider) -> None:
    inputs = checked(provider)
    created = provider.create(inputs)
    state = created.outs

    same = provider.diff("runner-prod", state, inputs)
    assert (same.changes, same.replaces) == (False, [])
    changed = provider.diff("runner-prod", state, {**inputs, "description": "other"})
    assert (changed.changes, changed.replaces) == (None, [])
    unknown = provider.diff("runner-prod", state, {**inputs, "description": UNKNOWN})
    assert (unknown.changes, unknown.replaces) == (None, [])
    renamed = provider.diff("runner-prod", state, {**inputs, "name": "other"})
    assert (renamed.changes, renamed.replaces) == (None, ["name"])


def test_the_lifecycle_of_a_runner(provider: Provider) -> None:
    inputs = checked(provider)
    created = provider.create(inputs)
    assert created.id == "runner-prod"
    url = provider.client.get_runner_manifest("runner-prod").manifest_url
    assert created.outs["manifest_url"] == secret_output(url)

    read = provider.read("runner-prod", created.outs)
    assert (read.id, read.outs["description"]) == ("runner-prod", "tools")
    assert read.inputs["description"] == "tools"

    updated = provider.update("runner-prod", created.outs, {**inputs, "description": "other"})
    assert updated.outs["description"] == "other"
    [runner] = provider.client.list_runners()
    assert runner.description == "other"

    provider.delete("runner-prod", updated.outs)
    assert provider.client.list_runners() == ()
    assert provider.read("runner-prod", updated.outs).id == ""


def test_an_error_has_neither_frames_of_the_call_nor_a_cause(provider: Provider) -> None:
    provider.client.create_runner("runner-prod")
    with pytest.raises(RunnerExistsError) as caught:
        provider.create(checked(provider))
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
    assert caught.traceback[-1].name == "call"


def test_an_error_of_a_stored_setting_says_so(provider: Provider) -> None:
    class SettingIsWrongError(KubiyaError):
        names_setting = True

    error = SettingIsWrongError("the key is wrong. Check kubiya:apiKey")
    assert provider.describe_error(error, "read") == f"{error} {STORED_SETTINGS}."
    assert provider.describe_error(error, "create") == str(error)
    assert provider.describe_error(KubiyaError("other"), "read") == "other"


def test_a_manifest_is_deleted_without_settings() -> None:
    RunnerManifestProvider().delete("runner-prod", {"runner": "runner-prod"})
