"""One step of a preview: what the engine would do with one resource."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from kubiya_pulumi.preview_report.errors import USAGE, PreviewError
from kubiya_pulumi.preview_report.fields import Fields
from kubiya_pulumi.preview_report.hidden import mark_hidden

PropertyMap = Mapping[str, Any]
"""The properties of a resource, by name."""

# Only the name may contain "::", and any other character, too.
_RESOURCE_URN = re.compile(r"urn:pulumi:[^:]*::[^:]*::(?:[^:]|:(?!:))+::.+", re.DOTALL)
# These resources contain objects, and are not objects of a cluster themselves.
_COMPONENT = re.compile(r"kubernetes:[^:]*:(Chart|ConfigFile|ConfigGroup|Directory)")


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

    @property
    def is_component(self) -> bool:
        """Whether the resource has the objects of a manifest or chart below it."""
        return _COMPONENT.fullmatch(self.type) is not None

    @cached_property
    def _parts(self) -> list[str]:
        """Stack, project, types and name. Only the name may contain `::`."""
        parts = self.value.removeprefix("urn:pulumi:").split("::", 3)
        return parts + [""] * (4 - len(parts))


@dataclass(frozen=True)
class State:
    """A resource before or after a step, as far as the preview knows it.

    Values that the preview does not show are `Hidden`.
    """

    inputs: PropertyMap = field(default_factory=dict, repr=False)
    parent: Urn = Urn("")
    provider: Urn = Urn("")
    """The provider that manages the resource. Empty for a component."""
    retain_on_delete: bool = False
    """Whether a delete removes the resource from the stack only."""

    @classmethod
    def from_dict(cls, data: PropertyMap | None) -> State | None:
        """Read a state from the engine's JSON; None if there is none.

        Raises:
            PreviewError: a field is not as the engine writes it.
        """
        if data is None:
            return None
        fields = Fields("state", data)
        fields.json_object("outputs")
        return cls(
            inputs=mark_hidden(fields.json_object("inputs") or {}),
            parent=Urn(fields.text("parent")),
            # The provider's ID follows its URN. It is unknown until the provider is created.
            provider=Urn(fields.text("provider").rpartition("::")[0]),
            retain_on_delete=fields.flag("retainOnDelete"),
        )


@dataclass(frozen=True)
class Step:
    """What the engine would do with one resource."""

    operation: str
    """The engine's name, such as `create`, `update`, `replace`, `delete` or `same`."""
    urn: Urn
    old: State | None = field(default=None, repr=False)
    """The state before the step. None if the resource is new, or the preview has no states."""
    new: State | None = field(default=None, repr=False)
    """The state after the step. None if the resource is deleted, or the preview has no states."""
    parent: Urn = Urn("")
    changed_paths: tuple[str, ...] = ()
    """Paths of the properties that differ, such as `spec.replicas`."""
    replace_reasons: tuple[str, ...] = ()
    """The properties that cannot be updated in place and force the replacement."""

    @classmethod
    def from_document(cls, data: PropertyMap) -> Step:
        """Read a step from the document that `pulumi preview --json` prints.

        Raises:
            PreviewError: a field is not as the engine writes it.
        """
        return cls._read(
            data, old="oldState", new="newState", diffs="diffReasons", keys="replaceReasons"
        )

    @classmethod
    def from_event(cls, data: PropertyMap) -> Step:
        """Read a step from the metadata of an engine event.

        Raises:
            PreviewError: a field is not as the engine writes it.
        """
        return cls._read(data, old="old", new="new", diffs="diffs", keys="keys")

    @classmethod
    def from_summary(cls, data: PropertyMap) -> Step:
        """Read a step from the resources of `pulumi preview --output json`.

        Raises:
            PreviewError: a field is not as the engine writes it.
        """
        fields = Fields("resource", data)
        return cls(
            operation=fields.required_text("op"),
            urn=_read_urn(fields),
            parent=Urn(fields.text("parent")),
        )

    @classmethod
    def _read(cls, data: PropertyMap, *, old: str, new: str, diffs: str, keys: str) -> Step:
        fields = Fields("step", data)
        old_state = State.from_dict(fields.json_object(old))
        new_state = State.from_dict(fields.json_object(new))
        state = new_state or old_state
        paths = tuple(fields.json_object("detailedDiff") or {})
        properties = fields.texts(diffs)
        return cls(
            operation=fields.required_text("op"),
            urn=_read_urn(fields),
            old=old_state,
            new=new_state,
            parent=state.parent if state else Urn(""),
            changed_paths=paths or properties,
            replace_reasons=fields.texts(keys),
        )

    @property
    def is_internal(self) -> bool:
        """Whether the step is for the stack itself or for a provider."""
        return self.urn.type == "pulumi:pulumi:Stack" or self.is_provider

    @property
    def is_provider(self) -> bool:
        """Whether the step is for a provider."""
        return self.urn.type.startswith("pulumi:providers:")


def _read_urn(fields: Fields) -> Urn:
    urn = fields.required_text("urn")
    if not _RESOURCE_URN.fullmatch(urn):
        raise PreviewError(f"has a {fields.owner} whose urn is not that of a resource. {USAGE}")
    return Urn(urn)
