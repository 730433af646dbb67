"""The resources that an update would change."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from kubiya_pulumi.preview_report.engine_operations import Change, changes_of
from kubiya_pulumi.preview_report.preview import Preview, ResourceRef
from kubiya_pulumi.preview_report.steps import Step


@dataclass(frozen=True)
class Changes:
    """The steps that change a resource. Each field is sorted by type and name."""

    replaced: tuple[Step, ...] = ()
    deleted: tuple[Step, ...] = ()
    kept: tuple[Step, ...] = ()
    """Resources that are removed from the stack and kept in place (`retain_on_delete`)."""
    forgotten: tuple[Step, ...] = ()
    """Resources that are removed from the stack and were already deleted."""
    updated: tuple[Step, ...] = ()
    created: tuple[Step, ...] = ()
    imported: tuple[Step, ...] = ()
    spurious_deletes: tuple[Step, ...] = ()
    """Objects that the engine lists as deleted only because their component is unknown."""

    @property
    def applied(self) -> tuple[Step, ...]:
        """The steps whose resource exists after the update, and is not the same as before."""
        return (*self.replaced, *self.updated, *self.created, *self.imported)


def find_changes(preview: Preview) -> Changes:
    """Group the steps of a preview by change.

    The stack and the providers are left out, except for a provider that is replaced.

    Raises:
        PreviewError: a step has an operation that this version does not know.
    """
    steps: dict[Change, list[Step]] = {change: [] for change in Change}
    spurious_deletes = []
    # The engine's order differs from one preview to the next.
    for step, change in changes_of(sorted(preview.steps, key=_sort_key)):
        # A provider that is replaced replaces all its resources.
        is_counted = not step.is_internal or (step.is_provider and change is Change.REPLACED)
        if change is None or not is_counted:
            continue
        is_removed = change in (Change.DELETED, Change.KEPT)
        if is_removed and _is_below(step, preview.incomplete):
            spurious_deletes.append(step)
        else:
            steps[change].append(step)
    return Changes(
        **{change.value: tuple(matching) for change, matching in steps.items()},
        spurious_deletes=tuple(spurious_deletes),
    )


def _sort_key(step: Step) -> tuple[str, str]:
    return (step.urn.type, step.urn.name)


def _is_below(step: Step, components: Iterable[ResourceRef]) -> bool:
    # A program can log the warning about any resource, but only these list spurious deletes.
    return step.parent.is_component and ResourceRef.of(step.parent) in components
