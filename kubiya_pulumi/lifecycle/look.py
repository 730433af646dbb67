"""Whether a runner is there: the one question that decides what may be created or forgotten."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from kubiya_pulumi.api import NotFoundError, Runner, RunnersApi, UnexpectedStatusError

T = TypeVar("T")

METHOD_NOT_ALLOWED = 405


def listed_runner(client: RunnersApi, name: str) -> Runner | None:
    """The runner as the list has it, or None if the list lacks it.

    The list is the only answer that can say "there is no such runner": a 404 for a single
    runner may as well come from a wrong base URL, a gateway, or a route that this
    deployment of the API does not serve. A list that cannot be had or read raises.
    """
    runners = client.list_runners(runner=name)
    return next((runner for runner in runners if runner.name == name), None)


def present_runner(client: RunnersApi, name: str) -> Runner | None:
    """The runner as it describes itself, or None if it is certainly not there."""
    try:
        return client.describe_runner(name)
    except NotFoundError:
        return listed_runner(client, name)


def unless_gone(client: RunnersApi, name: str, call: Callable[[], T]) -> T | None:
    """Make a call about the runner; None if it is certainly not there.

    A "not found" about a runner that the list has is raised as it came.
    """
    try:
        return call()
    except NotFoundError:
        if listed_runner(client, name) is not None:
            raise
        return None


def no_such_route(error: NotFoundError | UnexpectedStatusError) -> bool:
    """Whether the service may not offer the operation at all, so that a look has to tell."""
    return isinstance(error, NotFoundError) or error.status == METHOD_NOT_ALLOWED
