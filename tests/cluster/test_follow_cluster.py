"""With `follow_cluster`, the health of a runner is that of its Deployments."""

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


def failing_checks(emulator: Emulator) -> set[str]:
    return {check.name for check in health(emulator).checks if not check.healthy}


ALL_CHECKS = {"agent-manager", "kubiya-operator", "tool-manager", "workflow-engine"}


def test_the_health_of_a_runner_follows_its_deployments(
    emulator: Emulator, control_plane: Path, tmp_path: Path
):
    kubectl = Kubectl(control_plane)
    runner = emulator.add_runner("followed", namespace="followed")
    assert not health(emulator).healthy
    assert failing_checks(emulator) == ALL_CHECKS

    manifest = tmp_path / "manifest.yaml"
    manifest.write_text(runner.manifest)
    kubectl("apply", "--server-side", "--filename", str(manifest))
    for name in ALL_CHECKS:
        kubectl("rollout", "status", f"deployment/{name}", "--namespace=followed", "--timeout=60s")
    assert health(emulator).healthy
    assert failing_checks(emulator) == set()

    kubectl("delete", "deployment/tool-manager", "--namespace=followed", "--wait")
    assert not health(emulator).healthy
    assert failing_checks(emulator) == {"tool-manager"}

    kubectl("delete", "--filename", str(manifest), "--ignore-not-found", "--wait")
    assert failing_checks(emulator) == ALL_CHECKS
    emulator.remove_runner("followed")


def test_an_unreachable_cluster_makes_every_runner_unhealthy(control_plane: Path, tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    config = yaml.safe_load(control_plane.read_text())
    for entry in config["clusters"]:
        entry["cluster"]["server"] = f"https://127.0.0.1:{port}"
    unreachable = tmp_path / "kubeconfig"
    unreachable.write_text(yaml.safe_dump(config))
    with Emulator(follow_cluster=unreachable) as emulator:
        emulator.add_runner("followed")
        assert not health(emulator).healthy
        assert all("cluster" in (check.error or "") for check in health(emulator).checks)
