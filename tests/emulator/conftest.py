"""An emulator with default options, and a client for it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from plain_client import Client

from kubiya_pulumi.emulator import Emulator, EmulatorOptions


@pytest.fixture(scope="module")
def module_emulator() -> Iterator[Emulator]:
    with Emulator() as emulator:
        yield emulator


@pytest.fixture
def emulator(module_emulator: Emulator) -> Emulator:
    """An emulator without runners, calls and faults, with default options."""
    module_emulator.options = EmulatorOptions()
    module_emulator.faults.clear()
    for name in module_emulator.runners:
        module_emulator.remove_runner(name)
    module_emulator.clear_calls()
    return module_emulator


@pytest.fixture
def client(emulator: Emulator) -> Iterator[Client]:
    client = Client(emulator)
    with client.session:
        yield client
