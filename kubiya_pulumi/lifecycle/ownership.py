"""Who owns a runner: this resource, after an interrupted update, or somebody else.

A create request carries `managed_by` and `task_id`, and the usual deployment of the API returns
both with the runner. They are used when present and never required: the owner of a runner without
them is unknown.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum, auto

from kubiya_pulumi.api import Runner
from kubiya_pulumi.declarations import RunnerState
from kubiya_pulumi.text import sanitize

MANAGED_BY = "pulumi"
"""The `managed_by` of every runner that this package creates."""
OWNER_FIELDS = ("managed_by", "task_id")
"""The fields of a runner that contain its owner."""


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


def adoption_advice(ownership: Ownership, sibling: str | None) -> str:
    """Return what to do about an existing runner, as a clause of an error.

    Args:
        ownership: the owner of the existing runner.
        sibling: the other resource of this stack that owns it, without its stack. None if no other
            resource of this stack does.
    """
    if sibling is not None:
        return (
            f'The resource "{sanitize(sibling)}" of this stack created it, so it cannot be '
            "adopted. If that is this resource, renamed or moved, set aliases in its options; if "
            "the state no longer contains that resource, declare it with its old name for one "
            "`pulumi up`"
        )
    if ownership is Ownership.UNKNOWN:
        return (
            "If an interrupted update of this stack created it, or you want this stack to manage "
            "it as it is, set adopt_existing=True"
        )
    return "To manage that runner with this program as it is, set adopt_existing=True"


def reported_owner(runner: Runner) -> dict[str, str]:
    """Return the fields of the owner that the API reports for a runner."""
    return {name: value for name in OWNER_FIELDS if (value := getattr(runner, name))}


def known_owner(state: RunnerState) -> dict[str, str]:
    """Return the fields of the owner that the API reported at the creation or adoption."""
    seen = state.last_seen or {}
    return {name: seen[name] for name in OWNER_FIELDS if name in seen}


def reports(runners: Iterable[Runner], field: str) -> bool:
    """Whether a response with these runners contains this field of any of them."""
    return any(getattr(runner, field) for runner in runners)


def has_known_owner(state: RunnerState) -> bool:
    """Whether the state knows an owner to compare with the one that the API reports.

    An adopted runner has the owner that the API reported then, if any; the `task_id` of an imported
    one is unknown. An older version stored no owner.
    """
    if state.adopted:
        return bool(known_owner(state))
    return state.task_id is not None


def is_replaced(runner: Runner, state: RunnerState) -> bool:
    """Whether this runner is not the one in the state.

    That one may have been deleted outside, and another owner may have created one with its name.
    An owner that the API reported once and omits now is another one.
    """
    if not has_known_owner(state):
        return False
    reported = reported_owner(runner)
    if any(reported.get(name) != value for name, value in known_owner(state).items()):
        return True
    return not state.adopted and ownership_of(runner, state.task_id) is Ownership.OTHER


def describe_replacement(runner: Runner, state: RunnerState) -> str:
    """Return the sentence that this runner is not the one in the state."""
    origin = "adopted" if state.adopted else "created"
    owner = describe_owner(runner) or "reported without an owner"
    return f'Runner "{runner.name}" is no longer the one that this stack {origin}: it is {owner}.'
