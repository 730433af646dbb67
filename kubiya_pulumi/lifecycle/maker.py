"""Who made a runner: this resource in an update that was cut short, or somebody else.

A create carries `managed_by` and `task_id`, and many a service gives them back with the runner.
They are used where they come back and needed nowhere: a runner without them has no known maker.
"""

from __future__ import annotations

from enum import Enum, auto

from kubiya_pulumi.api import Runner
from kubiya_pulumi.text import sanitize

MANAGED_BY = "pulumi"
"""The `managed_by` of every runner that this package creates."""


class Maker(Enum):
    """Who made a runner, as seen by one resource."""

    THIS_RESOURCE = auto()
    SOMEBODY_ELSE = auto()
    NOT_KNOWN = auto()


def maker(runner: Runner, task_id: str | None) -> Maker:
    """Say who made the runner.

    Args:
        runner: the runner as the service describes it.
        task_id: what the resource puts into its create; None if it has none.
    """
    said, own = (runner.managed_by, runner.task_id), (MANAGED_BY, task_id)
    if task_id is not None and said == own:
        return Maker.THIS_RESOURCE
    # A word that the service leaves out contradicts nothing.
    if all(not word or word == ours for word, ours in zip(said, own, strict=True)):
        return Maker.NOT_KNOWN
    return Maker.SOMEBODY_ELSE


def is_of_same_stack(runner: Runner, task_id: str | None) -> bool:
    """Whether a resource of the stack that `task_id` names made the runner."""
    stack = (task_id or "").split("/")[:3]
    return runner.managed_by == MANAGED_BY and (runner.task_id or "").split("/")[:3] == stack


def reports_owner(runner: Runner) -> bool:
    """Whether the service reports both fields that identify the owner of a runner."""
    return bool(runner.managed_by and runner.task_id)


def said_of(runner: Runner) -> str:
    """What the service says of the maker, to follow the runner in a sentence; may be empty."""
    if not runner.managed_by and not runner.task_id:
        return ""
    task = f' (task "{sanitize(runner.task_id)}")' if runner.task_id else ""
    return f", managed by {sanitize(runner.managed_by or 'somebody')}{task}"
