"""The control plane is a real one, and nothing of it is left, however its user ends."""

from __future__ import annotations

import os
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import cluster as cluster_module
import pytest
from cluster import ClusterError, ControlPlane, cluster

from tests.harness.kubectl import Kubectl
from tests.harness.secrets import find_secrets
from tests.harness.toolchain import ROOT

own_control_plane = pytest.mark.skipif(
    bool(os.environ.get("KUBECONFIG")),
    reason="KUBECONFIG names a cluster, so that set-up has built no control plane",
)

PARTS = ["etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kwok"]


def processes(folder: Path) -> list[int]:
    """The processes that have the folder on their command line."""
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if str(folder).encode() in file.read_bytes():
                found.append(int(file.parent.name))
        except OSError:
            continue
    return found


def wait_for(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.cluster
def test_deployments_become_available(control_plane: Path) -> None:
    kubectl = Kubectl(control_plane)
    kubectl("create", "namespace", "harness")
    try:
        kubectl("create", "deployment", "web", "--image=example/web", "--namespace=harness")
        kubectl(
            "wait", "deployment/web", "--for=condition=Available", "--timeout=60s",
            "--namespace=harness",
        )  # fmt: skip
        [pod] = kubectl.list("pods", "--namespace=harness")
        assert pod["spec"]["serviceAccountName"] == "default"
    finally:
        kubectl("delete", "namespace", "harness", "--timeout=60s")
    assert "harness" not in {each["metadata"]["name"] for each in kubectl.list("namespaces")}


@pytest.mark.cluster
def test_the_node_keeps_its_lease(control_plane: Path) -> None:
    """Without one the node is taken for lost after 50 s, and no Deployment stays available."""
    kubectl = Kubectl(control_plane)
    kubectl(
        "wait", "lease/node-1", "--namespace=kube-node-lease", "--for=create", "--timeout=60s"
    )  # fmt: skip
    [lease] = kubectl.list("lease", "--namespace=kube-node-lease")
    assert lease["spec"]["renewTime"]


@own_control_plane
@pytest.mark.cluster
def test_a_given_folder_keeps_the_logs_and_no_process(tmp_path: Path) -> None:
    with ControlPlane(tmp_path) as control_plane:
        kubeconfig = control_plane.kubeconfig
        assert stat.S_IMODE(kubeconfig.stat().st_mode) == 0o600
        token = Kubectl(kubeconfig)(
            "config", "view", "--raw", "--output=jsonpath={.users[0].user.token}"
        )
        control_plane.check()
    assert processes(tmp_path) == []
    logs = {path.stem: path.read_bytes() for path in tmp_path.glob("*.log")}
    assert sorted(logs) == PARTS
    assert not find_secrets([token], **logs)


@own_control_plane
@pytest.mark.cluster
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_nothing_is_left_of_an_ended_program(how: signal.Signals) -> None:
    command = [sys.executable, str(ROOT / "tools" / "cluster.py"), "run"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        folder = Path(program.stdout.readline().strip().removeprefix("export KUBECONFIG=")).parent
        assert len(processes(folder)) > len(PARTS), "the parts, and the guard"
        program.send_signal(how)
    wait_for(lambda: not processes(folder))
    wait_for(lambda: not folder.exists())


@own_control_plane
@pytest.mark.cluster
def test_a_port_that_was_taken_meanwhile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    free_ports = cluster_module._free_ports
    asked = []

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()

        def unlucky(count: int) -> list[int]:
            asked.append(count)
            client, peer, port = free_ports(count)
            return [client, peer, taken.getsockname()[1] if len(asked) == 1 else port]

        monkeypatch.setattr(cluster_module, "_free_ports", unlucky)
        with ControlPlane(tmp_path) as control_plane:
            control_plane.check()
    assert len(asked) == 2
    assert processes(tmp_path) == []


def fake_toolchain(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [*PARTS, "kwok-stages.yaml"]:
        (folder / name).write_text(f"#!/bin/sh\n{script}\n")
        (folder / name).chmod(0o755)
    monkeypatch.setattr(cluster_module, "BIN", folder)


def test_a_part_that_dies_is_told_with_its_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_toolchain(tmp_path, "echo the disk is full; exit 3", monkeypatch)
    with (
        pytest.raises(ClusterError, match=r"(?s)ended with exit status 3.*the disk is full"),
        ControlPlane(tmp_path / "data"),
    ):
        pytest.fail("it cannot have started")
    assert processes(tmp_path / "data") == []


def test_a_part_that_hangs_is_told_after_the_time_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_toolchain(tmp_path, "echo still thinking; sleep 600", monkeypatch)
    monkeypatch.setattr(cluster_module, "START_SECONDS", 0.3)
    with (
        pytest.raises(ClusterError, match=r"(?s)waiting for kube-apiserver.*still thinking"),
        ControlPlane(tmp_path / "data"),
    ):
        pytest.fail("it cannot have started")
    assert processes(tmp_path / "data") == []


def test_missing_tools_say_how_to_get_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster_module, "BIN", tmp_path)
    monkeypatch.setenv("PATH", os.defpath)
    with pytest.raises(ClusterError, match="run make tools"), ControlPlane():
        pytest.fail("it cannot have started")


def test_the_cluster_in_kubeconfig_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = tmp_path / "given"
    given.write_text("{}")
    monkeypatch.setenv("KUBECONFIG", str(given))
    monkeypatch.setattr(cluster_module, "ControlPlane", None)
    with cluster() as kubeconfig:
        assert kubeconfig == given
    assert given.read_text() == "{}"


def test_a_kubeconfig_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "gone"))
    with pytest.raises(ClusterError, match=r"KUBECONFIG names .*gone, which is no file"), cluster():
        pytest.fail("there is no cluster")
