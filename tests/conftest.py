"""Fixtures of all tests."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from cluster import cluster

from tests.harness.kubectl import Kubectl


@pytest.fixture(autouse=True, scope="session")
def _no_user_settings() -> Iterator[None]:
    """Remove the user's own settings from the environment of the tests."""
    with pytest.MonkeyPatch.context() as patch:
        for name in os.environ:
            if name.startswith(("KUBIYA_", "PULUMI_")):
                patch.delenv(name)
        yield


@pytest.fixture(scope="session")
def control_plane() -> Iterator[Path]:
    """The kubeconfig of a real Kubernetes API server. Each test worker has its own server.

    If KUBECONFIG is set, its cluster is used instead, which allows only one worker.
    """
    with cluster() as kubeconfig:
        yield kubeconfig
        if not os.environ.get("KUBECONFIG"):
            # If the node is unready for a moment, its Pods stay unready, and a test that waits for
            # a Deployment times out without a hint at the cause.
            not_ready = "--field-selector=reason=NodeNotReady"
            assert Kubectl(kubeconfig).list("events", "--all-namespaces", not_ready) == []
