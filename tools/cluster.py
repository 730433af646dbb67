#!/usr/bin/env python3
"""Run a real Kubernetes control plane on loopback. It starts in seconds and leaves nothing behind.

etcd, kube-apiserver, kube-controller-manager and kube-scheduler are the real programs. kwok
simulates the kubelet of a single node, so Pods become ready without running anything.

    tools/cluster.py run            print the path of a kubeconfig and wait for Ctrl-C

Python programs call `cluster()`, which prefers the cluster of KUBECONFIG.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import os
import secrets
import shutil
import socket
import ssl
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from credentials import kubeconfig, new_signing_key, write_private
from guard import Guard, ProcessDiedError

BIN = Path(__file__).resolve().parent.parent / ".tools" / "bin"
START_SECONDS = 120.0
"""The timeout for a start, which takes about 4 s on an idle machine."""
ATTEMPTS = 3
"""How often to try to start if another process takes a port that was free a moment ago."""


class ClusterError(RuntimeError):
    """The control plane did not start. The message names the component and the reason."""


class ControlPlane:
    """A new control plane, which runs inside the `with` block.

    Args:
        folder: the folder for data and logs, which is kept. Default: a temporary folder that is
            removed at the end.

    Raises:
        ClusterError: on entry, with the last lines of the log of the component that failed.
    """

    kubeconfig: Path
    """The path of a kubeconfig with full access, valid inside the `with` block."""

    def __init__(self, folder: Path | None = None) -> None:
        self._given_folder = folder

    def __enter__(self) -> Self:
        if self._given_folder:
            self._given_folder.mkdir(parents=True, exist_ok=True)
        self._folder = self._given_folder or Path(tempfile.mkdtemp(prefix="kubiya-control-plane-"))
        self.kubeconfig = self._folder / "kubeconfig"
        with contextlib.ExitStack() as stack:
            self._guard = stack.enter_context(
                Guard(self._folder, remove_folder=self._given_folder is None)
            )
            self._start()
            self._exit = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._exit.close()

    def check(self) -> None:
        """Check that every component is still running.

        Raises:
            ProcessDiedError: a component has ended.
        """
        self._guard.check()

    def _start(self) -> None:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                self._start_api_server()
                break
            except ProcessDiedError as error:
                if "address already in use" not in str(error) or attempt == ATTEMPTS:
                    raise ClusterError(f"the control plane did not start: {error}") from None
        try:
            self._start_controllers()
        except ProcessDiedError as error:
            raise ClusterError(f"the control plane did not start: {error}") from None

    def _start_api_server(self) -> None:
        client, peer, port = _free_ports(3)
        etcd_url, peer_url = f"http://127.0.0.1:{client}", f"http://127.0.0.1:{peer}"
        token = secrets.token_urlsafe(32)
        certificates = self._folder / f"certificates-{port}"
        key = write_private(self._folder / "service-accounts.key", new_signing_key())
        tokens = write_private(self._folder / "tokens.csv", f"{token},admin,admin,system:masters\n")
        self._guard.start(
            "etcd", _tool("etcd"), "--unsafe-no-fsync", "--log-level=warn",
            f"--data-dir={self._folder / f'etcd-{client}'}",
            f"--listen-client-urls={etcd_url}", f"--advertise-client-urls={etcd_url}",
            f"--listen-peer-urls={peer_url}", f"--initial-advertise-peer-urls={peer_url}",
            f"--initial-cluster=default={peer_url}",
        )  # fmt: skip
        self._guard.start(
            "kube-apiserver", _tool("kube-apiserver"), f"--etcd-servers={etcd_url}",
            f"--secure-port={port}", "--bind-address=127.0.0.1", "--advertise-address=127.0.0.1",
            "--endpoint-reconciler-type=none", f"--cert-dir={certificates}",
            f"--token-auth-file={tokens}", "--authorization-mode=RBAC",
            # As usual in clusters: Pod Security decides about privileged containers.
            "--allow-privileged=true",
            f"--service-account-key-file={key}", f"--service-account-signing-key-file={key}",
            "--service-account-issuer=https://kubernetes.default.svc",
            "--service-cluster-ip-range=10.0.0.0/24",
        )  # fmt: skip
        authority = certificates / "apiserver.crt"
        self._wait("kube-apiserver", authority.exists)
        self._api = _Api(port, token, authority)
        self._wait("kube-apiserver", lambda: self._api.get("/readyz") is not None)
        write_private(self.kubeconfig, json.dumps(kubeconfig(port, token, authority), indent=2))

    def _start_controllers(self) -> None:
        self._api.post("/api/v1/nodes", _NODE)
        access = f"--kubeconfig={self.kubeconfig}"
        self._guard.start(
            "kube-controller-manager", _tool("kube-controller-manager"), access,
            f"--service-account-private-key-file={self._folder / 'service-accounts.key'}",
            "--controllers=*,-node-ipam-controller,-service-lb-controller",
            # The node is simulated and cannot fail. If it were considered dead because of a late
            # heartbeat, its Pods would be marked unready, which kwok does not undo.
            "--node-monitor-grace-period=24h",
            "--leader-elect=false", "--secure-port=0",
        )  # fmt: skip
        self._guard.start(
            "kube-scheduler", _tool("kube-scheduler"), access,
            "--leader-elect=false", "--secure-port=0",
        )  # fmt: skip
        stages = f"--config={_tool('kwok-stages.yaml')}"
        self._guard.start(
            "kwok", _tool("kwok"), access, "--manage-all-nodes=true", stages,
            # Without a lease the node is considered lost after 50 s, and its Pods not ready.
            "--node-lease-duration-seconds=40",
        )  # fmt: skip
        self._wait("kwok", self._node_is_ready)
        self._wait("kube-controller-manager", self._namespaces_work)

    def _node_is_ready(self) -> bool:
        node = self._api.get(f"/api/v1/nodes/{_NODE['metadata']['name']}") or {}
        ready = {"type": "Ready", "status": "True"}.items()
        conditions = node.get("status", {}).get("conditions", [])
        # A new node is tainted until the controller manager has noticed that it is ready.
        is_ready = any(ready <= condition.items() for condition in conditions)
        return is_ready and not node["spec"].get("taints")

    def _namespaces_work(self) -> bool:
        account = self._api.get("/api/v1/namespaces/default/serviceaccounts/default")
        probe = {"metadata": {"name": "probe"}}
        return bool(account and self._api.post("/api/v1/namespaces?dryRun=All", probe))

    def _wait(self, name: str, is_done: Callable[[], bool]) -> None:
        """Wait until `is_done()`, and fail as soon as a component ends."""
        deadline = time.monotonic() + START_SECONDS
        while not is_done():
            self._guard.check()
            if time.monotonic() > deadline:
                raise ClusterError(
                    f"the control plane was not ready after {START_SECONDS:.0f} s, waiting for "
                    f"{name}; {self._guard.tail(name)}"
                )
            time.sleep(0.05)


@contextlib.contextmanager
def cluster(folder: Path | None = None) -> Iterator[Path]:
    """Yield the path of a kubeconfig: that of KUBECONFIG if it is set, else of a new control plane.

    A cluster of KUBECONFIG is neither started nor stopped.

    Args:
        folder: see `ControlPlane`.

    Raises:
        ClusterError: the file of KUBECONFIG does not exist, or the control plane did not start.
    """
    if path := os.environ.get("KUBECONFIG"):
        if not Path(path).is_file():
            raise ClusterError(
                f"KUBECONFIG is {path}, which is not a file; correct or unset the variable"
            )
        yield Path(path)
    else:
        with ControlPlane(folder) as control_plane:
            yield control_plane.kubeconfig


class _Api:
    """The few API calls that a start needs. The server may not be running yet."""

    def __init__(self, port: int, token: str, authority: Path) -> None:
        self._port = port
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self._authority = authority

    def get(self, path: str) -> dict[str, Any] | None:
        """Return the object at `path`, or None if it does not exist."""
        return self._call("GET", path, None)

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any] | None:
        """Create an object and return it, or None if the server rejected it."""
        return self._call("POST", path, json.dumps(body))

    def _call(self, method: str, path: str, body: str | None) -> dict[str, Any] | None:
        try:
            context = ssl.create_default_context(cafile=self._authority)
            connection = http.client.HTTPSConnection(
                "127.0.0.1", self._port, context=context, timeout=3
            )
            with contextlib.closing(connection):
                connection.request(method, path, body, self._headers)
                response = connection.getresponse()
                text = response.read()
        except (OSError, http.client.HTTPException):
            return None
        if response.status >= 300:
            return None
        is_json = response.headers.get_content_type() == "application/json"
        return dict(json.loads(text)) if is_json else {}


_CAPACITY = {"cpu": "64", "memory": "256Gi", "pods": "500"}
_NODE: dict[str, Any] = {
    "metadata": {"name": "node-1", "labels": {"kubernetes.io/os": "linux"}},
    "status": {"allocatable": _CAPACITY, "capacity": _CAPACITY},
}


def _tool(name: str) -> str:
    """Return the path of a file of the toolchain, in `.tools/bin` or on PATH."""
    if (BIN / name).exists():
        return str(BIN / name)
    if path := shutil.which(name):
        return path
    raise ClusterError(
        f"{name}, which the control plane needs, is not installed: run make tools, "
        "or set KUBECONFIG to use an existing cluster"
    )


def _free_ports(count: int) -> list[int]:
    """Return distinct ports of 127.0.0.1 that are currently free."""
    with contextlib.ExitStack() as stack:
        listeners = [stack.enter_context(socket.socket()) for _ in range(count)]
        for listener in listeners:
            listener.bind(("127.0.0.1", 0))
        return [listener.getsockname()[1] for listener in listeners]


def main() -> None:
    """Run a control plane until Ctrl-C."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("command", choices=["run"])
    parser.add_argument("--folder", type=Path, help="keep data and logs in this folder")
    options = parser.parse_args()
    try:
        with ControlPlane(options.folder) as control_plane:
            print(f"export KUBECONFIG={control_plane.kubeconfig}", flush=True)
            while True:
                control_plane.check()
                time.sleep(0.5)
    except KeyboardInterrupt:
        sys.exit(0)
    except (ClusterError, ProcessDiedError) as error:
        sys.exit(f"cluster: {error}")


if __name__ == "__main__":
    main()
