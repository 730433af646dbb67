"""kubectl, for what a test wants to know of a cluster."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from tests.harness.toolchain import tool


class Kubectl:
    """kubectl on one cluster.

    Args:
        kubeconfig: path of the kubeconfig to use.
    """

    def __init__(self, kubeconfig: Path) -> None:
        self._kubeconfig = kubeconfig

    def __call__(self, *args: str) -> str:
        """Run a command and return what it prints.

        Raises:
            AssertionError: it failed; the message is its output.
        """
        command = [tool("kubectl"), f"--kubeconfig={self._kubeconfig}", *args]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise AssertionError(f"kubectl {' '.join(args)} failed: {done.stdout}{done.stderr}")
        return done.stdout

    def list(self, kind: str, *args: str) -> list[dict[str, Any]]:
        """The objects of a kind, in all namespaces unless `args` say otherwise."""
        where = args or ("--all-namespaces",)
        return list(json.loads(self("get", kind, "--output=json", *where))["items"])
