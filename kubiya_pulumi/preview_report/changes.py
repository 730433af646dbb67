"""The resources that a preview would change, and those that it cannot know yet."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from kubiya_pulumi.declarations import RUNNER_MANIFEST
from kubiya_pulumi.preview_report.parser import Preview, PreviewError
from kubiya_pulumi.preview_report.plan import Step, Urn

_CHANGES = {
    "replace": "replaced",
    "import-replacement": "replaced",
    "delete": "deleted",
    "update": "updated",
    "create": "created",
    "import": "imported",
}
"""The field of `Changes` for each operation that changes a resource."""
_UNCHANGED = frozenset({"same", "refresh", "read", "discard", "remove-pending-replace"})
_REPLACEMENT_PARTS = frozenset(
    {"create-replacement", "delete-replaced", "discard-replaced", "read-replacement"}
)
"""The engine may list these in addition to the `replace` that they belong to."""

_INCOMPLETE_WARNING = re.compile(
    r"([^\s:]+:[^\s:]+:[^\s:]+):(.+) -- Required input properties have unknown values"
)
"""The Kubernetes provider's warning that it cannot list the objects of a component."""


class ResourceRef(NamedTuple):
    """A resource, identified by its type and its logical name."""

    type: str
    name: str


@dataclass(frozen=True)
class Changes:
    """The steps that change a resource. Each field is sorted by type and name."""

    replaced: tuple[Step, ...] = ()
    deleted: tuple[Step, ...] = ()
    updated: tuple[Step, ...] = ()
    created: tuple[Step, ...] = ()
    imported: tuple[Step, ...] = ()
    unknown: tuple[ResourceRef, ...] = ()
    """Manifests and components whose objects are unknown until the update."""
    spurious_deletes: tuple[Step, ...] = ()
    """Objects that the engine lists as deleted only because their component is unknown."""


def find_changes(preview: Preview) -> Changes:
    """Group the steps of a preview by change. The stack and the providers are left out.

    Raises:
        PreviewError: a step has an operation that this version does not know.
    """
    steps: dict[str, list[Step]] = {change: [] for change in _CHANGES.values()}
    # The engine's order differs from one preview to the next.
    for step in sorted(preview.steps, key=lambda step: (step.urn.type, step.urn.name)):
        if step.operation in _CHANGES:
            if not _is_internal(step.urn):
                steps[_CHANGES[step.operation]].append(step)
        elif step.operation not in _UNCHANGED | _REPLACEMENT_PARTS:
            raise PreviewError(
                f'has a step with the operation "{step.operation}", which this version of '
                "kubiya-pulumi does not know. Upgrade kubiya-pulumi."
            )
    unknown = [*_unknown_manifests(preview), *_unknown_components(preview)]
    spurious_deletes = [step for step in steps["deleted"] if _has_parent_in(step, unknown)]
    steps["deleted"] = [step for step in steps["deleted"] if step not in spurious_deletes]
    return Changes(
        **{change: tuple(matching) for change, matching in steps.items()},
        unknown=tuple(unknown),
        spurious_deletes=tuple(spurious_deletes),
    )


def is_incomplete_warning(warning: str) -> bool:
    """Return whether a warning says that the objects of a component are unknown."""
    return _INCOMPLETE_WARNING.match(warning) is not None


def _is_internal(urn: Urn) -> bool:
    return urn.type == "pulumi:pulumi:Stack" or urn.type.startswith("pulumi:providers:")


def _unknown_manifests(preview: Preview) -> Iterator[ResourceRef]:
    """Yield the changed manifests: a preview has no outputs of a resource that it changes."""
    for step in preview.steps:
        if (
            step.urn.type == RUNNER_MANIFEST.type_token
            and _CHANGES.get(step.operation, "deleted") != "deleted"
        ):
            yield ResourceRef(step.urn.type, step.urn.name)


def _unknown_components(preview: Preview) -> Iterator[ResourceRef]:
    for warning in preview.warnings:
        if match := _INCOMPLETE_WARNING.match(warning):
            yield ResourceRef(match[1], match[2])


def _has_parent_in(step: Step, components: Iterable[ResourceRef]) -> bool:
    if step.old is None:
        return False
    parent = step.old.parent
    return ResourceRef(parent.type, parent.name) in components
