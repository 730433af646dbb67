"""One step of a preview: what the engine would do with one resource."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from kubiya_pulumi.review.kubernetes.coerce import as_mapping, as_str, as_strs

PropertyMap = Mapping[str, Any]
"""The properties of a resource, by name."""


@dataclass(frozen=True)
class Urn:
    """The engine's identifier of a resource."""

    value: str
    """As the engine writes it: `urn:pulumi:<stack>::<project>::<types>::<name>`."""

    @property
    def stack(self) -> str:
        """The project and the stack, such as `infra/dev`."""
        return "/".join(reversed(self._parts[:2]))

    @property
    def type(self) -> str:
        """The type of the resource itself, without the types of its parents."""
        return self._parts[2].rpartition("$")[2]

    @property
    def name(self) -> str:
        """The logical name."""
        return self._parts[3]

    @cached_property
    def _parts(self) -> list[str]:
        """Stack, project, types and name. Only the name may contain `::`."""
        parts = self.value.removeprefix("urn:pulumi:").split("::", 3)
        return parts + [""] * (4 - len(parts))


@dataclass(frozen=True)
class State:
    """A resource before or after a step, as far as the preview knows it."""

    inputs: PropertyMap = field(default_factory=dict, repr=False)
    outputs: PropertyMap = field(default_factory=dict, repr=False)
    parent: Urn = Urn("")
    provider: Urn = Urn("")
    """The provider that manages the resource. Empty for a component."""

    @classmethod
    def from_dict(cls, data: object) -> State | None:
        """Read a state from the engine's JSON. Return None if `data` is not a JSON object."""
        if not isinstance(data, Mapping):
            return None
        return cls(
            inputs=as_mapping(data.get("inputs")),
            outputs=as_mapping(data.get("outputs")),
            parent=Urn(as_str(data.get("parent"))),
            # The provider's ID follows its URN. It is unknown until the provider is created.
            provider=Urn(as_str(data.get("provider")).rpartition("::")[0]),
        )


@dataclass(frozen=True)
class Step:
    """What the engine would do with one resource."""

    operation: str
    """The engine's name, such as `create`, `update`, `replace`, `delete` or `same`."""
    urn: Urn
    old: State | None = field(default=None, repr=False)
    """The state before the step. None if the resource is new."""
    new: State | None = field(default=None, repr=False)
    """The state after the step. None if the resource is deleted."""
    changed_paths: tuple[str, ...] = ()
    """Paths of the properties that differ, such as `spec.replicas`."""
    replace_reasons: tuple[str, ...] = ()
    """The properties that cannot be updated in place and force the replacement."""

    @classmethod
    def from_dict(cls, data: PropertyMap) -> Step:
        """Read a step from the document that `pulumi preview --json` prints."""
        return cls(
            operation=as_str(data.get("op")),
            urn=Urn(as_str(data.get("urn"))),
            old=State.from_dict(data.get("oldState")),
            new=State.from_dict(data.get("newState")),
            changed_paths=_changed_paths(data.get("detailedDiff"), data.get("diffReasons")),
            replace_reasons=as_strs(data.get("replaceReasons")),
        )

    @classmethod
    def from_event(cls, data: PropertyMap) -> Step:
        """Read a step from the metadata of an engine event."""
        return cls(
            operation=as_str(data.get("op")),
            urn=Urn(as_str(data.get("urn"))),
            old=State.from_dict(data.get("old")),
            new=State.from_dict(data.get("new")),
            changed_paths=_changed_paths(data.get("detailedDiff"), data.get("diffs")),
            replace_reasons=as_strs(data.get("keys")),
        )


def _changed_paths(detailed_diff: object, properties: object) -> tuple[str, ...]:
    """Return the paths of the detailed diff, or the property names without one."""
    return tuple(map(str, as_mapping(detailed_diff))) or as_strs(properties)
