"""RunnerDeployment on the real engine and a real cluster, with an emulator that follows it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import yaml

from kubiya_pulumi.emulator import Emulator
from tests.harness.engine import Stack
from tests.harness.kubectl import Kubectl

pytestmark = [pytest.mark.engine, pytest.mark.cluster]

RUNNER, MANIFEST, HEALTH = (
    f"pulumi-python:dynamic/kubiya:{name}" for name in ("Runner", "RunnerManifest", "RunnerHealth")
)
DEPLOYMENT = "kubernetes:apps/v1:Deployment"
OBJECTS = "kubernetes:yaml/v2:ConfigGroup"

PROGRAM = """
import pulumi
from kubiya_pulumi import RunnerDeployment

config = pulumi.Config()
deployment = RunnerDeployment(
    "runner-prod",
    description=config.get("description"),
    timeout_seconds=config.get_float("timeout"),
    skip_await=config.get_bool("skipAwait"),
)
for name in ("runner_name", "namespace", "manifest_sha256", "manifest_url", "version", "status"):
    pulumi.export(name, getattr(deployment, name))
"""

PROVIDERS = """
import pulumi
import pulumi_kubernetes as kubernetes
from kubiya_pulumi import KubiyaProvider, RunnerDeployment

config = pulumi.Config()
cluster = kubernetes.Provider("cluster", kubeconfig=config.require_secret("kubeconfig"))
service = KubiyaProvider(
    "service", api_key=config.require_secret("key"), base_url=config.require("url")
)

def label(args):
    if args.type_ == "kubernetes:apps/v1:Deployment":
        metadata = {**args.props["metadata"], "labels": {"team": "platform"}}
        return pulumi.ResourceTransformResult({**args.props, "metadata": metadata}, args.opts)

RunnerDeployment(
    "runner-prod",
    skip_await=True,
    opts=pulumi.ResourceOptions(providers=[cluster, service], transforms=[label]),
)
"""

MakeStack = Callable[..., Stack]


@pytest.fixture
def stack(emulator: Emulator, control_plane: Path) -> Iterator[MakeStack]:
    """Stacks whose Runners API is the emulator, in the control plane's cluster."""
    with ExitStack() as stacks:

        def make(program: str, **config: str) -> Stack:
            own = {"kubiya:baseUrl": emulator.url}
            key = {"kubiya:apiKey": emulator.api_key}
            # The flag --event-log is one of the engine's debugging commands.
            env = {"KUBECONFIG": str(control_plane), "PULUMI_DEBUG_COMMANDS": "true"}
            made = Stack(program, config=own | config, secrets=key, env=env)
            stacks.enter_context(made)
            # Of a test that fails nothing may be left to the next one.
            stacks.callback(lambda: made.resources() and made.destroy(check=False))
            return made

        yield make


@pytest.fixture
def kubectl(control_plane: Path) -> Kubectl:
    return Kubectl(control_plane)


def kinds_in_order(events: Path, step: str) -> list[str]:
    """The types of resources in the order in which the engine was done with a step on each."""
    done = []
    for line in events.read_text().splitlines():
        metadata = json.loads(line).get("resOutputsEvent", {}).get("metadata", {})
        if metadata.get("op") == step:
            done.append(metadata["type"])
    return done


def operations(emulator: Emulator) -> list[str | None]:
    seen = [call.operation for call in emulator.calls]
    emulator.clear_calls()
    return seen


def impossible(manifest: str) -> str:
    """The manifest with a Deployment that no node can run."""
    objects = list(yaml.safe_load_all(manifest))
    for each in objects:
        if (each["kind"], each["metadata"]["name"]) == ("Deployment", "tool-manager"):
            each["spec"]["template"]["spec"]["nodeSelector"] = {"no-node-has": "this"}
    return yaml.safe_dump_all(objects)


