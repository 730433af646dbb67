"""Invalid settings and inputs are reported in one sentence each, and the state stays unchanged."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from kubiya_pulumi.emulator import Emulator
from tests.engine.conftest import Calls, MakeStack
from tests.engine.sentences import problems, sentence
from tests.engine.states import RUNNER, state
from tests.harness.engine import Stack

pytestmark = pytest.mark.engine

PROGRAM = """
import pulumi
from kubiya_pulumi import KubiyaRunner

KubiyaRunner("runner-prod", description=pulumi.Config().get("description"))
"""
SECRET = "key-that-nobody-must-see"
NO_KEY = (
    "kubiya:apiKey (or KUBIYA_API_KEY) is missing: set the API key with "
    "`pulumi config set --secret kubiya:apiKey`; with a KubiyaProvider, its api_key."
)
STORED = (
    "`pulumi refresh` and `pulumi destroy` use the configuration that the last `pulumi up` stored, "
    "unless you pass --run-program."
)


@pytest.fixture
def dev(emulator: Emulator, stack: MakeStack) -> Stack:
    """A stack with a runner."""
    dev = stack(PROGRAM)
    dev.up("--skip-preview")
    emulator.clear_calls()
    return dev


# The tests of the client cover more values. These are the ones that differ on the engine.
SETTINGS = [
    ("apiKey", "", " is missing: set the API key with "),
    ("apiKey", f"{SECRET}\nX-Other: 1", " contains a line break: "),
    ("baseUrl", "", " is empty or not text: set the base URL of the API with "),
    ("baseUrl", "api.kubiya.ai", " is not a valid URL: "),
    ("baseUrl", f"https://user:{SECRET}@api.kubiya.ai", " contains a user name or password"),
    ("baseUrl", "http://api.kubiya.ai", " is plain http:// to api.kubiya.ai, which would expose "),
    ("timeoutSeconds", "soon", " must be a number of seconds greater than 0 and up to 3600: "),
    ("maxRetries", "1.5", " must be a whole number from 0 to 20: "),
    ("maxRetries", "-1", " must be a whole number from 0 to 20"),
    ("caBundle", "/no/such/file", " cannot be read (No such file or directory): "),
    ("caBundle", "Pulumi.yaml", " is not a PEM file of certificates: "),
]


def test_invalid_settings_are_rejected(
    emulator: Emulator, dev: Stack, calls: Calls, subtests: Any
) -> None:
    before = state(dev)
    good = {
        "apiKey": emulator.api_key,
        "baseUrl": emulator.url,
        "timeoutSeconds": "30",
        "maxRetries": "0",
    }
    for setting, value, problem in SETTINGS:
        with subtests.test(f"{setting}={value!r}"):
            # Encrypted, because the values contain a secret.
            settings = {**good, setting: value}
            dev.configure(secrets={f"kubiya:{name}": text for name, text in settings.items()})
            failed = dev.preview(check=False)
            assert failed.returncode
            [(property_, message)] = problems(failed).items()
            assert property_ == ""
            assert message.startswith(f"kubiya:{setting}")
            assert problem in message
            assert "pulumi config set" in message
            assert "Traceback" not in failed.text
            assert SECRET not in failed.text
    failed = dev.up("--skip-preview", check=False)
    assert failed.returncode
    assert problems(failed).keys() == {""}
    assert state(dev) == before
    assert calls() == []


def test_a_missing_key_is_reported(emulator: Emulator, bare_stack: MakeStack, calls: Calls) -> None:
    dev = bare_stack(PROGRAM, config={"kubiya:baseUrl": emulator.url})
    failed = dev.up(check=False)
    assert failed.returncode
    assert problems(failed) == {"": NO_KEY}
    assert dev.resources(RUNNER) == []
    assert calls() == []


def test_a_key_that_was_removed_from_the_environment_is_reported(
    emulator: Emulator, bare_stack: MakeStack, calls: Calls
) -> None:
    environment = {"KUBIYA_API_KEY": emulator.api_key, "KUBIYA_BASE_URL": emulator.url}
    dev = bare_stack(PROGRAM, env=environment)
    dev.up("--skip-preview")
    before = state(dev)
    calls()
    del environment["KUBIYA_API_KEY"]
    for command in (dev.refresh, dev.destroy):
        failed = command("--skip-preview", check=False)
        assert sentence(failed) == f"{NO_KEY} {STORED}"
    assert state(dev) == before
    assert calls() == []


def test_resources_that_are_only_in_the_state_are_destroyed_without_a_key(
    emulator: Emulator, bare_stack: MakeStack, calls: Calls
) -> None:
    emulator.add_runner("r")
    environment = {"KUBIYA_API_KEY": emulator.api_key, "KUBIYA_BASE_URL": emulator.url}
    program = """
