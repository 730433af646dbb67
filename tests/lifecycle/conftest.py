"""An emulator, and a client of it that does not wait between calls."""

import pytest

from kubiya_pulumi.api import Connection, RunnersClient
from kubiya_pulumi.emulator import Emulator


@pytest.fixture
def emulator():
    with Emulator() as running:
        yield running


@pytest.fixture
def client(emulator):
    connection = Connection(api_key=emulator.api_key, base_url=emulator.url, max_retries=0)
    with RunnersClient(connection) as made:
        yield made


@pytest.fixture
def called(emulator):
    """The operations that were called since it was last asked."""

    def since():
        operations = [call.operation for call in emulator.calls]
        emulator.clear_calls()
        return operations

    return since
