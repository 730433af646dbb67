"""A changed API key: which commands fail on the real engine, their errors, and the remedies."""

from __future__ import annotations

import pytest

from kubiya_pulumi.emulator import Emulator
from tests.engine.conftest import Calls, MakeStack
from tests.engine.sentences import sentence
from tests.engine.states import RUNNER, state
from tests.harness.engine import Stack
from tests.harness.secrets import find_secrets

pytestmark = pytest.mark.engine

PROGRAM = """
from kubiya_pulumi import KubiyaRunner

KubiyaRunner("runner-prod", description="Runs our tools")
"""
NEW_KEY = "the-key-of-the-next-day"
ADVICE = (
    "The API key was rejected: set a valid one with `pulumi config set --secret kubiya:apiKey`, in "
    "KUBIYA_API_KEY, or as api_key of the KubiyaProvider. `pulumi refresh` and `pulumi destroy` "
    "use the configuration that the last `pulumi up` stored, unless you pass --run-program."
)


@pytest.fixture
def rotated(emulator: Emulator, stack: MakeStack, calls: Calls) -> Stack:
    """A stack with a runner. It was created with a revoked key, and the new key is configured."""
    dev = stack(PROGRAM)
    dev.up("--skip-preview")
    emulator.configure(api_key=NEW_KEY)
    dev.configure(secrets={"kubiya:apiKey": NEW_KEY})
    calls()
    return dev


def test_refresh_and_destroy_use_the_stored_key_and_report_it(
    emulator: Emulator, rotated: Stack, calls: Calls
) -> None:
    before = state(rotated)
    for command in (rotated.refresh, rotated.destroy):
        failed = command("--skip-preview", check=False)
        assert failed.returncode
        assert sentence(failed) == (
            'could not list the runners to find runner "runner-prod": the service returned 401 '
            f"(unauthorized): The API key is missing or invalid. {ADVICE}"
        )
        assert "Traceback" not in failed.text
        assert state(rotated) == before
    assert len(calls()) == 2, "a request with a rejected key is not retried"
    assert list(emulator.runners) == ["runner-prod"]
    assert find_secrets([NEW_KEY], transcript=rotated.transcript, folder=rotated.folder) == []


def test_run_program_uses_the_new_key(emulator: Emulator, rotated: Stack) -> None:
    rotated.refresh("--skip-preview", "--run-program")
    rotated.destroy("--skip-preview", "--run-program")
    assert not emulator.runners
    assert rotated.resources(RUNNER) == []


def test_an_update_stores_the_new_key(emulator: Emulator, rotated: Stack) -> None:
    rotated.up("--skip-preview")
    rotated.refresh("--skip-preview")
    rotated.destroy("--skip-preview")
    assert not emulator.runners


def test_a_key_that_is_only_in_the_environment_is_always_current(
    emulator: Emulator, bare_stack: MakeStack
) -> None:
    environment = {"KUBIYA_API_KEY": emulator.api_key, "KUBIYA_BASE_URL": emulator.url}
    dev = bare_stack(PROGRAM, env=environment)
    dev.up("--skip-preview")
    emulator.configure(api_key=NEW_KEY)
    before = state(dev)
    for command in (dev.refresh, dev.destroy):
        assert ADVICE in sentence(command("--skip-preview", check=False))
    assert state(dev) == before
    environment["KUBIYA_API_KEY"] = NEW_KEY
    dev.refresh("--skip-preview")
    dev.destroy("--skip-preview")
    assert not emulator.runners


def test_an_update_removes_the_stored_key_if_it_is_in_the_environment(
    emulator: Emulator, stack: MakeStack
) -> None:
    environment = {"KUBIYA_BASE_URL": emulator.url}
    dev = stack(PROGRAM, env=environment)
    dev.up("--skip-preview")
    dev.run("config", "rm", "kubiya:apiKey")
    environment["KUBIYA_API_KEY"] = emulator.api_key
    dev.up("--skip-preview")
    emulator.configure(api_key=NEW_KEY)
    environment["KUBIYA_API_KEY"] = NEW_KEY
    dev.refresh("--skip-preview")
    dev.destroy("--skip-preview")
    assert not emulator.runners


def test_the_key_of_an_explicit_provider_is_stored(emulator: Emulator, stack: MakeStack) -> None:
    program = """
import pulumi
from kubiya_pulumi import KubiyaProvider, KubiyaRunner

config = pulumi.Config()
other = KubiyaProvider("other", api_key=config.require("key"), base_url=config.require("url"))
KubiyaRunner("runner-prod", opts=pulumi.ResourceOptions(provider=other))
"""
    dev = stack(program, config={"url": emulator.url}, secrets={"key": emulator.api_key})
    dev.up("--skip-preview")
    emulator.configure(api_key=NEW_KEY)
    dev.configure(secrets={"key": NEW_KEY})
    assert ADVICE in sentence(dev.destroy("--skip-preview", check=False))
    dev.refresh("--skip-preview", "--run-program")
    dev.destroy("--skip-preview", "--run-program")
    assert not emulator.runners
