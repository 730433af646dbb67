"""The health of a runner: by age, as set, and by the followed cluster."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml
from plain_client import Client

from kubiya_pulumi.emulator import ClusterError, DeploymentName, Emulator, HealthOverride, Runner
from kubiya_pulumi.emulator.cluster_health import Cluster, Health, deployment_problem, runner_health

HERE = DeploymentName("kubiya-system", "tool-manager")
THERE = DeploymentName("kubiya-system", "agent-manager")


def make_runner(**fields: Any) -> Runner:
    values: dict[str, Any] = {
        "name": "runner-prod",
        "namespace": "kubiya-system",
        "created_at": 1000.0,
        "manifest_file": "f.yaml",
        "manifest": "",
        "deployments": (HERE, THERE),
    }
    return Runner(**{**values, **fields})


def health(
    runner: Runner, *, now: float = 1000.0, after: float = 0.0, cluster: Any = None
) -> Health:
    return runner_health(runner, now=now, healthy_after_seconds=after, in_cluster=cluster)


def problems(health: Health) -> dict[str, str | None]:
    return {check.name: check.problem for check in health.checks}


def test_a_runner_becomes_healthy_with_age() -> None:
    young, old = (
        health(make_runner(), now=1004.9, after=5),
        health(make_runner(), now=1005, after=5),
    )
    assert problems(young) == {"tool-manager": "still starting", "agent-manager": "still starting"}
    assert young.problem == "tool-manager: still starting"
    assert (old.problem, old.time) == (None, "1970-01-01T00:16:45.000Z")
    assert health(make_runner(deployments=()), after=5).problem == "still starting"


def test_a_health_that_was_set_overrides_everything() -> None:
    dead = {HERE: "gone", THERE: "gone"}
    assert health(make_runner(health=HealthOverride(True)), after=5, cluster=dead).problem is None
    unhealthy = health(make_runner(health=HealthOverride(False)))
    assert set(problems(unhealthy).values()) == {"set to unhealthy"}
    one = health(
        make_runner(health=HealthOverride(True, {"tool-manager": "no", "extra": "broken"}))
    )
    assert problems(one) == {"tool-manager": "no", "agent-manager": None, "extra": "broken"}
    assert (
        health(make_runner(deployments=(), health=HealthOverride(False))).problem
        == "set to unhealthy"
    )


def test_the_cluster_overrides_the_age() -> None:
    in_cluster = health(make_runner(), after=5, cluster={HERE: None, THERE: "0 of 1"})
    assert problems(in_cluster) == {"tool-manager": None, "agent-manager": "0 of 1"}
    assert health(make_runner(), after=5, cluster={HERE: None, THERE: None}).problem is None
    assert "no Deployment" in (health(make_runner(deployments=()), cluster={}).problem or "")


def deployment(
    *,
    wanted: int | None = None,
    available: int | None = None,
    generation: int = 1,
    observed: int = 1,
    conditions: tuple[tuple[str, str], ...] = (("Available", "True"),),
) -> dict[str, Any]:
    """Return a Deployment as the Kubernetes API does; None omits a field."""
    status = {"observedGeneration": observed, "availableReplicas": available}
    listed = [{"type": kind, "status": value, "message": "Why"} for kind, value in conditions]
    return {
        "metadata": {"generation": generation},
        "spec": {} if wanted is None else {"replicas": wanted},
        "status": {k: v for k, v in status.items() if v is not None} | {"conditions": listed},
    }


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (deployment(available=1), None),
        (deployment(wanted=0), None),
        (deployment(wanted=2, available=3, generation=2, observed=2), None),
        (deployment(available=1, conditions=(("Progressing", "x"), ("Available", "True"))), None),
        ({}, "0 of 1 replicas are available: no pod is available yet"),
        ({"status": None, "spec": None, "metadata": None}, "0 of 1"),
        (deployment(available=1, conditions=()), "1 of 1 replicas are available: no pod"),
        (deployment(wanted=2, available=1), "1 of 2"),
        (deployment(available=1, generation=3, observed=2), "not rolled out"),
        (deployment(conditions=(("Available", "False"),)), "0 of 1 replicas are available: Why"),
    ],
)
def test_when_a_deployment_is_available(content: dict[str, Any], problem: str | None) -> None:
    actual = deployment_problem(content)
    assert actual is None if problem is None else problem in (actual or "")


def test_the_list_and_the_health_agree(client: Client) -> None:
    emulator = client.emulator
    emulator.add_runner("runner-prod")
    emulator.set_health("runner-prod", failing={"agent-manager": "no route"})
    checks = {check["name"]: check for check in client.health("runner-prod").json()["checks"]}
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


def write_kubeconfig(folder: Path, port: int) -> Path:
    """Write a kubeconfig for a cluster on loopback, and return its path."""
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "local",
        "contexts": [{"name": "local", "context": {"cluster": "local", "user": "anonymous"}}],
        "clusters": [{"name": "local", "cluster": {"server": f"http://127.0.0.1:{port}"}}],
        "users": [{"name": "anonymous", "user": {}}],
    }
    kubeconfig = folder / "kubeconfig"
    kubeconfig.write_text(yaml.safe_dump(content))
    return kubeconfig


@pytest.fixture
def dead_cluster(tmp_path: Path) -> Iterator[Path]:
    """A kubeconfig for a port that refuses connections."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        yield write_kubeconfig(tmp_path, sock.getsockname()[1])


