"""What of the toolchain is on the machine already, and need not be built."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path

OLDEST_ENGINE = (3, 254)
"""The first engine whose `pulumi import -f` takes dynamic resources."""


def found(what: str, links: Path) -> str:
    """Say where `what` is already installed, or return an empty string.

    `what` is "engine" (the Pulumi command with its Python host), "kubernetes-plugin",
    "cluster" (one named by KUBECONFIG) or "kubectl". `links` is this project's own folder
    of links, which does not count.
    """
    path = os.pathsep.join(
        part for part in os.get_exec_path() if Path(part).resolve() != links.resolve()
    )
    return {
        "engine": _engine,
        "kubernetes-plugin": _kubernetes_plugin,
        "cluster": _cluster,
        "kubectl": _kubectl,
    }[what](path)


@cache
def _engine(path: str) -> str:
    pulumi, host = shutil.which("pulumi", path=path), shutil.which("pulumi-language-python", path=path)
    if not pulumi or not host:
        return ""
    version = re.match(r"v(\d+)\.(\d+)", _output(pulumi, "version"))
    if not version or (int(version[1]), int(version[2])) < OLDEST_ENGINE:
        return ""
    return f"{pulumi} {version.string.strip()} is installed"


@cache
def _kubernetes_plugin(path: str) -> str:
    if plugin := shutil.which("pulumi-resource-kubernetes", path=path):
        return f"{plugin} is installed"
    pulumi = shutil.which("pulumi", path=path)
    try:
        plugins = json.loads(_output(pulumi, "plugin", "ls", "--json")) if pulumi else []
    except ValueError:
        return ""
    for plugin in plugins:
        if plugin.get("name") == "kubernetes" and str(plugin.get("version", "")).startswith("4."):
            return f"plugin kubernetes {plugin['version']} is installed"
    return ""


def _cluster(path: str) -> str:
    config = os.environ.get("KUBECONFIG", "")
    return f"the cluster in KUBECONFIG ({config}) is used" if config else ""


def _kubectl(path: str) -> str:
    kubectl = shutil.which("kubectl", path=path)
    return f"{kubectl} is installed" if kubectl else ""


def _output(*command: str) -> str:
    """The command's standard output, or an empty string if it fails."""
    try:
        return subprocess.run(
            command, capture_output=True, text=True, timeout=30, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return ""
