"""Existence checks: whether the API has a runner."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import fields, replace
from http import HTTPStatus
from typing import TypeVar
from weakref import WeakKeyDictionary

from kubiya_pulumi.api import NotFoundError, Runner, RunnersApi, UnexpectedStatusError

T = TypeVar("T")


def listed_runner(api: RunnersApi, name: str) -> Runner | None:
    """Return the runner from the list, or None if the list does not contain it.

    Only the list proves that a runner does not exist. A 404 for a single runner may come from a
    wrong base URL, a gateway, or a route that this deployment of the API does not serve. An error
    of the list is raised.
    """
    return find_runner(api.list_runners(runner_for_errors=name), name)


def find_runner(runners: Iterable[Runner], name: str) -> Runner | None:
    """Return the runner with this name, or None."""
    return next((runner for runner in runners if runner.name == name), None)


def existing_runner(api: RunnersApi, name: str) -> Runner | None:
    """Return the description of the runner, or None if it certainly does not exist."""
    try:
        return api.describe_runner(name)
    except NotFoundError:
        return listed_runner(api, name)


def is_list_complete(api: RunnersApi) -> bool | None:
    """Whether the list tells as much of a runner as its description; None if that is unknown."""
    return _complete_lists.get(api)


def describe_listed(api: RunnersApi, listed: Runner) -> Runner | None:
    """Describe a listed runner, and remember whether the list tells as much.

    Returns:
        What both tell of it. None if it was deleted meanwhile.
    """
    described = existing_runner(api, listed.name)
    if described is None:
        return None
    _complete_lists[api] = with_missing_fields(listed, described) == listed
    return with_missing_fields(described, listed)


_complete_lists: WeakKeyDictionary[RunnersApi, bool] = WeakKeyDictionary()


def with_missing_fields(runner: Runner, other: Runner) -> Runner:
    """Return a runner with the fields that only another response about it contains."""
    names = [field.name for field in fields(Runner) if getattr(runner, field.name) is None]
    return replace(runner, **{name: getattr(other, name) for name in names})


def none_if_deleted(api: RunnersApi, name: str, request: Callable[[], T]) -> T | None:
    """Send a request about the runner, and return None if the runner certainly does not exist.

    A 404 for a runner in the list is raised.
    """
    try:
        return request()
    except NotFoundError:
        if listed_runner(api, name) is not None:
            raise
        return None


def is_missing_or_unsupported(error: NotFoundError | UnexpectedStatusError) -> bool:
    """Whether the runner may not exist, or the service may not offer the operation."""
    return isinstance(error, NotFoundError) or error.status == HTTPStatus.METHOD_NOT_ALLOWED
