"""Run kubectl in tests."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from tests.harness.toolchain import tool


class Kubectl:
    """kubectl for one cluster.

    Args:
        kubeconfig: the path of the kubeconfig.
    """

    def __init__(self, kubeconfig: Path) -> None:
        self._kubeconfig = kubeconfig

    def __call__(self, *args: str) -> str:
        """Run a command and return its output.

        Raises:
            AssertionError: the command failed. The message contains its output.
        """
        command = [tool("kubectl"), f"--kubeconfig={self._kubeconfig}", *args]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        if result.returncode:
            raise AssertionError(f"kubectl {' '.join(args)} failed: {result.stdout}{result.stderr}")
        return result.stdout

    def list(self, kind: str, *args: str) -> list[dict[str, Any]]:
        """Return the objects of a kind, in all namespaces unless `args` select others."""
        scope = args or ("--all-namespaces",)
        return list(json.loads(self("get", kind, "--output=json", *scope))["items"])
