"""Existence checks: whether the API has a runner."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Set
from dataclasses import fields, replace
from http import HTTPStatus
from typing import TypeVar
from weakref import WeakKeyDictionary

from kubiya_pulumi.api import NotFoundError, Runner, RunnersApi, UnexpectedStatusError
from kubiya_pulumi.lifecycle.ownership import OWNER_FIELDS

T = TypeVar("T")

ALWAYS_SET = frozenset({"version", "namespace"})
"""The fields that every runner has; either field of the namespace counts."""
MAX_LISTED_RUNNERS = 2_000
"""If the list contains more runners than this, a runner is described by itself."""


def list_runners(api: RunnersApi, name: str, *, reuse: bool = False) -> tuple[Runner, ...]:
    """Return the list, and remember whether it is long.

    Args:
        api: the API.
        name: the runner to find, which errors name.
        reuse: whether an earlier list may serve; see `RunnersApi.list_runners`. Default: False.
    """
    runners = api.list_runners(runner_for_errors=name, reuse=reuse)
    _knowledge(api).list_is_long = len(runners) > MAX_LISTED_RUNNERS
    return runners


def listed_runner(api: RunnersApi, name: str) -> Runner | None:
    """Return the runner from the list, or None if the list does not contain it.

    Only the list proves that a runner does not exist. A 404 for a single runner may come from a
    wrong base URL, a gateway, or a route that this deployment of the API does not serve. An error
    of the list is raised.
    """
    return find_runner(list_runners(api, name), name)


def find_runner(runners: Iterable[Runner], name: str) -> Runner | None:
    """Return the runner with this name, or None."""
    return next((runner for runner in runners if runner.name == name), None)


def remaining_runner(api: RunnersApi, name: str) -> Runner | None:
    """Return a runner whose deletion was reported, or None if it is gone.

    If the list is long, describe tells: it found the runner before the deletion.
    """
    if not list_is_long(api):
        return listed_runner(api, name)
    try:
        return api.describe_runner(name)
    except NotFoundError:
        return None


def existing_runner(api: RunnersApi, name: str) -> Runner | None:
    """Return the description of the runner, or None if it certainly does not exist."""
    try:
        return api.describe_runner(name)
    except NotFoundError:
        return listed_runner(api, name)


def reported_fields(runner: Runner) -> frozenset[str]:
    """Return the fields of a runner that a response contains, of those that the state holds."""
    names = {name for name in (*OWNER_FIELDS, "version") if getattr(runner, name)}
    if runner.description is not None:
        names.add("description")
    if runner.namespace or runner.kubernetes_namespace:
        names.add("namespace")
    return frozenset(names)


def list_is_long(api: RunnersApi) -> bool:
    """Whether the list contains more than `MAX_LISTED_RUNNERS`, as far as is known."""
    return _knowledge(api).list_is_long


def prefers_descriptions(api: RunnersApi) -> bool:
    """Whether a runner is described by itself, because the list is long or omits a field."""
    knowledge = _knowledge(api)
    return knowledge.list_is_long or bool(knowledge.list_omits)


def unreported_fields(api: RunnersApi) -> Set[str]:
    """Return the fields that neither the list nor descriptions contain, as far as is known."""
    return _knowledge(api).never_reported


def describe_listed(
    api: RunnersApi, listed: Runner, expected: Set[str] = frozenset()
) -> Runner | None:
    """Describe a listed runner, and remember which fields the list or both omit.

    Args:
        api: the API.
        listed: the runner in the list.
        expected: the fields that the runner certainly has. If the description omits them too, the
            service does not report them. Default: none.

    Returns:
        The fields of both. None if it was deleted meanwhile.
    """
    try:
        described = api.describe_runner(listed.name)
    except NotFoundError:
        return listed_runner(api, listed.name)
    return combined(api, described, listed, expected)


def combined(api: RunnersApi, described: Runner, listed: Runner, expected: Set[str]) -> Runner:
    """Return a runner with the fields of both responses, and remember what they omit.

    Args:
        api: the API.
        described: the description of the runner.
        listed: the runner in the list.
        expected: see `describe_listed`.
    """
    runner, knowledge = with_missing_fields(described, listed), _knowledge(api)
    knowledge.list_omits |= reported_fields(described) - reported_fields(listed)
    knowledge.never_reported |= expected - reported_fields(runner)
    return runner


class _Knowledge:
    """What is known of the responses of a service."""

    def __init__(self) -> None:
        self.list_is_long = False
        self.list_omits: frozenset[str] = frozenset()
        self.never_reported: frozenset[str] = frozenset()


_known: WeakKeyDictionary[RunnersApi, _Knowledge] = WeakKeyDictionary()


def _knowledge(api: RunnersApi) -> _Knowledge:
    return _known.setdefault(api, _Knowledge())


def with_missing_fields(runner: Runner, other: Runner) -> Runner:
    """Return a runner with the fields that only another response about it contains."""

    def is_missing(name: str) -> bool:
        value = getattr(runner, name)
        # A description may be empty, any other field that is empty is missing.
        return value is None or (value == "" and name != "description")

    names = [field.name for field in fields(Runner) if is_missing(field.name)]
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
