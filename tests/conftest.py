"""Fixtures for every test."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from cluster import cluster


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
