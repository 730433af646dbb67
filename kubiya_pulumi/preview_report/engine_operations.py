"""The operations of the engine, and what each of them does to a resource."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from enum import StrEnum

from kubiya_pulumi.preview_report.errors import USAGE, PreviewError, unknown_part
from kubiya_pulumi.preview_report.steps import Step


class Change(StrEnum):
    """What an update does to a resource. The values are the fields of `Changes`."""

    REPLACED = "replaced"
    DELETED = "deleted"
    KEPT = "kept"
    FORGOTTEN = "forgotten"
    UPDATED = "updated"
    CREATED = "created"
    IMPORTED = "imported"


# https://github.com/pulumi/pulumi/blob/v3.274.1/pkg/resource/deploy/step.go
_CHANGES: Mapping[str, Change | None] = {
    "replace": Change.REPLACED,
    "delete": Change.DELETED,
    "update": Change.UPDATED,
    "create": Change.CREATED,
    "import": Change.IMPORTED,
    # The resource was read and not created by the stack.
    "discard": Change.KEPT,
    # An earlier, interrupted update has already deleted the resource.
    "remove-pending-replace": Change.FORGOTTEN,
    "same": None,
    "read": None,
    "refresh": None,
    "diff": None,
    "extend-parameterize": None,
}
_PARTS: Mapping[str, Change | None] = {
    "create-replacement": Change.CREATED,
    "import-replacement": Change.REPLACED,
    "read-replacement": None,
    "delete-replaced": Change.DELETED,
    "discard-replaced": Change.KEPT,
}
"""The engine lists these in addition to a `replace`. Without one they complete the replacement of
an earlier, interrupted update."""

_COUNTED = frozenset({"create", "delete", "discard", "import", "replace", "update"})
"""The engine's summary counts all of these steps. It omits some steps of other operations."""


def changes_of(steps: Iterable[Step]) -> list[tuple[Step, Change | None]]:
    """Return each step with its change, or None if the resource does not change.

    Raises:
        PreviewError: a step has an operation that this version does not know.
    """
    steps = list(steps)
    replaced = {step.urn for step in steps if step.operation == "replace"}
    return [(step, _change_of(step, replaced=step.urn in replaced)) for step in steps]


def _change_of(step: Step, *, replaced: bool) -> Change | None:
    if step.operation not in _CHANGES.keys() | _PARTS.keys():
        raise unknown_part("a step with the operation", step.operation)
    if step.operation in _PARTS and replaced:
        return None
    change = {**_CHANGES, **_PARTS}[step.operation]
    if change is Change.DELETED and step.old and step.old.retain_on_delete:
        return Change.KEPT
    return change


def check_counts(steps: Iterable[Step], counts: Mapping[str, int]) -> None:
    """Compare the steps with the engine's own count of them.

    Raises:
        PreviewError: the text lists another number of steps than the engine has planned.
    """
    # The engine does not count the default providers, which only its log lists.
    listed = Counter(
        step.operation
        for step in steps
        if not (step.is_provider and step.urn.name.startswith("default"))
    )
    for operation in sorted(_COUNTED):
        expected = counts.get(operation, 0)
        if listed[operation] != expected:
            raise PreviewError(
                f"lists the operation {operation} {listed[operation]:,} times, but its summary "
                f"counts {expected:,}. {USAGE}"
            )
