"""Fixtures of all tests."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from cluster import cluster

from kubiya_pulumi.lifecycle.held_names import HeldNames
from kubiya_pulumi.lifecycle.providers import RunnerProvider
from tests.harness.engine import accept_interrupts
from tests.harness.kubectl import Kubectl

KEPT_KINDS = ("customresourcedefinitions", "namespaces")
"""The kinds of objects that a stack keeps when it is destroyed."""


def pytest_configure() -> None:
    """Prepare the process of the tests, and each worker."""
    accept_interrupts()


@pytest.fixture(autouse=True, scope="session")
def _no_user_settings() -> Iterator[None]:
    """Remove the user's own settings from the environment of the tests."""
    with pytest.MonkeyPatch.context() as patch:
        for name in os.environ:
            if name.startswith(("KUBIYA_", "PULUMI_")):
                patch.delenv(name)
        yield


@pytest.fixture(autouse=True)
def _no_held_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """A plugin process serves one command, but this one serves each test."""
    monkeypatch.setattr(RunnerProvider.handler, "names", HeldNames())


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


@pytest.fixture(autouse=True)
def _delete_kept_objects(request: pytest.FixtureRequest) -> Iterator[None]:
    """Delete what the stacks of a test kept, and wait for it, because the next test may create it.

    A stack with `skip_await` does not wait for the deletion of its namespace either.
    """
    if "control_plane" not in request.fixturenames:
        yield
        return
    kubectl = Kubectl(request.getfixturevalue("control_plane"))
    before = {kind: _names(kubectl, kind) for kind in KEPT_KINDS}
    yield
    for kind in KEPT_KINDS:
        for name in sorted(_names(kubectl, kind) - before[kind]):
            kubectl("delete", kind, name, "--ignore-not-found", "--timeout=120s")


def _names(kubectl: Kubectl, kind: str) -> set[str]:
    return {found["metadata"]["name"] for found in kubectl.list(kind)}
