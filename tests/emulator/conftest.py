"""An emulator in its default form, and a client for it."""

from collections.abc import Iterator

import pytest
from plain_client import Client

from kubiya_pulumi.emulator import Emulator, EmulatorOptions


@pytest.fixture(scope="module")
def running() -> Iterator[Emulator]:
    with Emulator() as running:
        yield running


@pytest.fixture
def emulator(running: Emulator) -> Emulator:
    """An emulator without runners, calls and faults, and with the switches as they come."""
    running.options = EmulatorOptions()
    running.faults.clear()
    for name in running.runners:
        running.remove_runner(name)
    running.clear_calls()
    return running


@pytest.fixture
def client(emulator: Emulator) -> Iterator[Client]:
    made = Client(emulator)
    with made.session:
        yield made
