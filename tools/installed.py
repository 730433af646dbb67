"""Find the parts of the toolchain that are already installed and need not be built."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

MIN_ENGINE = (3, 254)
"""The first version of the engine whose `pulumi import -f` supports dynamic resources."""
MIN_PLUGIN = (4, 23)
"""The oldest Kubernetes plugin that `pyproject.toml` allows. A newer major version is not used."""

INSTEAD = {
    "engine": "install the Pulumi CLI 3.254 or newer",
    "kubernetes-plugin": "run `pulumi plugin install resource kubernetes`",
    "cluster": "set KUBECONFIG to a cluster",
    "kubectl": "install kubectl",
    "actionlint": "install actionlint",
}
"""What makes a build unnecessary, by the names that `find_installed` knows."""


@dataclass(frozen=True)
class Installed:
    """An existing installation."""

    reason: str
    """Where it is installed, worded as the end of a sentence."""
    outside_path: Path | None = None
    """Its file, if it is not on PATH."""


def find_installed(name: str, links: Path) -> Installed | None:
    """Find an existing installation.

    Args:
        name: "engine" (the Pulumi command with its Python host), "kubernetes-plugin",
            "cluster" (the one that KUBECONFIG selects), or the name of a program on PATH.
        links: the folder of this project's own links, which is ignored.

    Returns:
        The installation, or None if there is none that can be used.
    """
    path = os.pathsep.join(
        folder for folder in os.get_exec_path() if Path(folder).resolve() != links.resolve()
    )
    match name:
        case "engine":
            return _engine(path)
        case "kubernetes-plugin":
            return _kubernetes_plugin(path)
        case "cluster":
            return _cluster()
        case _:
            return _on_path(name, path)


@cache
def _engine(path: str) -> Installed | None:
    pulumi = shutil.which("pulumi", path=path)
    if not pulumi or not shutil.which("pulumi-language-python", path=path):
        return None
    version = re.match(r"v(\d+)\.(\d+)\S*", _output(pulumi, "version"))
    if not version or (int(version[1]), int(version[2])) < MIN_ENGINE:
        return None
    return Installed(f"{pulumi} {version[0]} is installed")


def _kubernetes_plugin(path: str) -> Installed | None:
    """Find the plugin on PATH, else the newest one that the user's Pulumi has downloaded."""
    name = "pulumi-resource-kubernetes"
    if on_path := _on_path(name, path):
        return on_path
    home = Path(os.environ.get("PULUMI_HOME") or Path.home() / ".pulumi")
    versions = {}
    for file in home.glob(f"plugins/resource-kubernetes-v{MIN_PLUGIN[0]}.*/{name}"):
        if version := re.search(r"-v(\d+)\.(\d+)\.(\d+)$", file.parent.name):
            versions[tuple(map(int, version.groups()))] = file
    if not versions or max(versions) < MIN_PLUGIN:
        return None
    newest = versions[max(versions)]
    return Installed(f"{newest} is installed", outside_path=newest)


def _cluster() -> Installed | None:
    config = os.environ.get("KUBECONFIG")
    return Installed(f"the cluster in KUBECONFIG ({config}) is used") if config else None


def _on_path(command: str, path: str) -> Installed | None:
    file = shutil.which(command, path=path)
    return Installed(f"{file} is installed") if file else None


def _output(*command: str) -> str:
    """Return the standard output of a command, or an empty string if it fails."""
    try:
        return subprocess.run(
            command, capture_output=True, text=True, timeout=30, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return ""
