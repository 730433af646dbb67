"""The control plane works, and leaves nothing behind however its user ends."""

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

needs_own_control_plane = pytest.mark.skipif(
    bool(os.environ.get("KUBECONFIG")),
    reason="the control plane is not built if KUBECONFIG is set",
)

COMPONENTS = ["etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kwok"]


def processes(folder: Path) -> list[int]:
    """Return the ids of the processes whose command line contains the folder."""
    pids = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if str(folder).encode() in file.read_bytes():
                pids.append(int(file.parent.name))
        except OSError:
            continue
    return pids


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
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
    namespaces = {namespace["metadata"]["name"] for namespace in kubectl.list("namespaces")}
    assert "harness" not in namespaces


@pytest.mark.cluster
def test_the_node_renews_its_lease(control_plane: Path) -> None:
    """Without a lease the node is considered lost after 50 s, and its Pods become unready."""
    kubectl = Kubectl(control_plane)
    kubectl(
        "wait", "lease/node-1", "--namespace=kube-node-lease", "--for=create", "--timeout=60s"
    )  # fmt: skip
    [lease] = kubectl.list("lease", "--namespace=kube-node-lease")
    assert lease["spec"]["renewTime"]


@needs_own_control_plane
@pytest.mark.cluster
def test_a_given_folder_keeps_the_logs_and_all_processes_end(tmp_path: Path) -> None:
    with ControlPlane(tmp_path) as control_plane:
        kubeconfig = control_plane.kubeconfig
        assert stat.S_IMODE(kubeconfig.stat().st_mode) == 0o600
        token = Kubectl(kubeconfig)(
            "config", "view", "--raw", "--output=jsonpath={.users[0].user.token}"
        )
        control_plane.check()
    assert processes(tmp_path) == []
    logs = {path.stem: path.read_bytes() for path in tmp_path.glob("*.log")}
    assert sorted(logs) == COMPONENTS
    assert not find_secrets([token], **logs)


@needs_own_control_plane
@pytest.mark.cluster
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_killed_program_leaves_no_processes_and_no_files(number: signal.Signals) -> None:
    command = [sys.executable, str(ROOT / "tools" / "cluster.py"), "run"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        folder = Path(program.stdout.readline().strip().removeprefix("export KUBECONFIG=")).parent
        assert len(processes(folder)) > len(COMPONENTS), "the components and the guard"
        program.send_signal(number)
    wait_for(lambda: not processes(folder))
    wait_for(lambda: not folder.exists())


@needs_own_control_plane
@pytest.mark.cluster
def test_the_start_is_retried_if_a_port_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    free_ports = cluster_module._free_ports
    requests = []

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()

        def first_port_taken(count: int) -> list[int]:
            requests.append(count)
            client, peer, port = free_ports(count)
            return [client, peer, taken.getsockname()[1] if len(requests) == 1 else port]

        monkeypatch.setattr(cluster_module, "_free_ports", first_port_taken)
        with ControlPlane(tmp_path) as control_plane:
            control_plane.check()
    assert len(requests) == 2
    assert processes(tmp_path) == []


def fake_toolchain(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [*COMPONENTS, "kwok-stages.yaml"]:
        (folder / name).write_text(f"#!/bin/sh\n{script}\n")
        (folder / name).chmod(0o755)
    monkeypatch.setattr(cluster_module, "BIN", folder)


def test_a_component_that_ends_is_reported_with_its_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_toolchain(tmp_path, "echo the disk is full; exit 3", monkeypatch)
    with (
        pytest.raises(ClusterError, match=r"(?s)ended with exit status 3.*the disk is full"),
        ControlPlane(tmp_path / "data"),
    ):
        pytest.fail("the control plane started")
    assert processes(tmp_path / "data") == []


def test_a_component_that_hangs_is_reported_after_the_timeout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_toolchain(tmp_path, "echo still thinking; sleep 600", monkeypatch)
    monkeypatch.setattr(cluster_module, "START_SECONDS", 0.3)
    with (
        pytest.raises(ClusterError, match=r"(?s)waiting for kube-apiserver.*still thinking"),
        ControlPlane(tmp_path / "data"),
    ):
        pytest.fail("the control plane started")
    assert processes(tmp_path / "data") == []


def test_the_error_about_a_missing_tool_says_how_to_install_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster_module, "BIN", tmp_path)
    monkeypatch.setenv("PATH", os.defpath)
    with pytest.raises(ClusterError, match="run make tools"), ControlPlane():
        pytest.fail("the control plane started")


def test_the_cluster_of_kubeconfig_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = tmp_path / "given"
    given.write_text("{}")
    monkeypatch.setenv("KUBECONFIG", str(given))
    monkeypatch.setattr(cluster_module, "ControlPlane", None)
    with cluster() as kubeconfig:
        assert kubeconfig == given
    assert given.read_text() == "{}"


def test_a_missing_kubeconfig_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "gone"))
    with pytest.raises(ClusterError, match=r"KUBECONFIG is .*gone, which is not a file"), cluster():
        pytest.fail("the missing file was accepted")
