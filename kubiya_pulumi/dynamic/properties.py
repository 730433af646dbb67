"""The properties of a resource, declared once.

A resource has two dataclasses: its inputs, and its state, which adds the outputs. `prop` gives a
field what its annotation cannot say: documentation, validation, secrecy and what a change does.
Validation, defaults, differences, secret outputs and registered properties follow from that.
"""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from functools import partial
from types import MappingProxyType
from typing import Any, Generic, TypeVar, get_type_hints

from .property_types import (
    SUPPORTED,
    convert,
    describe_type,
    is_optional,
    is_supported,
    type_problem,
    without_none,
)

PropertyMap = Mapping[str, Any]
"""Inputs or outputs of a resource, by the names in the state."""

REQUIRED = dataclasses.MISSING
"""The default of a property that must be given."""


class OnChange(Enum):
    """What a different value of an input does to an existing resource."""

    NOTHING = auto()
    UPDATE = auto()
    REPLACE = auto()


@dataclass(frozen=True)
class Property:
    """One property of a resource."""

    name: str
    """Its name in the state."""
    type: Any
    """Its type annotation, such as `str | None`."""
    doc: str
    """What it is, as sentences."""
    default: Any = REQUIRED
    """The value that an absent property has; `REQUIRED` if it must be present."""
    argument: str = ""
    """Its name as an argument of the resource's constructor; empty if that is `name`."""
    default_doc: str = ""
    """What the resource class sets if the argument is omitted, for the documentation."""
    validate: Callable[[Any], str | None] | None = None
    """Returns what is wrong with a value of the right type, or None."""
    on_change: OnChange = OnChange.NOTHING
    delete_before_replace: bool = False
    """Whether a replacement deletes the existing object first."""
    secret: bool = False
    """Whether the state encrypts the value and outputs hide it."""
    internal: bool = False
    """Whether the provider sets it, so that it is not an argument of the constructor."""
    hidden: bool = False
    """Whether only the state has it, so that the resource does not expose it as an output."""
    is_id: bool = False
    """Whether it is the resource's id."""
    from_refresh: bool = False
    """Whether a refresh sets it, so that it is kept until the resource is replaced."""

    @property
    def is_optional(self) -> bool:
        """Whether it may have no value."""
        return is_optional(self.type)

    def problem(self, value: object) -> str | None:
        """Return why `value` is invalid, as the end of "has a problem: …", or None."""
        path, reason = type_problem(value, self.type) or ("", None)
        if reason is None and value is not None and self.validate is not None:
            reason = self.validate(convert(value, self.type))
        if reason is None:
            return None
        if self.argument not in ("", self.name):
            return f"the argument {self.argument}{path} {reason}"
        return f"{self.name}{path} {reason}" if path else reason


def prop(
    doc: str,
    *,
    default: Any = REQUIRED,
    argument: str = "",
    default_doc: str = "",
    validate: Callable[[Any], str | None] | None = None,
    on_change: OnChange = OnChange.NOTHING,
    delete_before_replace: bool = False,
    secret: bool = False,
    internal: bool = False,
    hidden: bool = False,
    is_id: bool = False,
    from_refresh: bool = False,
) -> Any:
    """Declare a property as a field of a dataclass. See `Property` for the arguments.

    Every property of a state except the id needs a default, since an older version may not have
    stored it.
    """
    given: dict[str, Any] = {
        "doc": doc,
        "argument": argument,
        "default_doc": default_doc,
        "validate": validate,
        "on_change": on_change,
        "delete_before_replace": delete_before_replace,
        "secret": secret,
        "internal": internal,
        "hidden": hidden,
        "is_id": is_id,
        "from_refresh": from_refresh,
    }
    # A secret stays out of the repr, and so out of logs and tracebacks.
    if isinstance(default, list | dict):
        return field(
            default_factory=partial(copy.deepcopy, default), repr=not secret, metadata=given
        )
    return field(default=default, repr=not secret, metadata=given)


_PROPERTIES: dict[type, Mapping[str, Property]] = {}


def properties_of(declaration: type) -> Mapping[str, Property]:
    """Return the properties that a dataclass declares, by name.

    Args:
        declaration: a dataclass whose fields are made by `prop`.

    Raises:
        TypeError: the declaration of a property is wrong.
    """
    if declaration not in _PROPERTIES:
        _PROPERTIES[declaration] = _read_properties(declaration)
    return _PROPERTIES[declaration]


def _read_properties(declaration: type) -> Mapping[str, Property]:
    if not dataclasses.is_dataclass(declaration):
        raise TypeError(f"{declaration.__name__} is not a dataclass; decorate it with @dataclass")
    hints = get_type_hints(declaration)
    properties = {}
    for item in dataclasses.fields(declaration):
        where = f"{declaration.__name__}.{item.name}"
        if not item.metadata:
            raise TypeError(f"{where} is not declared with prop(…)")
        default = item.default
        if item.default_factory is not dataclasses.MISSING:
            default = item.default_factory()
        declared = Property(item.name, hints[item.name], default=default, **dict(item.metadata))
        if problem := _declaration_problem(declared):
            raise TypeError(f"{where} {problem}")
        properties[item.name] = declared
    return MappingProxyType(properties)


