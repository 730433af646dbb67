"""The health of a runner: by time, as set, and as a cluster has it."""

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from plain_client import Client

from kubiya_pulumi.emulator import ClusterError, DeploymentName, Emulator, HealthOverride, Runner
from kubiya_pulumi.emulator.cluster_health import Health, deployment_problem, runner_health

HERE = DeploymentName("kubiya-system", "tool-manager")
THERE = DeploymentName("kubiya-system", "agent-manager")


def runner(**fields: Any) -> Runner:
    values: dict[str, Any] = {
        "name": "runner-prod",
        "namespace": "kubiya-system",
        "created_at": 1000.0,
        "manifest_file": "f.yaml",
        "manifest": "",
        "deployments": (HERE, THERE),
    }
    return Runner(**{**values, **fields})


def health(each: Runner, *, now: float = 1000.0, after: float = 0.0, cluster: Any = None) -> Health:
    return runner_health(each, now=now, healthy_after_seconds=after, in_cluster=cluster)


def problems(state: Health) -> dict[str, str | None]:
    return {check.name: check.problem for check in state.checks}


def test_a_runner_is_healthy_from_some_age_on() -> None:
    young, old = health(runner(), now=1004.9, after=5), health(runner(), now=1005, after=5)
    assert problems(young) == {"tool-manager": "still starting", "agent-manager": "still starting"}
    assert young.problem == "tool-manager: still starting"
    assert (old.problem, old.time) == (None, "1970-01-01T00:16:45.000Z")
    assert health(runner(deployments=()), after=5).problem == "still starting"


def test_a_health_that_was_set_counts_alone() -> None:
    dead = {HERE: "gone", THERE: "gone"}
    assert health(runner(health=HealthOverride(True)), after=5, cluster=dead).problem is None
    sick = health(runner(health=HealthOverride(False)))
    assert set(problems(sick).values()) == {"set to unhealthy"}
    one = health(runner(health=HealthOverride(True, {"tool-manager": "no", "extra": "odd"})))
    assert problems(one) == {"tool-manager": "no", "agent-manager": None, "extra": "odd"}
    assert (
        health(runner(deployments=(), health=HealthOverride(False))).problem == "set to unhealthy"
    )


def test_a_cluster_counts_before_the_age() -> None:
    state = health(runner(), after=5, cluster={HERE: None, THERE: "0 of 1"})
    assert problems(state) == {"tool-manager": None, "agent-manager": "0 of 1"}
    assert health(runner(), after=5, cluster={HERE: None, THERE: None}).problem is None
    assert "no Deployment" in (health(runner(deployments=()), cluster={}).problem or "")


def deployment(
    *,
    wanted: int | None = None,
    available: int | None = None,
    generation: int = 1,
    seen: int = 1,
    conditions: tuple[tuple[str, str], ...] = (("Available", "True"),),
) -> dict[str, Any]:
    """A Deployment as the Kubernetes API gives it; None leaves a field out."""
    status = {"observedGeneration": seen, "availableReplicas": available}
    listed = [{"type": kind, "status": value, "message": "Why"} for kind, value in conditions]
    return {
        "metadata": {"generation": generation},
        "spec": {} if wanted is None else {"replicas": wanted},
        "status": {k: v for k, v in status.items() if v is not None} | {"conditions": listed},
    }


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        (deployment(available=1), None),
        (deployment(wanted=0), None),
        (deployment(wanted=2, available=3, generation=2, seen=2), None),
        (deployment(available=1, conditions=(("Progressing", "x"), ("Available", "True"))), None),
        ({}, "0 of 1 replicas are available: no pod is available yet"),
        ({"status": None, "spec": None, "metadata": None}, "0 of 1"),
        (deployment(available=1, conditions=()), "1 of 1 replicas are available: no pod"),
        (deployment(wanted=2, available=1), "1 of 2"),
        (deployment(available=1, generation=3, seen=2), "not rolled out"),
        (deployment(conditions=(("Available", "False"),)), "0 of 1 replicas are available: Why"),
    ],
)
def test_when_a_deployment_is_available(given: dict[str, Any], problem: str | None) -> None:
    found = deployment_problem(given)
    assert found is None if problem is None else problem in (found or "")


def test_the_list_agrees_with_the_health(client: Client) -> None:
    emulator = client.emulator
    emulator.add_runner("runner-prod")
    emulator.set_health("runner-prod", failing={"agent-manager": "no route"})
    checks = {each["name"]: each for each in client.health("runner-prod").json()["checks"]}
    [listed] = client.list().json()
    assert listed["tool_manager_health"]["status"] == checks["tool-manager"]["status"] == "healthy"
    assert checks["agent-manager"]["error"] == listed["agent_manager_health"]["error"] == "no route"
    assert listed["runner_health"]["status"] == "unhealthy"
    assert client.health("runner-prod").json()["status"] == "unhealthy"
    emulator.set_health("runner-prod")
    assert client.health("runner-prod").json()["status"] == "healthy"
    emulator.configure(healthy_after_seconds=1000)
    assert client.health("runner-prod").json()["status"] == "unhealthy"
    emulator.set_manifest("runner-prod", "no: deployments")
    assert client.health("runner-prod").json()["checks"] == []
    assert "tool_manager_health" not in client.list().json()[0]


@pytest.fixture
def dead_cluster(tmp_path: Path) -> Iterator[Path]:
    """A kubeconfig for a port at which nobody answers."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        server = f"http://127.0.0.1:{held.getsockname()[1]}"
        content = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "dead",
            "contexts": [{"name": "dead", "context": {"cluster": "dead", "user": "nobody"}}],
            "clusters": [{"name": "dead", "cluster": {"server": server}}],
            "users": [{"name": "nobody", "user": {}}],
        }
        kubeconfig = tmp_path / "kubeconfig"
        kubeconfig.write_text(yaml.safe_dump(content))
        yield kubeconfig


def test_a_cluster_out_of_reach_is_a_reason_not_a_failure(dead_cluster: Path) -> None:
    with Emulator(follow_cluster=dead_cluster) as emulator:
        emulator.add_runner("runner-prod")
        client = Client(emulator)
        with client.session:
            answer = client.health("runner-prod")
            assert (answer.status_code, answer.json()["status"]) == (200, "unhealthy")
            errors = {each["error"] for each in answer.json()["checks"]}
            assert errors == {"the cluster cannot be reached (NewConnectionError)"}
            assert client.list().json()[0]["runner_health"]["status"] == "unhealthy"


@pytest.mark.parametrize("content", [None, "", "text", "a: [", "apiVersion: v1\nkind: Config\n"])
def test_a_kubeconfig_that_cannot_be_used(tmp_path: Path, content: str | None) -> None:
    kubeconfig = tmp_path / "kubeconfig"
    if content is not None:
        kubeconfig.write_text(content)
    with pytest.raises(ClusterError, match="kubeconfig"):
        Emulator(follow_cluster=kubeconfig)
