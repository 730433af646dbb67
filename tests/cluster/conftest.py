"""Fixtures: an emulator whose runners are healthy while their Deployments are available."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from kubiya_pulumi.emulator import Emulator
from tests.harness.engine import Stack
from tests.harness.kubectl import Kubectl

MakeStack = Callable[..., Stack]


@pytest.fixture
def emulator(control_plane: Path) -> Iterator[Emulator]:
    """A Runners API in its documented form that follows the control plane."""
    with Emulator(follow_cluster=control_plane) as running:
        yield running


@pytest.fixture
def kubectl(control_plane: Path) -> Kubectl:
    """kubectl for the control plane."""
    return Kubectl(control_plane)


@pytest.fixture
def stack(emulator: Emulator, control_plane: Path) -> Iterator[MakeStack]:
    """Creates stacks that use the emulator and the control plane."""
    with ExitStack() as stacks:

        def make(program: str, **config: str) -> Stack:
            settings = {"kubiya:baseUrl": emulator.url}
            key = {"kubiya:apiKey": emulator.api_key}
            # The flag --event-log is one of the engine's debugging commands.
            env = {"KUBECONFIG": str(control_plane), "PULUMI_DEBUG_COMMANDS": "true"}
            created = Stack(program, config=settings | config, secrets=key, env=env)
            stacks.enter_context(created)
            # A test that fails must not leave objects for the next one.
            stacks.callback(lambda: created.resources() and created.destroy(check=False))
            return created

        yield make
