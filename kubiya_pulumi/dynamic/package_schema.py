"""A Pulumi package schema from declarations, on which a plugin for other languages can stand.

Property names are in camel case, as in every Pulumi schema. Generated Python SDKs have the
names of the declaration.
"""

from __future__ import annotations

from typing import Any, get_args, get_origin

from kubiya_pulumi.dynamic.properties import (
    REQUIRED,
    OnChange,
    Property,
    ResourceDeclaration,
)
from kubiya_pulumi.dynamic.property_types import without_none

_TYPES = {str: "string", bool: "boolean", int: "integer", float: "number"}


def resource_schema(
    declaration: ResourceDeclaration[Any, Any], *, description: str
) -> dict[str, Any]:
    """Return the schema of one resource.

    Args:
        declaration: its declaration.
        description: what it is, in Markdown.
    """
    outputs = {name: item for name, item in declaration.outputs.items() if not item.hidden}
    inputs = {name: item for name, item in declaration.inputs.items() if not item.internal}
    return {
        "description": description,
        "properties": {camel_case(name): property_schema(item) for name, item in outputs.items()},
        "required": sorted(
            camel_case(name) for name, item in outputs.items() if not item.is_optional
        ),
        "inputProperties": {
            camel_case(item.argument or name): _input_schema(item) for name, item in inputs.items()
        },
        "requiredInputs": sorted(
            camel_case(name) for name, item in inputs.items() if item.default is REQUIRED
        ),
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


def _input_schema(item: Property) -> dict[str, Any]:
    schema: dict[str, Any] = property_schema(item)
    if isinstance(item.default, str | bool | float):
        schema["default"] = item.default
    if item.on_change is OnChange.REPLACE:
        schema["replaceOnChanges"] = True
    return schema
