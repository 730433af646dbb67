"""What the engine asks of a kind of resource, as typed functions that know nothing of Pulumi.

A handler gets its inputs and state as the dataclasses of its declaration. The validation of inputs
and the comparison with the state follow from the declaration.
"""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Set
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

from .properties import (
    REQUIRED,
    OnChange,
    Property,
    PropertyMap,
    ResourceDeclaration,
)
from .property_types import IF_AN_OUTPUT

ApiT = TypeVar("ApiT", contravariant=True)
InputsT = TypeVar("InputsT")
StateT = TypeVar("StateT")


@dataclass(frozen=True)
class InputFailure:
    """An invalid input."""

    property: str
    """The input's name; empty if the failure is not about one input."""
    reason: str
    """What is wrong, as the end of "has a problem: …"."""


@dataclass(frozen=True)
class ResourceDiff:
    """What the program asks for and the state does not have."""

    updates: tuple[str, ...] = ()
    """Inputs that can change in place."""
    replaces: tuple[str, ...] = ()
    """Inputs that only a new object can have."""
    delete_before_replace: bool = False
    """Whether the existing object must be deleted before the new one is created."""


class ResourceHandler(ABC, Generic[ApiT, InputsT, StateT]):
    """Creates, reads, updates and deletes the objects behind one kind of resource."""

    declaration: ClassVar[ResourceDeclaration[Any, Any]]

    @abstractmethod
    def create(self, api: ApiT, inputs: InputsT) -> StateT:
        """Create the object.

        Do not raise once the object is known to exist: the state would not contain it.
        """

    @abstractmethod
    def read(self, api: ApiT, state: StateT) -> StateT | None:
        """Read the object.

        Args:
            api: the API.
            state: the stored state. A resource that is read by its id has only that.

        Returns:
            The current state, or None if the object is certainly gone. Any doubt raises.
        """

    @abstractmethod
    def update(self, api: ApiT, state: StateT, inputs: InputsT) -> StateT:
        """Change the object in place."""

    @abstractmethod
    def delete(self, api: ApiT, state: StateT) -> None:
        """Delete the object. Succeed if the object does not exist."""

    def check(
        self, inputs: PropertyMap, unknown: Set[str], old_inputs: PropertyMap | None = None
    ) -> tuple[dict[str, Any], list[InputFailure]]:
        """Fill in the defaults and validate every input, without a request.

        Args:
            inputs: the known inputs.
            unknown: the names of inputs whose values a preview does not know yet.
            old_inputs: the inputs in the state.

        Returns:
            The known inputs with their defaults, and a failure for each invalid input.
        """
        checked: dict[str, Any] = {}
        failures = []
        given = {**inputs, **self._kept_from_refresh(inputs, old_inputs or {})}
        for name, item in self.declaration.inputs.items():
            if name in unknown:
                continue
            value = given.get(name)
            if value is None:
                value = item.default
            if value is REQUIRED:
                failures.append(InputFailure(name, f"is required; {IF_AN_OUTPUT}"))
            elif problem := item.problem(value):
                failures.append(InputFailure(name, problem))
            if value is not REQUIRED and value is not None:
                # A copy, since a handler may change its inputs and the default is shared.
                checked[name] = copy.deepcopy(value)
        return checked, failures

    def diff(self, state: PropertyMap, inputs: PropertyMap, unknown: Set[str]) -> ResourceDiff:
        """Compare the state with the checked inputs, without a request.

        An unknown value counts as different: the preview shows what may happen. An input without
        a value is not managed, so it differs from nothing.

        Args:
            state: the state as it is stored; an older version may have stored less.
            inputs: the known inputs.
            unknown: the names of inputs whose values a preview does not know yet.
        """
        outputs = self.declaration.outputs

        def changed(item: Property) -> bool:
            if item.name in unknown:
                return True
            wanted = inputs.get(item.name, item.default)
            stored = state.get(item.name, outputs[item.name].default)
            return wanted not in (None, REQUIRED) and stored is not REQUIRED and wanted != stored

        different = [item for item in self.declaration.inputs.values() if changed(item)]
        replaces = [item for item in different if item.on_change is OnChange.REPLACE]
        return ResourceDiff(
            updates=tuple(i.name for i in different if i.on_change is OnChange.UPDATE),
            replaces=tuple(item.name for item in replaces),
            delete_before_replace=any(item.delete_before_replace for item in replaces),
        )

    def _kept_from_refresh(self, inputs: PropertyMap, old_inputs: PropertyMap) -> PropertyMap:
        """Return the inputs that a refresh has set, if the resource is still the same object."""
        id_property = self.declaration.id_property
        if inputs.get(id_property) != old_inputs.get(id_property):
            return {}
        return {
            name: old_inputs[name]
            for name, item in self.declaration.inputs.items()
            if item.from_refresh and name in old_inputs
        }


class StateOnlyHandler(ResourceHandler[ApiT, InputsT, StateT]):
    """Handles resources that exist in the state alone: a delete needs no API and no settings."""

    def delete(self, api: ApiT, state: StateT) -> None:
        """Do nothing: the engine drops the resource from the state."""
