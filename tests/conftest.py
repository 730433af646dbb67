"""Fixtures for every test."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from cluster import cluster

from tests.harness.kubectl import Kubectl


@pytest.fixture(autouse=True, scope="session")
def _own_settings_only() -> Iterator[None]:
    """Keep the settings of whoever runs the tests out of them."""
    with pytest.MonkeyPatch.context() as patch:
        for name in os.environ:
            if name.startswith(("KUBIYA_", "PULUMI_")):
                patch.delenv(name)
        yield


@pytest.fixture(scope="session")
def control_plane() -> Iterator[Path]:
    """The kubeconfig of a real Kubernetes API server: one of its own for each test worker.

    If KUBECONFIG is set, that cluster is used in its place, and one worker is all there may be.
    """
    with cluster() as kubeconfig:
        yield kubeconfig
        if not os.environ.get("KUBECONFIG"):
            # A node that was not ready for a moment leaves Pods unready for good, which shows
            # only as some test that waits for a Deployment until its time is up.
            not_ready = "--field-selector=reason=NodeNotReady"
            assert Kubectl(kubeconfig).list("events", "--all-namespaces", not_ready) == []
