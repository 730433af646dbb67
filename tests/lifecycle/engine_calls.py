"""Call a handler with plain properties, as the engine does through a dynamic provider."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from typing import Any

from kubiya_pulumi.api import RunnersApi
from kubiya_pulumi.dynamic.handler import InputFailure, ResourceDiff, ResourceHandler


@dataclass(frozen=True)
class Stored:
    """The state of a resource as the engine stores it."""

    id: str
    outputs: dict[str, Any]
    inputs: dict[str, Any] = field(default_factory=dict)


class EngineCalls:
    """A handler whose inputs and state are plain properties.

    Args:
        handler: The handler of a resource.
    """

    def __init__(self, handler: ResourceHandler[RunnersApi, Any, Any]) -> None:
        self._handler = handler
        self._declaration = handler.declaration

    def check(
        self,
        inputs: Mapping[str, Any],
        unknown: Set[str],
        old_inputs: Mapping[str, Any] | None = None,
    ) -> tuple[dict[str, Any], list[InputFailure]]:
        """Validate the inputs."""
        return self._handler.check(inputs, unknown, old_inputs)

    def diff(
        self, outputs: Mapping[str, Any], inputs: Mapping[str, Any], unknown: Set[str]
    ) -> ResourceDiff:
        """Compare the state with the inputs."""
        return self._handler.diff(outputs, inputs, unknown)

    def create(self, api: RunnersApi, inputs: Mapping[str, Any]) -> Stored:
        """Create the object."""
        return self._stored(self._handler.create(api, self._declaration.parse_inputs(inputs)))

    def read(self, api: RunnersApi, id_: str, outputs: Mapping[str, Any]) -> Stored | None:
        """Read the object."""
        current = self._handler.read(api, self._declaration.parse_state(id_, outputs))
        return None if current is None else self._stored(current)

    def update(
        self, api: RunnersApi, id_: str, outputs: Mapping[str, Any], inputs: Mapping[str, Any]
    ) -> Stored:
        """Change the object."""
        declaration = self._declaration
        new_inputs = declaration.parse_inputs({declaration.id_property: id_, **inputs})
        state = declaration.parse_state(id_, outputs)
        return self._stored(self._handler.update(api, state, new_inputs))

    def delete(self, api: RunnersApi, id_: str, outputs: Mapping[str, Any]) -> None:
        """Delete the object."""
        self._handler.delete(api, self._declaration.parse_state(id_, outputs))

    def _stored(self, state: Any) -> Stored:
        outputs = self._declaration.to_properties(state)
        inputs = self._declaration.inputs_in(state)
        return Stored(outputs[self._declaration.id_property], outputs, inputs)
