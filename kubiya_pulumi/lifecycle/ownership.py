"""Who owns a runner: this resource, after an interrupted update, or somebody else.

A create request carries `managed_by` and `task_id`, and the usual deployment of the API returns
both with the runner. They are used when present and never required: the owner of a runner without
them is unknown.
"""

from __future__ import annotations

from enum import Enum, auto

from kubiya_pulumi.api import Runner
from kubiya_pulumi.declarations import RunnerState
from kubiya_pulumi.text import sanitize

MANAGED_BY = "pulumi"
"""The `managed_by` of every runner that this package creates."""


class Ownership(Enum):
    """The owner of a runner, from the view of one resource."""

    OURS = auto()
    OTHER = auto()
    UNKNOWN = auto()


def ownership_of(runner: Runner, task_id: str | None) -> Ownership:
    """Compare the owner that the API reports with a resource.

    Args:
        runner: the runner as the API describes it.
        task_id: the `task_id` of the resource's create request; None if it has none.
    """
    reported, own = (runner.managed_by, runner.task_id), (MANAGED_BY, task_id)
    if task_id is not None and reported == own:
        return Ownership.OURS
    # A field that the API omits contradicts nothing.
    if all(not value or value == ours for value, ours in zip(reported, own, strict=True)):
        return Ownership.UNKNOWN
    return Ownership.OTHER


def is_owned_by_same_stack(runner: Runner, task_id: str | None) -> bool:
    """Whether a resource of the stack in `task_id` owns the runner."""
    stack = (task_id or "").split("/")[:3]
    return runner.managed_by == MANAGED_BY and (runner.task_id or "").split("/")[:3] == stack


def describe_owner(runner: Runner) -> str:
    """Return the reported owner: `managed by pulumi (task "a/b")`. Empty if there is none."""
    if not runner.managed_by and not runner.task_id:
        return ""
    task = f' (task "{sanitize(runner.task_id)}")' if runner.task_id else ""
    return f"managed by {sanitize(runner.managed_by or 'an unknown tool')}{task}"


def adoption_advice(ownership: Ownership, *, owned_by_sibling: bool) -> str:
    """Return what to do about an existing runner, as a clause of an error.

    Args:
        ownership: the owner of the existing runner.
        owned_by_sibling: whether another resource of this stack owns it.
    """
    if owned_by_sibling:
        return (
            "Another resource of this stack created it, so it cannot be adopted. If that is this "
            "resource, renamed or moved, set aliases in its options"
        )
    if ownership is Ownership.UNKNOWN:
        return (
            "If an interrupted update of this stack created it, or you want this stack to manage "
            "it as it is, set adopt_existing=True"
        )
    return "To manage that runner with this program as it is, set adopt_existing=True"


def has_known_owner(state: RunnerState) -> bool:
    """Whether the state knows the owner that the API reports for its runner.

    An adopted runner had another owner from the start, and an older version stored none.
    """
    return state.task_id is not None and not state.adopted


def is_replaced(runner: Runner, state: RunnerState) -> bool:
    """Whether this runner is not the one in the state.

    That one may have been deleted outside, and another owner may have created one with its name.
    """
    return has_known_owner(state) and ownership_of(runner, state.task_id) is Ownership.OTHER


def describe_replacement(runner: Runner) -> str:
    """Return the sentence that another owner has created this runner."""
    return (
        f'Runner "{runner.name}" is no longer the one that this stack created: it is '
        f"{describe_owner(runner)}."
    )
