"""Where an import gets its settings from: a stack, or the environment."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from kubiya_pulumi import config
from kubiya_pulumi.api.client import RunnersClient
from kubiya_pulumi.api.errors import RequestError
from kubiya_pulumi.cli.environment_connection import connection_of_environment
from kubiya_pulumi.cli.files import write_message
from kubiya_pulumi.importing.errors import ImportRefusedError
from kubiya_pulumi.importing.stack import Stack, read_stack


@contextmanager
def client_and_stack(name: str | None) -> Iterator[tuple[RunnersClient, Stack | None]]:
    """Yield a client, and the stack if there is one. The key is only kept in memory.

    Args:
        name: the name of the stack; None for the settings of the environment.

    Raises:
        KubiyaError: a setting is missing or invalid, the stack cannot be read, or a request of the
            block failed.
    """
    if name is None:
        stack = None
        connection = connection_of_environment("without --stack the runners cannot be listed")
    else:
        stack = read_stack(name)
        connection = config.read_connection(stack.settings.get, warn=write_message)
    try:
        with RunnersClient(connection) as client:
            yield client, stack
    except RequestError as error:
        raise ImportRefusedError(error.describe(in_command=name is None)) from None
