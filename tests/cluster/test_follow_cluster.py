"""An emulator that follows a cluster: a runner is as healthy as its Deployments."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
import yaml

from kubiya_pulumi.api import Connection, RunnerHealth, RunnersClient
from kubiya_pulumi.emulator import Emulator
from tests.harness.kubectl import Kubectl

pytestmark = pytest.mark.cluster


def health(emulator: Emulator) -> RunnerHealth:
    with RunnersClient(Connection(api_key=emulator.api_key, base_url=emulator.url)) as client:
        return client.get_runner_health("followed")


def failing(emulator: Emulator) -> set[str]:
    return {check.name for check in health(emulator).checks if not check.healthy}


ALL = {"agent-manager", "kubiya-operator", "tool-manager", "workflow-engine"}


def test_a_runner_is_as_healthy_as_its_deployments(
    emulator: Emulator, control_plane: Path, tmp_path: Path
):
    kubectl = Kubectl(control_plane)
    runner = emulator.add_runner("followed", namespace="followed")
    assert not health(emulator).healthy
    assert failing(emulator) == ALL

    manifest = tmp_path / "manifest.yaml"
    manifest.write_text(runner.manifest)
    kubectl("apply", "--server-side", "--filename", str(manifest))
    for name in ALL:
        kubectl("rollout", "status", f"deployment/{name}", "--namespace=followed", "--timeout=60s")
    assert health(emulator).healthy
    assert failing(emulator) == set()

    kubectl("delete", "deployment/tool-manager", "--namespace=followed", "--wait")
    assert not health(emulator).healthy
    assert failing(emulator) == {"tool-manager"}

    kubectl("delete", "--filename", str(manifest), "--ignore-not-found", "--wait")
    assert failing(emulator) == ALL
    emulator.remove_runner("followed")


def test_a_cluster_that_cannot_be_reached_makes_every_runner_sick(
    control_plane: Path, tmp_path: Path
):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    config = yaml.safe_load(control_plane.read_text())
    for each in config["clusters"]:
        each["cluster"]["server"] = f"https://127.0.0.1:{port}"
    unreachable = tmp_path / "kubeconfig"
    unreachable.write_text(yaml.safe_dump(config))
    with Emulator(follow_cluster=unreachable) as emulator:
        emulator.add_runner("followed")
        assert not health(emulator).healthy
        assert all("cluster" in (check.error or "") for check in health(emulator).checks)
