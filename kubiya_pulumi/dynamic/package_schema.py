"""A Pulumi package schema from declarations, on which a plugin for other languages can stand.

Property names are in camel case, as in every Pulumi schema. Generated Python SDKs have the
names of the declaration.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, get_args, get_origin

from .properties import (
    REQUIRED,
    OnChange,
    Property,
    ResourceDeclaration,
    properties_of,
)
from .property_types import without_none

_TYPES = {str: "string", bool: "boolean", int: "integer", float: "number"}


def resource_schema(
    declaration: ResourceDeclaration[Any, Any], *, description: str
) -> dict[str, Any]:
    """Return the schema of one resource.

    Args:
        declaration: its declaration.
        description: what it is, in Markdown.
    """
    return {
        "description": description,
        **_object_schema(declaration.outputs),
        **_inputs_schema(declaration.inputs),
    }


@dataclass(frozen=True)
class ComponentDeclaration:
    """A component of a package: what it takes and exposes."""

    inputs_type: type
    """The dataclass of its inputs, whose fields are made by `prop`."""
    outputs_type: type
    """The dataclass of its outputs, whose fields are made by `prop`."""
    description: str
    """What it is, in Markdown."""


def component_schema(declaration: ComponentDeclaration) -> dict[str, Any]:
    """Return the schema of a component."""
    return {
        "isComponent": True,
        "description": declaration.description,
        **_object_schema(properties_of(declaration.outputs_type)),
        **_inputs_schema(properties_of(declaration.inputs_type)),
    }


@dataclass(frozen=True)
class FunctionDeclaration:
    """A function of a package: what it takes and returns."""

    inputs_type: type
    """The dataclass of its inputs, whose fields are made by `prop`."""
    result_type: type
    """The dataclass of its result, whose fields are made by `prop`."""
    description: str
    """What it does, in Markdown."""


def function_schema(declaration: FunctionDeclaration) -> dict[str, Any]:
    """Return the schema of a function."""
    return {
        "description": declaration.description,
        "inputs": {"type": "object", **_object_schema(properties_of(declaration.inputs_type))},
        "outputs": {"type": "object", **_object_schema(properties_of(declaration.result_type))},
    }


def property_schema(item: Property) -> dict[str, Any]:
    """Return the schema of one property."""
    schema = {**type_schema(item.type), "description": item.doc}
    return {**schema, "secret": True} if item.secret else schema


def type_schema(hint: Any) -> dict[str, Any]:
    """Return the schema of a type annotation."""
    hint = without_none(hint)
    if hint is Any:
        return {"$ref": "pulumi.json#/Any"}
    if hint in _TYPES:
        return {"type": _TYPES[hint]}
    arguments = get_args(hint)
    if get_origin(hint) is list:
        return {"type": "array", "items": type_schema(arguments[0])}
    return {"type": "object", "additionalProperties": type_schema(arguments[1])}


def camel_case(name: str) -> str:
    """Return a name in snake case as one in camel case."""
    first, *others = name.split("_")
    return first + "".join(word.capitalize() for word in others)


def _object_schema(properties: Mapping[str, Property]) -> dict[str, Any]:
    visible = {camel_case(name): item for name, item in properties.items() if not item.hidden}
    return {
        "properties": {name: property_schema(item) for name, item in visible.items()},
        "required": sorted(name for name, item in visible.items() if not item.is_optional),
    }


def _inputs_schema(properties: Mapping[str, Property]) -> dict[str, Any]:
    inputs = {
        camel_case(item.argument or name): item
        for name, item in properties.items()
        if not item.internal
    }
    return {
        "inputProperties": {name: _input_schema(item) for name, item in inputs.items()},
        "requiredInputs": sorted(
            name
            for name, item in inputs.items()
            # The resource class sets some defaults from the resource's name.
            if item.default is REQUIRED and not item.default_doc
        ),
    }


def _input_schema(item: Property) -> dict[str, Any]:
    schema: dict[str, Any] = property_schema(item)
    if item.default_doc:
        schema["description"] += f" Default: {item.default_doc}."
    if isinstance(item.default, str | bool | int | float):
        schema["default"] = item.default
    if item.on_change is OnChange.REPLACE:
        schema["replaceOnChanges"] = True
    return schema