def _declaration_problem(item: Property) -> str | None:
    """Return what is wrong with the declaration of a property on its own, or None."""
    if not is_supported(item.type):
        return f"has the type {describe_type(item.type)}, which is not supported; use {SUPPORTED}"
    if not isinstance(item.on_change, OnChange):
        return f"sets on_change={item.on_change!r}; use a member of OnChange"
    if item.delete_before_replace and item.on_change is not OnChange.REPLACE:
        return "sets delete_before_replace=True, which needs on_change=OnChange.REPLACE"
    if item.default is not REQUIRED and (problem := item.problem(item.default)):
        return f"has an invalid default: {problem}"
    return None


InputsT = TypeVar("InputsT")
StateT = TypeVar("StateT")
T = TypeVar("T")


@dataclass(frozen=True)
class ResourceDeclaration(Generic[InputsT, StateT]):
    """A kind of resource: its type in the state, and its properties."""

    module: str
    """The module in its type, such as `kubiya`."""
    name: str
    """The name in its type, such as `Runner`."""
    inputs_type: type[InputsT]
    """The dataclass of what a program gives to the resource."""
    state_type: type[StateT]
    """The dataclass of what the state holds: the inputs, and what the provider adds."""

    def __post_init__(self) -> None:
        """Check the declaration.

        Raises:
            TypeError: it is wrong. The message names the class and the property.
        """
        inputs, state = self.inputs_type.__name__, self.state_type.__name__
        ids = [item for item in self.inputs.values() if item.is_id]
        if len(ids) != 1:
            names = ", ".join(item.name for item in ids) or "none"
            raise TypeError(f"{inputs} must have one property with is_id=True; it has {names}")
        [id_] = ids
        if id_.type is not str:
            raise TypeError(f"{inputs}.{id_.name} is the id, so its type must be str")
        if id_.on_change is not OnChange.REPLACE:
            raise TypeError(
                f"{inputs}.{id_.name} is the id, so it needs on_change=OnChange.REPLACE"
            )
        for name in self.inputs:
            if name not in self.outputs:
                raise TypeError(f"{state} lacks {name} of {inputs}; derive it from {inputs}")
        for name, item in self.outputs.items():
            if item.default is REQUIRED and name != id_.name:
                inherited = name in self.inputs and name not in self.state_type.__annotations__
                fix = f"declare it in {state} too, with prop(…, default=…)"
                raise TypeError(
                    f"{state}.{name} needs a default, for a state of a version that did not "
                    f"store it; {fix if inherited else 'pass default=… to prop'}"
                )
        for name, item in self.inputs.items():
            given, stored = item.type, self.outputs[name].type
            if without_none(given) != without_none(stored):
                raise TypeError(
                    f"{state}.{name} has the type {describe_type(stored)}, and {inputs}.{name} "
                    f"has {describe_type(given)}; they may differ only in None, since otherwise "
                    "every diff would be a change"
                )

    @property
    def type_token(self) -> str:
        """The type in the state, such as `pulumi-python:dynamic/kubiya:Runner`."""
        return f"pulumi-python:dynamic/{self.module}:{self.name}"

    @property
    def inputs(self) -> Mapping[str, Property]:
        """The inputs by name."""
        return properties_of(self.inputs_type)

    @property
    def outputs(self) -> Mapping[str, Property]:
        """The properties in the state by name: the inputs, and what the provider adds."""
        return properties_of(self.state_type)

    @property
    def id_property(self) -> str:
        """The name of the input that is the resource's id."""
        return next(name for name, item in self.inputs.items() if item.is_id)

    @property
    def secret_outputs(self) -> frozenset[str]:
        """The names of the outputs that are always secret."""
        return frozenset(name for name, item in self.outputs.items() if item.secret)

    @property
    def delete_before_replace(self) -> bool:
        """Whether every replacement deletes the existing object first."""
        return any(item.delete_before_replace for item in self.inputs.values())

    def parse_inputs(self, values: PropertyMap) -> InputsT:
        """Build the typed inputs from checked values."""
        return _build(self.inputs_type, values)

    def parse_state(self, resource_id: str, values: PropertyMap) -> StateT:
        """Build the typed state. A property that an older version did not store has its default."""
        return _build(self.state_type, {**values, self.id_property: resource_id})

    def to_properties(self, value: InputsT | StateT) -> dict[str, Any]:
        """Return the properties as the state stores them: without those that have no value."""
        names = properties_of(type(value))
        return {name: item for name in names if (item := getattr(value, name)) is not None}

    def inputs_in(self, state: StateT) -> dict[str, Any]:
        """Return the inputs that describe a state, so that a change outside shows as drift."""
        return {
            name: item for name, item in self.to_properties(state).items() if name in self.inputs
        }


def _build(declaration: type[T], values: PropertyMap) -> T:
    return declaration(
        **{
            name: convert(values[name], item.type)
            for name, item in properties_of(declaration).items()
            if values.get(name) is not None
        }
    )
