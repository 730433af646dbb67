"""The real engine shows a warning if the API key is stored in plain text."""

from __future__ import annotations

import pytest

from kubiya_pulumi import KubiyaRunner
from kubiya_pulumi.emulator import Emulator
from kubiya_pulumi.plaintext_key_warning import WARNING
from kubiya_pulumi.testing import Mocks, run_program
from tests.engine.conftest import MakeStack
from tests.engine.states import is_secret
from tests.harness.engine import Stack

pytestmark = pytest.mark.engine

PROGRAM = """
from kubiya_pulumi import KubiyaRunner, RunnerHealth, RunnerManifest, get_runners

get_runners()
runner = KubiyaRunner("runner-prod")
RunnerManifest("manifest", runner=runner.id)
RunnerHealth("health", runner=runner.id)
KubiyaRunner("runner-test")
"""


def warnings(dev: Stack) -> int:
    """Return how many warnings the last command printed."""
    # The engine prints a warning when it occurs, and in the summary.
    diagnostics = dev.results[-1].stdout.partition("Diagnostics:")[2]
    return diagnostics.count(WARNING)


def test_a_plain_text_key_causes_one_warning_per_command(
    emulator: Emulator, bare_stack: MakeStack
) -> None:
    dev = bare_stack(
        PROGRAM, config={"kubiya:baseUrl": emulator.url, "kubiya:apiKey": emulator.api_key}
    )
    dev.preview()
    assert warnings(dev) == 1
    dev.up("--skip-preview")
    assert warnings(dev) == 1
    assert emulator.api_key not in dev.transcript

    # The command in the warning encrypts the key in the settings and in the state.
    assert "`pulumi config set --secret kubiya:apiKey`" in WARNING
    dev.run("config", "set", "--secret", "kubiya:apiKey", emulator.api_key)
    dev.up("--skip-preview")
    assert warnings(dev) == 0
    [provider] = dev.resources("pulumi:providers:pulumi-python")
    assert is_secret(provider["inputs"]["kubiya:apiKey"])
    assert emulator.api_key not in (dev.program / "Pulumi.dev.yaml").read_text()

    # The command replaces a key in the project's file, but does not remove it there.
    dev.run("config", "rm", "kubiya:apiKey")
    with (dev.program / "Pulumi.yaml").open("a") as project:
        project.write(f"config:\n  kubiya:apiKey:\n    value: {emulator.api_key}\n")
    dev.preview()
    assert warnings(dev) == 1
    assert "Remove it from Pulumi.yaml" in WARNING


def test_a_secret_key_causes_no_warning(stack: MakeStack) -> None:
    dev = stack(PROGRAM)
    dev.preview()
    assert warnings(dev) == 0


def test_a_key_in_the_environment_causes_no_warning(
    emulator: Emulator, bare_stack: MakeStack
) -> None:
    environment = {"KUBIYA_API_KEY": emulator.api_key, "KUBIYA_BASE_URL": emulator.url}
    dev = bare_stack(PROGRAM, env=environment)
    dev.preview()
    assert warnings(dev) == 0


def test_a_get_function_causes_one_warning(emulator: Emulator, bare_stack: MakeStack) -> None:
    settings = {"kubiya:baseUrl": emulator.url, "kubiya:apiKey": emulator.api_key}
    dev = bare_stack("from kubiya_pulumi import get_runners\nget_runners()", config=settings)
    dev.preview()
    assert warnings(dev) == 1


def test_mocks_cause_no_warning(capfd: pytest.CaptureFixture[str]) -> None:
    result = run_program(
        lambda: KubiyaRunner("runner-prod"), Mocks(), config={"kubiya:apiKey": "in-plain-text"}
    )
    assert result.outputs == {}
    assert "plain text" not in "".join(capfd.readouterr())
