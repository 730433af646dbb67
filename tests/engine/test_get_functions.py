"""Get functions in programs on the real engine."""

from __future__ import annotations

import pytest

from kubiya_pulumi.emulator import Emulator
from kubiya_pulumi.review import parse_manifest, render_manifest
from tests.engine.conftest import Calls, MakeStack
from tests.engine.states import is_secret
from tests.harness.secrets import find_secrets

pytestmark = pytest.mark.engine

BOTH_FORMS = """
import pulumi
from kubiya_pulumi import (
    get_runner, get_runner_health, get_runner_health_output, get_runner_manifest,
    get_runner_manifest_output, get_runner_output, get_runners, get_runners_output,
)

name = "runner-prod"
pulumi.export("plain", {
    "description": get_runner(name).description,
    "names": [runner.name for runner in get_runners()],
    "healthy": get_runner_health(name).healthy,
    "sha256": get_runner_manifest(name).sha256,
})
pulumi.export("output", {
    "description": get_runner_output(name).description,
    "names": get_runners_output().apply(lambda all_: [runner.name for runner in all_]),
    "healthy": get_runner_health_output(name).healthy,
    "sha256": pulumi.Output.unsecret(get_runner_manifest_output(name).sha256),
})
pulumi.export("content", get_runner_manifest_output(name).content)
"""

NEW_RUNNER = """
import pulumi
from kubiya_pulumi import KubiyaRunner, get_runner_health_output, get_runner_output

runner = KubiyaRunner("runner-prod", description=pulumi.Config().get("description"))
pulumi.export("health", get_runner_health_output(runner.id).status)
after = pulumi.InvokeOutputOptions(depends_on=[runner])
pulumi.export("version", get_runner_output("runner-prod", opts=after).version)
"""

TWO_SERVICES = """
import pulumi
from kubiya_pulumi import KubiyaProvider, get_runner, get_runner_output

config = pulumi.Config()
other = KubiyaProvider(
    "other", api_key=config.require_secret("otherKey"), base_url=config.require("otherUrl")
)
plain = KubiyaProvider(
    "plain", api_key=config.require("otherKey"), base_url=config.require("otherUrl")
)
parent = pulumi.ComponentResource(
    "test:index:Parent", "parent", opts=pulumi.ResourceOptions(providers=[other])
)
pulumi.export("own", get_runner_output("runner-prod").description)
for name, opts in {
    "provider": pulumi.InvokeOptions(provider=other),
    "parent": pulumi.InvokeOptions(parent=parent),
}.items():
    pulumi.export(name, get_runner_output("runner-prod", opts=opts).description)
opts = pulumi.InvokeOptions(provider=plain)
pulumi.export("plain", get_runner("runner-prod", opts=opts).description)
"""


@pytest.mark.lifecycle
def test_both_forms_return_the_same_result(
    emulator: Emulator, stack: MakeStack, calls: Calls
) -> None:
    emulator.add_runner("runner-prod", description="tools")
    dev = stack(BOTH_FORMS)
    dev.up("--skip-preview")
    assert sorted(calls()) == sorted(
        ["describeRunner", "listRunners", "getRunnerHealth", "getRunnerManifest"] * 2
        + ["getRunnerManifest"]
    )
    outputs = dev.outputs(show_secrets=True)
    assert outputs["plain"] == outputs["output"]
    assert outputs["plain"]["description"] == "tools"
    assert outputs["plain"]["names"] == ["runner-prod"]
    assert outputs["plain"]["healthy"] is True
    manifest = emulator.runners["runner-prod"].manifest
    assert outputs["content"] == render_manifest(parse_manifest(manifest))

    [root] = dev.resources("pulumi:pulumi:Stack")
    assert is_secret(root["outputs"]["content"])
    assert not any(is_secret(root["outputs"][name]) for name in ("plain", "output"))
    secrets = [emulator.api_key, manifest, emulator.manifest_url("runner-prod")]
    assert find_secrets(secrets, printed=dev.transcript, state=dev.folder / "state") == []
    dev.preview("--expect-no-changes")


@pytest.mark.lifecycle
def test_a_preview_does_not_request_a_runner_that_does_not_exist_yet(
    emulator: Emulator, stack: MakeStack, calls: Calls
) -> None:
    dev = stack(NEW_RUNNER)
    dev.preview()
    assert calls() == []
    dev.up("--skip-preview")
    assert calls()[:3] == ["listRunners", "createRunner", "listRunners"]
    assert dev.outputs() == {"health": "healthy", "version": "v2"}

    # The name of an existing runner is known in a preview, even if other properties change.
    calls()
    dev.configure({"description": "changed"})
    dev.preview()
    assert sorted(calls()) == ["describeRunner", "getRunnerHealth"]


def test_settings_come_from_the_same_provider_as_for_resources(
    emulator: Emulator, stack: MakeStack
) -> None:
    emulator.add_runner("runner-prod", description="own")
    with Emulator() as other:
        other.configure(api_key=other.api_key)
        other.add_runner("runner-prod", description="other")
        dev = stack(
            TWO_SERVICES, config={"otherUrl": other.url}, secrets={"otherKey": other.api_key}
        )
        dev.up("--skip-preview")
        # The outputs would be masked if the provider's key made them secret.
        assert dev.outputs() == {
            "own": "own", "provider": "other", "parent": "other", "plain": "other",
        }  # fmt: skip
        assert [call.operation for call in other.calls] == ["describeRunner"] * 3
        keys = [emulator.api_key, other.api_key]
        assert find_secrets(keys, printed=dev.transcript, state=dev.folder / "state") == []


@pytest.mark.parametrize("form", ["get_runner", "get_runner_output"])
def test_an_error_ends_the_program_with_one_sentence(
    form: str, emulator: Emulator, stack: MakeStack
) -> None:
    dev = stack(f"from kubiya_pulumi import {form}\n{form}('nosuch')\n")
    failed = dev.preview(check=False)
    assert failed.returncode
    assert 'error: runner "nosuch" does not exist. Correct the name' in failed.text
    assert "Traceback" not in failed.text
    assert ".py" not in failed.text

    emulator.faults.add("status", status=403, count=None)
    failed = dev.preview(check=False)
    assert "the service returned 403" in failed.text
    assert "Traceback" not in failed.text
