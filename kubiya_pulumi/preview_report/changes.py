"""What a preview would change, and what it cannot know yet."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from kubiya_pulumi.preview_report.parser import Preview, PreviewError
from kubiya_pulumi.preview_report.plan import Step, Urn

_MANIFEST = "pulumi-python:dynamic/kubiya:RunnerManifest"

_KINDS = {
    "replace": "replaced",
    "import-replacement": "replaced",
    "delete": "deleted",
    "update": "updated",
    "create": "created",
    "import": "imported",
}
_NO_CHANGE = frozenset({"same", "refresh", "read", "discard", "remove-pending-replace"})
_PARTS_OF_A_REPLACEMENT = frozenset(
    {"create-replacement", "delete-replaced", "discard-replaced", "read-replacement"}
)
"""The engine may list them beside the `replace` that they make up."""

_INCOMPLETE = re.compile(
    r"([^\s:]+:[^\s:]+:[^\s:]+):(.+) -- Required input properties have unknown values"
)
"""What the Kubernetes provider warns of where it cannot tell the objects of a component."""


class ResourceRef(NamedTuple):
    """A resource by its type and Pulumi's logical name."""

    type: str
    name: str


@dataclass(frozen=True)
class Changes:
    """The steps of a preview that change something, each kind sorted by type and name."""

    replaced: tuple[Step, ...] = ()
    deleted: tuple[Step, ...] = ()
    updated: tuple[Step, ...] = ()
    created: tuple[Step, ...] = ()
    imported: tuple[Step, ...] = ()
    unknown: tuple[ResourceRef, ...] = ()
    """Manifests and components whose objects are known only during the update."""
    not_deleted: tuple[Step, ...] = ()
    """What the engine lists as deleted for no other reason than that."""


def changes_in(preview: Preview) -> Changes:
    """Sort the steps of a preview by what they do. The engine's own resources are left out.

    Raises:
        PreviewError: there is an operation that this version does not know.
    """
    kinds: dict[str, list[Step]] = {kind: [] for kind in _KINDS.values()}
    # The engine lists steps as they come, which differs from one preview to the next.
    for step in sorted(preview.steps, key=lambda step: (step.urn.type, step.urn.name)):
        if step.operation in _KINDS:
            if not _is_the_engines(step.urn):
                kinds[_KINDS[step.operation]].append(step)
        elif step.operation not in _NO_CHANGE | _PARTS_OF_A_REPLACEMENT:
            raise PreviewError(
                f'has a step of the kind "{step.operation}", which this version of '
                "kubiya-pulumi does not know: upgrade it."
            )
    unknown = [*_unknown_manifests(preview), *_unknown_components(preview)]
    not_deleted = [step for step in kinds["deleted"] if step.old and _in(step.old.parent, unknown)]
    kinds["deleted"] = [step for step in kinds["deleted"] if step not in not_deleted]
    return Changes(
        **{kind: tuple(steps) for kind, steps in kinds.items()},
        unknown=tuple(unknown),
        not_deleted=tuple(not_deleted),
    )


def is_incomplete(warning: str) -> bool:
    """Whether a warning says that a component's objects are known only during the update."""
    return _INCOMPLETE.match(warning) is not None


def _is_the_engines(urn: Urn) -> bool:
    return urn.type == "pulumi:pulumi:Stack" or urn.type.startswith("pulumi:providers:")


def _unknown_manifests(preview: Preview) -> Iterable[ResourceRef]:
    """In a preview the engine knows no output of a resource that it creates or changes."""
    for step in preview.steps:
        if step.urn.type == _MANIFEST and _KINDS.get(step.operation) not in (None, "deleted"):
            yield ResourceRef(step.urn.type, step.urn.name)


def _unknown_components(preview: Preview) -> Iterable[ResourceRef]:
    for warning in preview.warnings:
        if found := _INCOMPLETE.match(warning):
            yield ResourceRef(found[1], found[2])


def _in(parent: Urn, components: Iterable[ResourceRef]) -> bool:
    return ResourceRef(parent.type, parent.name) in components