from kubiya_pulumi import RunnerHealth, RunnerManifest

manifest = RunnerManifest("manifest", runner="r")
RunnerHealth("health", runner="r", triggers=[manifest.sha256])
"""
    dev = bare_stack(program, env=environment)
    dev.up("--skip-preview")
    calls()
    environment.clear()
    dev.destroy("--skip-preview")
    assert dev.resources() == []
    assert calls() == []


def test_all_invalid_inputs_are_reported_together(
    emulator: Emulator, stack: MakeStack, calls: Calls
) -> None:
    program = """
from kubiya_pulumi import KubiyaRunner

KubiyaRunner("runner-prod", name="a/b", description=["x"], adopt_existing="yes")
"""
    dev = stack(program)
    dev.run("config", "rm", "kubiya:apiKey")
    failed = dev.up(check=False)
    assert failed.returncode
    assert problems(failed) == {
        "name": 'must not contain "/", which separates the segments of a URL',
        "description": "must be a string, not list",
        "adopt_existing": "must be true or false, not str",
        "": NO_KEY,
    }
    assert "Traceback" not in failed.text

    dev.rewrite('from kubiya_pulumi import RunnerManifest\nRunnerManifest("manifest", runner="")')
    assert problems(dev.up(check=False)) == {"runner": "must not be empty", "": NO_KEY}
    assert calls() == []


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        return int(closed.getsockname()[1])


def error_of_update(dev: Stack, config: dict[str, str], secrets: dict[str, str]) -> str:
    """Change the settings and the description, and return the message of the failing update."""
    before = state(dev)
    dev.configure({"description": "new", **config}, secrets)
    failed = dev.up(check=False)
    assert failed.returncode
    assert state(dev) == before
    return sentence(failed)


def test_an_unreachable_host_is_reported(dev: Stack) -> None:
    url = f"http://127.0.0.1:{closed_port()}"
    assert error_of_update(dev, {"kubiya:baseUrl": url}, {}) == (
        f'could not read runner "runner-prod": the connection to {url} failed '
        "(Connection refused). Check kubiya:baseUrl (or KUBIYA_BASE_URL, or base_url of the "
        "KubiyaProvider), the network and the proxy settings, then retry."
    )


def test_an_invalid_key_is_reported(dev: Stack) -> None:
    message = error_of_update(dev, {}, {"kubiya:apiKey": SECRET})
    assert message.startswith(
        'could not list the runners to find runner "runner-prod": the service returned 401 '
    )
    assert "`pulumi config set --secret kubiya:apiKey`, in KUBIYA_API_KEY, or as api_key" in message
    assert "--run-program" not in message, "the program has run"
    assert SECRET not in dev.transcript


def test_a_key_without_permission_is_reported(emulator: Emulator, dev: Stack) -> None:
    emulator.configure(forbidden_keys=(emulator.api_key,))
    message = error_of_update(dev, {}, {})
    assert "the service returned 403 " in message
    assert "The API key lacks the permission" in message
    assert "kubiya:apiKey (or KUBIYA_API_KEY, or api_key of the KubiyaProvider)" in message


def test_an_update_with_corrected_settings_completes(emulator: Emulator, dev: Stack) -> None:
    good = emulator.api_key
    error_of_update(dev, {}, {"kubiya:apiKey": SECRET})
    dev.configure(secrets={"kubiya:apiKey": good})
    failed = dev.refresh("--skip-preview", check=False)
    assert "returned 401" in sentence(failed), "the failed update stored its settings"
    dev.up("--skip-preview")
    assert emulator.runners["runner-prod"].description == "new"
    dev.destroy("--skip-preview")
    assert not emulator.runners