@contextmanager
def serve_cluster(folder: Path, status: int, body: str) -> Iterator[Path]:
    """Serve the same response to each request, and provide a kubeconfig."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None:
            """Log nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield write_kubeconfig(folder, server.server_port)
        finally:
            server.shutdown()
            thread.join()


AVAILABLE = {"availableReplicas": 1, "conditions": [{"type": "Available", "status": "True"}]}


@pytest.mark.parametrize(
    ("status", "body", "found"),
    [
        (403, "{}", {HERE: "the cluster returned 403 Forbidden"}),
        (200, "text", {HERE: "the cluster's response cannot be parsed"}),
        (200, "[]", {HERE: "the cluster's response cannot be parsed"}),
        (200, "{}", {HERE: "the cluster's response cannot be parsed"}),
        (
            200,
            json.dumps({"items": [{"metadata": {"name": HERE.name}, "status": AVAILABLE}]}),
            {HERE: None},
        ),
        (
            200,
            '{"items": []}',
            {HERE: f"Deployment {HERE.name} does not exist in namespace {HERE.namespace}"},
        ),
    ],
)
def test_each_response_of_a_cluster(
    tmp_path: Path, status: int, body: str, found: dict[DeploymentName, str | None]
) -> None:
    with (
        serve_cluster(tmp_path, status, body) as kubeconfig,
        closing(Cluster(kubeconfig)) as cluster,
    ):
        assert cluster.problems([HERE]) == found


def test_an_unreachable_cluster_makes_runners_unhealthy(dead_cluster: Path) -> None:
    with Emulator(follow_cluster=dead_cluster) as emulator:
        emulator.add_runner("runner-prod")
        client = Client(emulator)
        with client.session:
            response = client.health("runner-prod")
            assert (response.status_code, response.json()["status"]) == (200, "unhealthy")
            errors = {check["error"] for check in response.json()["checks"]}
            assert errors == {"the cluster cannot be reached (NewConnectionError)"}
            assert client.list().json()[0]["runner_health"]["status"] == "unhealthy"


@pytest.mark.parametrize("content", [None, "", "text", "a: [", "apiVersion: v1\nkind: Config\n"])
def test_an_unusable_kubeconfig(tmp_path: Path, content: str | None) -> None:
    kubeconfig = tmp_path / "kubeconfig"
    if content is not None:
        kubeconfig.write_text(content)
    emulator = Emulator(follow_cluster=kubeconfig)
    with pytest.raises(ClusterError, match="kubeconfig"):
        emulator.start()
