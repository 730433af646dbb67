"""The kinds that the CustomResourceDefinitions of a manifest define, with their schemas."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from kubiya_pulumi.review.kubernetes.coerce import (
    as_mapping,
    as_mappings,
    as_str,
    as_strs,
    get_path,
    is_number,
)
from kubiya_pulumi.review.kubernetes.manifest import Body
from kubiya_pulumi.review.kubernetes.schemas import OBJECT_META, Schema

API_VERSION = "apiextensions.k8s.io/v1"

_TYPES = ("object", "array", "string", "boolean", "number", "integer")
_ALTERNATIVES = ("allOf", "anyOf", "oneOf")

# The keywords that are copied if they have the right type: the author may write anything.
_COPIED: Mapping[str, Callable[[Any], bool]] = {
    "type": _TYPES.__contains__,
    "enum": lambda value: isinstance(value, list),
    "format": lambda value: isinstance(value, str),
    "minimum": is_number,
    "maximum": is_number,
    "minLength": is_number,
    "maxLength": is_number,
    "minItems": is_number,
    "maxItems": is_number,
    "minProperties": is_number,
    "maxProperties": is_number,
    "x-kubernetes-list-type": lambda value: isinstance(value, str),
    "x-kubernetes-list-map-keys": lambda value: isinstance(value, list),
    "default": lambda value: isinstance(value, str | int | float),
}


@dataclass(frozen=True)
class CustomKind:
    """A kind that a CustomResourceDefinition defines."""

    definition: str
    """The name of the CustomResourceDefinition."""
    is_cluster_scoped: bool
    schemas: Mapping[str, Schema]
    """The schema of each version that is served, as the CustomResourceDefinition has it."""


def custom_kinds(bodies: Iterable[Body]) -> Mapping[tuple[str, str], CustomKind]:
    """Return the custom kinds of a manifest, by their API group and kind.

    Args:
        bodies: the objects of the manifest.
    """
    kinds = {}
    for body in bodies:
        if (body.get("apiVersion"), body.get("kind")) != (API_VERSION, "CustomResourceDefinition"):
            continue
        group, kind = get_path(body, "spec", "group"), get_path(body, "spec", "names", "kind")
        if isinstance(group, str) and isinstance(kind, str):
            kinds[group, kind] = CustomKind(
                as_str(get_path(body, "metadata", "name")),
                get_path(body, "spec", "scope") == "Cluster",
                {
                    as_str(version.get("name")): as_mapping(
                        get_path(version, "schema", "openAPIV3Schema")
                    )
                    for version in as_mappings(get_path(body, "spec", "versions"))
                    if version.get("served") is True
                },
            )
    return kinds


def json_schema(structural: Schema) -> Schema:
    """Return the JSON schema of the objects of a custom kind.

    The API server knows the fields `apiVersion`, `kind` and `metadata` of every kind, and refuses
    fields that a structural schema does not specify.

    Args:
        structural: the `openAPIV3Schema` of a version.

    Raises:
        RecursionError: the schema is nested too deeply.
    """
    schema = _converted(structural, refuses_unknown=True)
    return {**schema, "properties": {**schema.get("properties", {}), **_OBJECT_FIELDS}}


_OBJECT_FIELDS: Mapping[str, Schema] = {
    "apiVersion": {"type": "string"},
    "kind": {"type": "string"},
    "metadata": {"$ref": f"#/$defs/{OBJECT_META}"},
}


def _converted(schema: Schema, *, refuses_unknown: bool) -> dict[str, Any]:
    """Convert a schema.

    Args:
        schema: the schema.
        refuses_unknown: whether it may refuse unknown fields. Not so inside of a schema with
            `x-kubernetes-preserve-unknown-fields`, nor in those of `allOf`, `anyOf`, `oneOf` and
            `not`, which only restrict the values of fields.
    """
    if schema.get("x-kubernetes-preserve-unknown-fields") is True:
        refuses_unknown = False
    result = {
        key: schema[key]
        for key, is_valid in _COPIED.items()
        if key in schema and is_valid(schema[key])
    }
    # A default replaces null.
    result["nullable"] = schema.get("nullable") is True or "default" in schema
    for bound in ("Minimum", "Maximum"):
        # A boolean here, as in the draft 4 of JSON Schema.
        if schema.get(f"exclusive{bound}") is True and bound.lower() in result:
            result[f"exclusive{bound}"] = result.pop(bound.lower())
    if required := as_strs(schema.get("required")):
        result["required"] = list(required)
    if isinstance(schema.get("items"), Mapping):
        result["items"] = _converted(schema["items"], refuses_unknown=refuses_unknown)
    fields: dict[str, Schema] = {
        name: _converted(as_mapping(field), refuses_unknown=refuses_unknown)
        for name, field in as_mapping(schema.get("properties")).items()
    }
    if schema.get("x-kubernetes-embedded-resource") is True:
        fields |= _OBJECT_FIELDS
        result["required"] = [*result.get("required", ()), "apiVersion", "kind"]
    if fields:
        result["properties"] = fields
    # An object without any specified field may have all of them.
    if isinstance(schema.get("additionalProperties"), Mapping):
        values = schema["additionalProperties"]
        result["additionalProperties"] = _converted(values, refuses_unknown=refuses_unknown)
    elif fields and refuses_unknown and schema.get("additionalProperties") is not True:
        result["additionalProperties"] = False
    if schema.get("x-kubernetes-int-or-string") is True:
        # The alternatives beside it only repeat the two types.
        return {**result, "x-kubernetes-int-or-string": True}
    for key in _ALTERNATIVES:
        if alternatives := as_mappings(schema.get(key)):
            result[key] = [_converted(entry, refuses_unknown=False) for entry in alternatives]
    if isinstance(schema.get("not"), Mapping):
        result["not"] = _converted(schema["not"], refuses_unknown=False)
    return result
