"""Fixtures: an emulator, and a client of it that does not retry."""

import pytest

from kubiya_pulumi.api import Connection, RunnersClient, shared_call
from kubiya_pulumi.emulator import Emulator


@pytest.fixture(autouse=True)
def each_call_is_a_command(monkeypatch):
    """A list serves only later reads of the same command, and here each read is a command."""
    monkeypatch.setattr(shared_call, "MAX_REUSE_SECONDS", 0)


@pytest.fixture
def emulator():
    with Emulator() as emulator:
        yield emulator


@pytest.fixture
def client(emulator):
    connection = Connection(api_key=emulator.api_key, base_url=emulator.url, max_retries=0)
    with RunnersClient(connection) as client:
        yield client


@pytest.fixture
def called(emulator):
    """Return a function that lists the operations called since its previous call."""

    def operations_since_previous_call():
        operations = [call.operation for call in emulator.calls]
        emulator.clear_calls()
        return operations

    return operations_since_previous_call