def test_the_whole_process_up_and_down(
    stack: MakeStack, emulator: Emulator, kubectl: Kubectl, tmp_path: Path
) -> None:
    dev = stack(PROGRAM, description="one")
    dev.up("--skip-preview", "--event-log", str(tmp_path / "up"))
    assert operations(emulator) == [
        "listRunners", "createRunner", "describeRunner", "getRunnerManifest", "getRunnerHealth",
    ]  # fmt: skip
    runner = emulator.runners["runner-prod"]
    created = kinds_in_order(tmp_path / "up", "create")
    ours = [each for each in created if each in {RUNNER, MANIFEST, HEALTH}]
    assert ours == [RUNNER, MANIFEST, HEALTH]
    assert max(i for i, each in enumerate(created) if each == DEPLOYMENT) < created.index(HEALTH)

    shown = dev.outputs(show_secrets=True)
    [manifest] = dev.resources(MANIFEST)
    assert shown == {
        "runner_name": "runner-prod",
        "namespace": "kubiya-system",
        "manifest_sha256": manifest["outputs"]["sha256"],
        "manifest_url": emulator.manifest_url("runner-prod"),
        "version": "v2",
        "status": "healthy",
    }
    assert dev.outputs()["manifest_url"] == "[secret]"
    children_are_named_from_the_component(dev)

    dev.preview("--expect-no-changes")
    assert operations(emulator) == []

    # Of what is in the cluster, nothing is to be changed by another description.
    dev.configure({"description": "two"})
    planned = {step["urn"].split("::")[-1]: step["op"] for step in dev.preview_json()["steps"]}
    assert {name: op for name, op in planned.items() if op != "same"} == {
        "runner-prod-runner": "update"
    }
    dev.up("--skip-preview")
    assert operations(emulator) == ["describeRunner", "updateRunnerDescription"]

    dev.destroy("--skip-preview", "--event-log", str(tmp_path / "down"))
    gone = kinds_in_order(tmp_path / "down", "delete")
    assert gone.index(HEALTH) < min(
        i for i, each in enumerate(gone) if each.startswith("kubernetes:")
    )
    last = max(i for i, each in enumerate(gone) if each.startswith("kubernetes:"))
    assert last < gone.index(MANIFEST) < gone.index(RUNNER)
    assert operations(emulator) == ["describeRunner", "deleteRunner"]
    assert not emulator.runners
    left = tmp_path / "manifest.yaml"
    left.write_text(runner.manifest)
    assert not kubectl("get", "--filename", str(left), "--ignore-not-found", "--output=name")


def children_are_named_from_the_component(dev: Stack) -> None:
    parts = {each["type"]: each for each in dev.resources() if each["urn"].count("$") == 1}
    component = "kubiya:index:RunnerDeployment"
    assert {type_: each["urn"].split("::")[-1] for type_, each in parts.items()} == {
        RUNNER: "runner-prod-runner",
        MANIFEST: "runner-prod-manifest",
        OBJECTS: "runner-prod-objects",
        HEALTH: "runner-prod-health",
    }
    assert all(f"{component}$" in each["urn"] for each in parts.values())
    [whole] = dev.resources(component)
    assert set(whole["outputs"]) == {
        "runner_name", "namespace", "manifest_sha256", "manifest_url", "version", "status",
    }  # fmt: skip


def test_the_gate_waits_for_the_cluster_and_a_later_up_goes_on(
    stack: MakeStack, emulator: Emulator, kubectl: Kubectl
) -> None:
    """With skip_await only the gate knows that a Deployment does not become available."""
    dev = stack(PROGRAM, timeout="8", skipAwait="true")
    emulator.add_runner("runner-prod")
    good = emulator.runners["runner-prod"].manifest
    emulator.set_manifest("runner-prod", impossible(good))
    dev.rewrite(PROGRAM.replace("skip_await", "adopt_existing=True, skip_await"))
    failed = dev.up("--skip-preview", check=False)
    assert failed.returncode
    assert 'NotHealthyError: runner "runner-prod" is not healthy after 8 s' in failed.text
    assert 'check "tool-manager" is unhealthy' in failed.text
    assert 'check "agent-manager"' not in failed.text
    assert operations(emulator).count("getRunnerHealth") > 2
    kept = {each["type"] for each in dev.resources()}
    assert kept >= {RUNNER, MANIFEST, DEPLOYMENT}
    assert HEALTH not in kept

    # Mended upstream: the refresh brings the manifest in, and the gate opens.
    emulator.set_manifest("runner-prod", good)
    dev.configure({"timeout": "60"})
    operations(emulator)
    dev.up("--refresh", "--skip-preview")
    assert "createRunner" not in operations(emulator)
    assert dev.outputs()["status"] == "healthy"
    applied = kubectl.list("deployments", "--namespace=kubiya-system")
    assert not any("nodeSelector" in each["spec"]["template"]["spec"] for each in applied)
    dev.preview("--expect-no-changes")
    dev.destroy("--skip-preview")


def test_providers_and_transforms_of_the_options_reach_the_parts(
    stack: MakeStack, emulator: Emulator, control_plane: Path, kubectl: Kubectl
) -> None:
    """The API and the cluster of the stack are not those of the providers."""
    dev = stack(PROVIDERS, url=emulator.url)
    dev.configure(
        {"kubiya:baseUrl": "http://127.0.0.1:9", "kubernetes:kubeconfig": "no-such-file"},
        {"key": emulator.api_key, "kubeconfig": control_plane.read_text()},
    )
    dev.up("--skip-preview")
    assert "runner-prod" in emulator.runners
    deployments = kubectl.list("deployments", "--namespace=kubiya-system")
    assert {label(each) for each in deployments} == {"platform"}
    dev.preview("--expect-no-changes")
    dev.destroy("--skip-preview")
    assert not emulator.runners


def label(deployment: dict[str, Any]) -> str | None:
    return deployment["metadata"].get("labels", {}).get("team")
