"""Which resource has a runner's name, within one command of the engine.

The engine deletes what the program no longer declares after it has created everything else. If a
resource was renamed without an alias, the new one has taken over the runner by then, and the delete
of the old one would end it. So a name is held by the resource that has it in the state and keeps
it, and by the one that created, recognized or adopted its runner in this command. The delete of a
held name is left undone, also on behalf of the same resource: a replacement with the same name then
precedes the delete of what it replaced.

`check` shows what a resource has and what it declares. For a replacement the engine calls it once
more without the old inputs, before it deletes or creates anything.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

RELEASE_SECONDS = 30.0
"""How long a create waits for the delete of another resource that gives up the name. A delete that
has begun is waited for without a limit, since its requests have one."""


class HeldNames:
    """The names of runners in one command, by the `task_id` of their resources. Thread-safe.

    It does nothing until `enable` is called, because only a plugin process serves a single command.
    """

    def __init__(self) -> None:
        self._enabled = False
        self._changed = threading.Condition()
        self._declared: dict[str, str] = {}
        self._kept: dict[str, str] = {}
        self._taken: dict[str, str] = {}
        self._given_up: set[str] = set()
        self._released: set[str] = set()
        self._in_use: set[str] = set()

    def enable(self) -> None:
        """Start, since this process serves one command."""
        self._enabled = True

    def declare(self, name: str, task_id: str, old_name: str | None) -> str | None:
        """Record what a resource declares and has.

        Args:
            name: the name that it declares.
            task_id: the resource.
            old_name: the name that it has in the state. None if it has none, or is replaced.

        Returns:
            Another resource that declares the same name, or None.
        """
        if not self._enabled:
            return None
        with self._changed:
            if old_name == name:
                self._kept[name] = task_id
            elif self._kept.get(name) == task_id:
                del self._kept[name]
            if old_name not in (None, name):
                self._given_up.add(str(old_name))
            other = self._declared.setdefault(name, task_id)
        return None if other == task_id else other

    def is_given_up(self, name: str) -> bool:
        """Whether a resource that had the name declares another one now."""
        with self._changed:
            return name in self._given_up

    @contextmanager
    def taking(self, name: str, task_id: str | None) -> Iterator[None]:
        """Wait until the name is given up, and hold it for the resource if the block succeeds."""
        if not self._enabled or task_id is None:
            yield
            return
        with self._changed:
            self._changed.wait_for(lambda: self._is_released(name), RELEASE_SECONDS)
            self._changed.wait_for(lambda: name not in self._in_use)
            self._in_use.add(name)
        try:
            yield
            with self._changed:
                self._taken[name] = task_id
        finally:
            self._end_use(name)

    @contextmanager
    def releasing(self, name: str) -> Iterator[str | None]:
        """Yield the resource that holds the name. None: no create begins while the block runs."""
        if not self._enabled:
            yield None
            return
        with self._changed:
            self._changed.wait_for(lambda: name not in self._in_use)
            holder = self._taken.get(name) or self._kept.get(name)
            self._in_use.add(name)
        try:
            yield holder
        finally:
            with self._changed:
                self._released.add(name)
            self._end_use(name)

    def _is_released(self, name: str) -> bool:
        return name not in self._in_use and name not in self._given_up - self._released

    def _end_use(self, name: str) -> None:
        with self._changed:
            self._in_use.discard(name)
            self._changed.notify_all()


def resource_in(task_id: str) -> str:
    """Return the resource in a `task_id`, without organization, project and stack."""
    return task_id.split("/", 3)[-1]
