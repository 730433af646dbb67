"""An emulator whose runners are healthy only while their Deployments are available."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kubiya_pulumi.emulator import Emulator


@pytest.fixture
def emulator(control_plane: Path) -> Iterator[Emulator]:
    """A Runners API in its documented form that follows the control plane."""
    with Emulator(follow_cluster=control_plane) as running:
        yield running
