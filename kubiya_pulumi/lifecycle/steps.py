"""The decisions that each kind of resource makes, as plain data and one protocol."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from typing import Any, Protocol

from kubiya_pulumi.api import RunnersApi

Properties = Mapping[str, Any]
"""Inputs or outputs of a resource, by the names that stand in the state."""


@dataclass(frozen=True)
class Failure:
    """An input that cannot be right."""

    property: str
    """The input's name; empty where it is not one input's fault."""
    reason: str
    """The end of a sentence that begins with the input's value."""


@dataclass(frozen=True)
class Difference:
    """What the program asks for and the state has not."""

    updates: tuple[str, ...] = ()
    """Inputs that can be changed in place."""
    replaces: tuple[str, ...] = ()
    """Inputs that only another object can have."""
    delete_first: bool = False
    """Whether the old object must be gone before the new one is created."""


@dataclass(frozen=True)
class State:
    """An object as it is now."""

    id: str
    outputs: dict[str, Any] = field(repr=False)
    """What stands in the state, secrets among it."""
    inputs: dict[str, Any] = field(default_factory=dict)
    """The inputs that describe it as it is, so that what changed outside shows as drift."""


class Steps(Protocol):
    """What the engine asks of a kind of resource. A module with these functions is one."""

    def check(self, inputs: Properties, unknown: Set[str]) -> tuple[dict[str, Any], list[Failure]]:
        """Fill in the defaults and name every input that cannot be right, without a call.

        `unknown` are the names of inputs whose values a preview does not know yet; they are
        not in `inputs`.
        """

    def diff(self, outputs: Properties, inputs: Properties, unknown: Set[str]) -> Difference:
        """Compare what the state has with what the program asks for, without a call.

        A value that is not known yet counts as another one: the preview says what may happen.
        """

    def create(self, client: RunnersApi, inputs: Properties) -> State:
        """Make the object.

        Once it is known to be made nothing raises: the state would forget it.
        """

    def read(self, client: RunnersApi, id_: str, outputs: Properties) -> State | None:
        """Look at the object. None means that it is certainly gone; any doubt raises."""

    def update(
        self, client: RunnersApi, id_: str, outputs: Properties, inputs: Properties
    ) -> State:
        """Change the object in place."""

    def delete(self, client: RunnersApi, id_: str, outputs: Properties) -> None:
        """Remove the object. That it is gone already is success."""
