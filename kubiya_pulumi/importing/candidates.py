"""The runners to take into a stack, each with Pulumi's name for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TypeVar

from kubiya_pulumi.api import Runner, RunnersApi
from kubiya_pulumi.api.connection import MAX_CONNECTIONS
from kubiya_pulumi.importing.errors import ImportRefusedError
from kubiya_pulumi.lifecycle.lookup import existing_runner, with_missing_fields
from kubiya_pulumi.text import join_quoted

T = TypeVar("T")
Track = Callable[[Iterable[T], int], Iterable[T]]
"""Shows the progress of an iteration with this number of items."""


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A runner to take into a stack."""

    resource_name: str
    """Pulumi's name for the resource."""
    runner: Runner
    """The runner as the service reports it."""


def complete(
    api: RunnersApi, candidates: Sequence[Candidate], track: Track[Candidate]
) -> list[Candidate]:
    """Return the candidates with what the list of runners omits.

    A runner without a description in the list is described by one request, since the list of some
    services omits the description.

    Args:
        api: the API.
        candidates: the candidates, with the runners of the list.
        track: shows the progress.

    Raises:
        ImportRefusedError: a runner was deleted meanwhile.
        KubiyaError: a request failed; see `RunnersApi`.
    """

    def completed(candidate: Candidate) -> Candidate:
        listed = candidate.runner
        if listed.description is not None:
            return candidate
        described = existing_runner(api, listed.name)
        if described is None:
            raise deleted_error(listed.name)
        return replace(candidate, runner=with_missing_fields(listed, described))

    return list(track(concurrently(completed, candidates), len(candidates)))


def concurrently(function: Callable[[Candidate], T], items: Sequence[Candidate]) -> Iterator[T]:
    """Yield the results of a function in the order of its arguments, computed in threads.

    The first error ends the iteration; calls that have not begun by then are dropped.
    """
    pool = ThreadPoolExecutor(MAX_CONNECTIONS)
    try:
        yield from pool.map(function, items)
    finally:
        pool.shutdown(cancel_futures=True)


def deleted_error(name: str) -> ImportRefusedError:
    """Return the error for a runner that the list contains but that does not exist any more."""
    return ImportRefusedError(
        f"the runner {join_quoted([name])} was deleted meanwhile: run the command a second time."
    )
