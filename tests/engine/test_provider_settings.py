"""The precedence of settings on the real engine, and where they are stored."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from kubiya_pulumi.config import API_VERSION_WARNING
from kubiya_pulumi.emulator import Emulator
from tests.engine.conftest import MakeStack
from tests.engine.sentences import problems
from tests.engine.states import is_secret

pytestmark = pytest.mark.engine

DEFAULT = """
from kubiya_pulumi import KubiyaRunner

KubiyaRunner("by-default")
"""
EXPLICIT = """
import pulumi
from kubiya_pulumi import KubiyaProvider, KubiyaRunner

config = pulumi.Config()
other = KubiyaProvider("other", api_key=config.require("key"), base_url=config.get("url"))
KubiyaRunner("explicit", opts=pulumi.ResourceOptions(provider=other))
"""
PROVIDER = "pulumi:providers:pulumi-python"


@pytest.fixture
def other() -> Iterator[Emulator]:
    """A second Runners API, with another key."""
    with Emulator() as running:
        running.configure(api_key=running.api_key)
        yield running


def environment(emulator: Emulator) -> dict[str, str]:
    return {"KUBIYA_API_KEY": emulator.api_key, "KUBIYA_BASE_URL": emulator.url}


def test_the_stack_takes_precedence_over_the_environment(
    emulator: Emulator, other: Emulator, stack: MakeStack
) -> None:
    dev = stack(DEFAULT, env=environment(other))
    dev.up("--skip-preview")
    assert list(emulator.runners) == ["by-default"]
    assert other.calls == []


def test_an_explicit_provider_takes_precedence_over_stack_and_environment(
    emulator: Emulator, other: Emulator, stack: MakeStack
) -> None:
    config = {"url": other.url, "key": other.api_key}
    dev = stack(EXPLICIT + DEFAULT, config=config, env=environment(emulator))
    dev.up("--skip-preview")
    assert list(emulator.runners) == ["by-default"]
    assert list(other.runners) == ["explicit"]
    dev.preview("--expect-no-changes")
    emulator.clear_calls()
    other.clear_calls()
    dev.refresh("--skip-preview", "--expect-no-changes")
    assert [call.operation for call in emulator.calls] == ["listRunners"]
    assert [call.operation for call in other.calls] == ["listRunners"]

    [provider] = [
        provider for provider in dev.resources(PROVIDER) if provider["urn"].endswith("::other")
    ]
    assert is_secret(provider["inputs"]["kubiya:apiKey"]), "although the program passed plain text"
    assert is_secret(provider["outputs"]["kubiya:apiKey"])
    assert provider["inputs"]["kubiya:baseUrl"] == other.url
    dev.destroy("--skip-preview")
    assert not emulator.runners
    assert not other.runners


def test_a_provider_takes_missing_settings_from_the_environment_only(
    emulator: Emulator, other: Emulator, stack: MakeStack
) -> None:
    environment = {"KUBIYA_BASE_URL": other.url}
    dev = stack(EXPLICIT, config={"key": other.api_key}, env=environment)
    dev.up("--skip-preview")
    assert list(other.runners) == ["explicit"]
    assert emulator.calls == []


def test_the_environment_takes_precedence_over_empty_settings_of_the_stack(
    emulator: Emulator, stack: MakeStack
) -> None:
    empty = {"kubiya:baseUrl": ""}, {"kubiya:apiKey": ""}
    dev = stack(DEFAULT, config=empty[0], secrets=empty[1], env=environment(emulator))
    dev.up("--skip-preview")
    assert list(emulator.runners) == ["by-default"]


@pytest.mark.parametrize("retries", ["{}", "float({})", "pulumi.Output.from_input(float({}))"])
def test_numbers_can_be_passed_to_a_provider(
    emulator: Emulator, stack: MakeStack, retries: str
) -> None:
    """The output of another resource has a number as a float."""
    program = """
import pulumi
from kubiya_pulumi import KubiyaProvider, KubiyaRunner

config = pulumi.Config()
kubiya = KubiyaProvider(
    "kubiya",
    api_key=config.require_secret("key"),
    base_url=config.require("url"),
    timeout_seconds=2.5,
    max_retries=RETRIES,
)
KubiyaRunner("runner-prod", opts=pulumi.ResourceOptions(provider=kubiya))
"""
    program = program.replace("RETRIES", retries.format('config.require_int("retries")'))
    config = {"url": emulator.url, "retries": "1"}
    dev = stack(program, config=config, secrets={"key": emulator.api_key})
    emulator.faults.add("status", operation="listRunners", status=503, retry_after="0", count=2)
    assert dev.up("--skip-preview", check=False).returncode
    assert [call.operation for call in emulator.calls] == ["listRunners"] * 2
    dev.up("--skip-preview")
    assert list(emulator.runners) == ["runner-prod"]
    dev.configure({"retries": "-1"})
    assert problems(dev.preview(check=False))[""].startswith("kubiya:maxRetries must be a whole")


def test_a_new_key_of_a_provider_does_not_change_its_resources(
    emulator: Emulator, stack: MakeStack
) -> None:
    dev = stack(EXPLICIT, config={"url": emulator.url}, secrets={"key": emulator.api_key})
    dev.up("--skip-preview")
    emulator.clear_calls()
    emulator.configure(api_key="the-key-of-the-next-day")
    dev.configure(secrets={"key": emulator.api_key})
    assert dev.preview_json()["changeSummary"] == {"same": 2, "update": 1}
    dev.up("--skip-preview")
    assert emulator.calls == []
    dev.destroy("--skip-preview")
    assert not emulator.runners


def test_the_version_of_the_api_in_a_base_url_is_dropped_and_said_once(
    emulator: Emulator, bare_stack: MakeStack
) -> None:
    """Kubiya's own command line needs it in KUBIYA_BASE_URL."""
    environment = {"KUBIYA_API_KEY": emulator.api_key, "KUBIYA_BASE_URL": f"{emulator.url}/api/v1/"}
    dev = bare_stack(DEFAULT + 'KubiyaRunner("second")\n', env=environment)
    dev.up("--skip-preview")
    assert sorted(emulator.runners) == ["by-default", "second"]
    # Without the suffix it is the same place, where a missing runner is gone.
    environment["KUBIYA_BASE_URL"] = emulator.url
    emulator.remove_runner("second")
    dev.refresh("--skip-preview")
    assert API_VERSION_WARNING not in dev.results[-1].text
    environment["KUBIYA_BASE_URL"] = f"{emulator.url}/api/v3"
    dev.destroy("--skip-preview")
    assert not emulator.runners
    for result in (dev.results[-1], next(r for r in dev.results if r.command[0] == "up")):
        _, diagnostics = result.stdout.split("Diagnostics:")
        assert diagnostics.count(API_VERSION_WARNING) == 1
