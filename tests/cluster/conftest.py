"""Fixtures: an emulator whose runners are healthy while their Deployments are available."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kubiya_pulumi.emulator import Emulator
from tests.harness.kubectl import Kubectl


@pytest.fixture
def emulator(control_plane: Path) -> Iterator[Emulator]:
    """A Runners API in its documented form that follows the control plane."""
    with Emulator(follow_cluster=control_plane) as running:
        yield running


@pytest.fixture(autouse=True)
def _wait_for_namespaces(control_plane: Path) -> Iterator[None]:
    """Wait until deleted namespaces are gone, because the next test may create them.

    A stack with `skip_await` does not wait for the deletion of its namespace.
    """
    yield
    kubectl = Kubectl(control_plane)
    for namespace in kubectl.list("namespaces"):
        if "deletionTimestamp" in namespace["metadata"]:
            name = namespace["metadata"]["name"]
            kubectl("wait", "--for=delete", f"namespace/{name}", "--timeout=120s")
