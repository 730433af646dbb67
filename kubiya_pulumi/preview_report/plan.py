"""One step of a preview: what the engine would do with one resource."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from kubiya_pulumi.review.kubernetes.coerce import mapping, text, texts

Properties = Mapping[str, Any]


@dataclass(frozen=True)
class Urn:
    """The name by which the engine knows a resource."""

    value: str
    """As the engine writes it: `urn:pulumi:<stack>::<project>::<types>::<name>`."""

    @property
    def stack(self) -> str:
        """Project and stack, as in `infra/dev`."""
        return "/".join(reversed(self._parts[:2]))

    @property
    def type(self) -> str:
        """The resource's own type, without those of its parents."""
        return self._parts[2].rpartition("$")[2]

    @property
    def name(self) -> str:
        """Pulumi's logical name."""
        return self._parts[3]

    @cached_property
    def _parts(self) -> list[str]:
        """Stack, project, types and name. Only the name can have colons of its own."""
        parts = self.value.removeprefix("urn:pulumi:").split("::", 3)
        return parts + [""] * (4 - len(parts))


@dataclass(frozen=True)
class State:
    """A resource before or after a step, as far as the preview knows it."""

    inputs: Properties = field(default_factory=dict, repr=False)
    outputs: Properties = field(default_factory=dict, repr=False)
    parent: Urn = Urn("")
    provider: Urn = Urn("")
    """The provider that the resource belongs to; empty for a component."""

    @classmethod
    def from_dict(cls, data: object) -> State | None:
        """Read a state of the engine's JSON; None where there is none."""
        if not isinstance(data, Mapping):
            return None
        return cls(
            inputs=mapping(data.get("inputs")),
            outputs=mapping(data.get("outputs")),
            parent=Urn(text(data.get("parent"))),
            # Its id follows, which is not known before the provider is there.
            provider=Urn(text(data.get("provider")).rpartition("::")[0]),
        )


@dataclass(frozen=True)
class Step:
    """What the engine would do with one resource."""

    operation: str
    """The engine's word, such as `create`, `update`, `replace`, `delete` or `same`."""
    urn: Urn
    old: State | None = field(default=None, repr=False)
    """Before the step; None where the resource is new."""
    new: State | None = field(default=None, repr=False)
    """After the step; None where the resource is deleted."""
    changed: tuple[str, ...] = ()
    """Paths of the properties that differ, such as `spec.replicas`."""
    replaced_for: tuple[str, ...] = ()
    """Properties that cannot be changed in place, and so are why it is replaced."""

    @classmethod
    def from_dict(cls, data: Properties) -> Step:
        """Read a step of `pulumi preview --json`."""
        return cls(
            operation=text(data.get("op")),
            urn=Urn(text(data.get("urn"))),
            old=State.from_dict(data.get("oldState")),
            new=State.from_dict(data.get("newState")),
            changed=_changed(data.get("detailedDiff"), data.get("diffReasons")),
            replaced_for=texts(data.get("replaceReasons")),
        )

    @classmethod
    def from_event(cls, data: Properties) -> Step:
        """Read the metadata of a step from the engine's stream of events."""
        return cls(
            operation=text(data.get("op")),
            urn=Urn(text(data.get("urn"))),
            old=State.from_dict(data.get("old")),
            new=State.from_dict(data.get("new")),
            changed=_changed(data.get("detailedDiff"), data.get("diffs")),
            replaced_for=texts(data.get("keys")),
        )


def _changed(detailed: object, names: object) -> tuple[str, ...]:
    """The paths where the engine gives them, else the names of the properties."""
    return tuple(map(str, mapping(detailed))) or texts(names)
