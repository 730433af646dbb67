"""What of the toolchain is on the machine already, and need not be built."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

OLDEST_ENGINE = (3, 254)
"""The first engine whose `pulumi import -f` takes dynamic resources."""
OLDEST_PLUGIN = (4, 23)
"""The oldest Kubernetes plugin that `pyproject.toml` allows, and the major version it stays in."""


@dataclass(frozen=True)
class Installed:
    """Something that is there already."""

    reason: str
    """Where it is, as the end of a sentence."""
    outside_path: Path | None = None
    """Its file, if PATH does not lead to it."""


def found(what: str, links: Path) -> Installed | None:
    """Say where `what` is installed, if it is.

    Args:
        what: "engine" (the Pulumi command with its Python host), "kubernetes-plugin",
            "cluster" (one named by KUBECONFIG), or the name of a program on PATH.
        links: this project's own folder of links, which does not count.
    """
    path = os.pathsep.join(
        part for part in os.get_exec_path() if Path(part).resolve() != links.resolve()
    )
    match what:
        case "engine":
            return _engine(path)
        case "kubernetes-plugin":
            return _kubernetes_plugin(path)
        case "cluster":
            return _cluster()
        case _:
            return _on_path(what, path)


@cache
def _engine(path: str) -> Installed | None:
    pulumi = shutil.which("pulumi", path=path)
    if not pulumi or not shutil.which("pulumi-language-python", path=path):
        return None
    version = re.match(r"v(\d+)\.(\d+)\S*", _output(pulumi, "version"))
    if not version or (int(version[1]), int(version[2])) < OLDEST_ENGINE:
        return None
    return Installed(f"{pulumi} {version[0]} is installed")


def _kubernetes_plugin(path: str) -> Installed | None:
    """The plugin on PATH, else the newest that the user's own Pulumi has downloaded."""
    name = "pulumi-resource-kubernetes"
    if on_path := _on_path(name, path):
        return on_path
    home = Path(os.environ.get("PULUMI_HOME") or Path.home() / ".pulumi")
    versions = {}
    for file in home.glob(f"plugins/resource-kubernetes-v{OLDEST_PLUGIN[0]}.*/{name}"):
        if version := re.search(r"-v(\d+)\.(\d+)\.(\d+)$", file.parent.name):
            versions[tuple(map(int, version.groups()))] = file
    if not versions or max(versions) < OLDEST_PLUGIN:
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
    """The command's standard output, or an empty string if it fails."""
    try:
        return subprocess.run(
            command, capture_output=True, text=True, timeout=30, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return ""
