"""RunnerDeployment on the real engine and a real cluster, which the emulator follows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from kubiya_pulumi.emulator import Emulator
from tests.cluster.conftest import MakeStack
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


def kinds_in_order(events: Path, step: str) -> list[str]:
    """Return the types of the resources in the order in which the engine completed a step."""
    types = []
    for line in events.read_text().splitlines():
        metadata = json.loads(line).get("resOutputsEvent", {}).get("metadata", {})
        if metadata.get("op") == step:
            types.append(metadata["type"])
    return types


def operations(emulator: Emulator) -> list[str | None]:
    names = [call.operation for call in emulator.calls]
    emulator.clear_calls()
    return names


def with_unschedulable_deployment(manifest: str) -> str:
    """Return the manifest with a Deployment that no node can run."""
    objects = list(yaml.safe_load_all(manifest))
    [deployment] = [
        candidate
        for candidate in objects
        if (candidate["kind"], candidate["metadata"]["name"]) == ("Deployment", "tool-manager")
    ]
    deployment["spec"]["template"]["spec"]["nodeSelector"] = {"no-node-has": "this"}
    return yaml.safe_dump_all(objects)


@pytest.mark.lifecycle
def test_a_deployment_is_created_updated_and_destroyed_in_order(
    stack: MakeStack, emulator: Emulator, kubectl: Kubectl, tmp_path: Path
) -> None:
    dev = stack(PROGRAM, description="one")
    dev.up("--skip-preview", "--event-log", str(tmp_path / "up"))
    assert operations(emulator) == [
        "listRunners", "createRunner", "listRunners", "getRunnerManifest", "getRunnerHealth",
    ]  # fmt: skip
    runner = emulator.runners["runner-prod"]
    created = kinds_in_order(tmp_path / "up", "create")
    own = [type_ for type_ in created if type_ in {RUNNER, MANIFEST, HEALTH}]
    assert own == [RUNNER, MANIFEST, HEALTH]
    assert last_index(created, DEPLOYMENT) < created.index(HEALTH)

    [manifest] = dev.resources(MANIFEST)
    assert dev.outputs(show_secrets=True) == {
        "runner_name": "runner-prod",
        "namespace": "kubiya-system",
        "manifest_sha256": manifest["outputs"]["sha256"],
        "manifest_url": emulator.manifest_url("runner-prod"),
        "version": "v2",
        "status": "healthy",
    }
    assert dev.outputs()["manifest_url"] == "[secret]"
    assert_children_are_named_after_the_component(dev)

    dev.preview("--expect-no-changes")
    assert operations(emulator) == []

    # A changed description does not affect the objects in the cluster.
    dev.configure({"description": "two"})
    planned = {step["urn"].split("::")[-1]: step["op"] for step in dev.preview_json()["steps"]}
    assert {name: op for name, op in planned.items() if op != "same"} == {
        "runner-prod-runner": "update"
    }
    dev.up("--skip-preview")
    assert operations(emulator) == ["listRunners", "updateRunnerDescription"]

    dev.destroy("--skip-preview", "--event-log", str(tmp_path / "down"))
    deleted = kinds_in_order(tmp_path / "down", "delete")
    in_the_cluster = [type_ for type_ in deleted if type_.startswith("kubernetes:")]
    assert deleted.index(HEALTH) < deleted.index(in_the_cluster[0])
    assert last_index(deleted, in_the_cluster[-1]) < deleted.index(MANIFEST)
    assert deleted.index(MANIFEST) < deleted.index(RUNNER)
    assert operations(emulator) == ["listRunners", "deleteRunner", "listRunners"]
    assert not emulator.runners
    manifest_file = tmp_path / "manifest.yaml"
    manifest_file.write_text(runner.manifest)
    kept = kubectl("get", "--filename", str(manifest_file), "--ignore-not-found", "--output=name")
    assert kept.split() == ["namespace/kubiya-system"]


def last_index(types: list[str], type_: str) -> int:
    return max(index for index, candidate in enumerate(types) if candidate == type_)


def assert_children_are_named_after_the_component(dev: Stack) -> None:
    children = {
        resource["type"]: resource
        for resource in dev.resources()
        if resource["urn"].count("$") == 1
    }
    component = "kubiya:index:RunnerDeployment"
    assert {type_: child["urn"].split("::")[-1] for type_, child in children.items()} == {
        RUNNER: "runner-prod-runner",
        MANIFEST: "runner-prod-manifest",
        OBJECTS: "runner-prod-objects",
        HEALTH: "runner-prod-health",
    }
    assert all(f"{component}$" in child["urn"] for child in children.values())
    [deployment] = dev.resources(component)
    assert set(deployment["outputs"]) == {
        "runner_name", "namespace", "manifest_sha256", "manifest_url", "version", "status",
    }  # fmt: skip


def test_the_health_wait_depends_on_the_cluster_and_a_later_up_continues(
    stack: MakeStack, emulator: Emulator, kubectl: Kubectl
) -> None:
    """With skip_await only the health wait detects that a Deployment is not available."""
    dev = stack(PROGRAM, timeout="8", skipAwait="true")
    emulator.add_runner("runner-prod")
    good = emulator.runners["runner-prod"].manifest
    emulator.set_manifest("runner-prod", with_unschedulable_deployment(good))
    dev.rewrite(PROGRAM.replace("skip_await", "adopt_existing=True, skip_await"))
    failed = dev.up("--skip-preview", check=False)
    assert failed.returncode
    assert 'error: runner "runner-prod" is not healthy after 8 s' in failed.text
    assert 'check "tool-manager" is unhealthy' in failed.text
    assert 'check "agent-manager"' not in failed.text
    assert operations(emulator).count("getRunnerHealth") > 2
    types = {resource["type"] for resource in dev.resources()}
    assert types >= {RUNNER, MANIFEST, DEPLOYMENT}
    assert HEALTH not in types

    # The manifest is corrected upstream: a refresh downloads it, and the wait succeeds.
    emulator.set_manifest("runner-prod", good)
    dev.configure({"timeout": "60"})
    operations(emulator)
    dev.up("--refresh", "--skip-preview")
    assert "createRunner" not in operations(emulator)
    assert dev.outputs()["status"] == "healthy"
    for deployment in kubectl.list("deployments", "--namespace=kubiya-system"):
        assert "nodeSelector" not in deployment["spec"]["template"]["spec"]
    dev.preview("--expect-no-changes")
    dev.destroy("--skip-preview")


def test_providers_and_transforms_of_the_options_apply_to_the_children(
    stack: MakeStack, emulator: Emulator, control_plane: Path, kubectl: Kubectl
) -> None:
    """The providers use another API and another cluster than the stack."""
    dev = stack(PROVIDERS, url=emulator.url)
    dev.configure(
        {"kubiya:baseUrl": "http://127.0.0.1:9", "kubernetes:kubeconfig": "no-such-file"},
        {"key": emulator.api_key, "kubeconfig": control_plane.read_text()},
    )
    dev.up("--skip-preview")
    assert "runner-prod" in emulator.runners
    deployments = kubectl.list("deployments", "--namespace=kubiya-system")
    assert {label(deployment) for deployment in deployments} == {"platform"}
    dev.preview("--expect-no-changes")
    dev.destroy("--skip-preview")
    assert not emulator.runners


def label(deployment: dict[str, Any]) -> str | None:
    return deployment["metadata"].get("labels", {}).get("team")
