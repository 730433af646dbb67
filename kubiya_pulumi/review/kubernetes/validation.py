"""Validation of objects against schemas, by the rules of the API server.

The API server differs from JSON Schema: in its own kinds, a field that is null counts as absent;
some types are parsed from text, and schemas have keywords of their own (`x-kubernetes-…`).

`jsonschema` walks the schemas. The keywords are defined here, also because those of `jsonschema`
write the whole value into their messages. `pattern` is not among them: a manifest can bring its own
schema, and Python may need exponential time for a regular expression. `uniqueItems` is not either,
because it takes quadratic time.

The module loads `jsonschema`, so a check imports it only when it validates objects.
"""

from __future__ import annotations

import base64
import binascii
import operator
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from jsonschema import ValidationError
from jsonschema.validators import create

from kubiya_pulumi.review.kubernetes.coerce import (
    as_list,
    as_mapping,
    as_strs,
    get_path,
    is_number,
)
from kubiya_pulumi.review.kubernetes.limits import Budget
from kubiya_pulumi.review.kubernetes.schemas import Schema, definitions

_Errors = Iterator[ValidationError]
_Keyword = Callable[[Any, Any, Any, Any], _Errors]

UNKNOWN_FIELD = "unknown"
"""The `validator` of an error about a field that the schema does not have."""

_TYPES: Mapping[str, Callable[[object], bool]] = {
    "object": lambda value: isinstance(value, Mapping),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "number": is_number,
    "integer": lambda value: is_number(value) and (isinstance(value, int) or value.is_integer()),
}

# The grammar of kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity
_QUANTITY = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)(([KMGTPE]i)|[numkMGTPE]|[eE][+-]?\d+)?", re.ASCII)


class SchemaValidator:
    """Validates objects, and bounds the work that their schemas cause.

    A manifest can bring a schema with many alternatives and an object with many values.
    """

    def __init__(self, budget: Budget) -> None:
        """Create a validator.

        Args:
            budget: the number of steps that all objects together may take. A step is a keyword
                that is applied to a value, or an entry of either.
        """
        self._validator_class = create(
            meta_schema={},
            validators={name: _counted(keyword, budget) for name, keyword in _KEYWORDS.items()},
        )

    def errors(self, body: Mapping[str, Any], schema: Schema) -> _Errors:
        """Yield an error for each value of an object that violates its schema.

        Args:
            body: the object.
            schema: a schema of `schemas` or `custom_kinds`.

        Raises:
            ManifestError: the budget is exceeded.
            RecursionError: the object and its schema are nested too deeply.
        """
        yield from self._validator_class(schema).iter_errors(body)


def _counted(keyword: _Keyword, budget: Budget) -> _Keyword:
    def apply(validator: Any, argument: Any, value: Any, schema: Any) -> _Errors:
        entries = (argument, value) if isinstance(argument, list) else (value,)
        budget.spend(1 + sum(len(entry) for entry in entries if isinstance(entry, list | dict)))
        yield from keyword(validator, argument, value, schema)

    return apply


def _ref(validator: Any, ref: str, value: object, _: Schema) -> _Errors:
    # All references have the form `…#/$defs/NAME`. The lookup replaces a resolver of URIs.
    yield from validator.descend(value, definitions()[ref.rpartition("/")[2]])


def _type(_: Any, types: Any, value: object, schema: Schema) -> _Errors:
    names = types if isinstance(types, list) else [types]
    is_allowed = value is None and schema.get("nullable") is not False
    if not is_allowed and not any(_TYPES[name](value) for name in names if name != "null"):
        yield ValidationError("The type is wrong.")


def _properties(validator: Any, fields: Schema, value: object, _: Schema) -> _Errors:
    for name, item in as_mapping(value).items():
        if name in fields and (item is not None or "nullable" in fields[name]):
            yield from validator.descend(item, fields[name], path=name)


def _additional(validator: Any, additional: Any, value: object, schema: Schema) -> _Errors:
    fields = schema.get("properties", {})
    for name, item in as_mapping(value).items():
        if name in fields:
            continue
        if additional is False:
            yield ValidationError("The field is unknown.", path=[name], validator=UNKNOWN_FIELD)
        else:
            yield from validator.descend(item, additional, path=name)


def _required(_: Any, names: list[str], value: object, schema: Schema) -> _Errors:
    if not isinstance(value, Mapping):
        return
    fields = schema.get("properties", {})
    for name in names:
        keeps_null = "nullable" in fields.get(name, {})
        if name not in value or (value[name] is None and not keeps_null):
            yield ValidationError("The field is missing.", path=[name])


def _items(validator: Any, items: Any, value: object, _: Schema) -> _Errors:
    for index, item in enumerate(as_list(value)):
        yield from validator.descend(item, items, path=index)


def _list_type(_: Any, list_type: Any, value: object, schema: Schema) -> _Errors:
    # Server-side apply refuses duplicates in the lists that it merges.
    if list_type not in ("map", "set"):
        return
    keys = as_strs(schema.get("x-kubernetes-list-map-keys")) if list_type == "map" else ()
    # The schemas of Kubernetes omit the only key that has a default: the protocol of a port.
    defaults = {
        key: get_path(schema, "items", "properties", key, "default")
        or ("TCP" if key == "protocol" else None)
        for key in keys
    }
    seen = set()
    for index, item in enumerate(as_list(value)):
        if list_type == "map" and item is None:
            yield ValidationError(
                "The entry is null.", path=[index], validator="type", validator_value="object"
            )
        identity = _identity(item, defaults)
        if identity in seen:
            yield ValidationError("The entry is a duplicate.", path=[index])
        if identity is not None:
            seen.add(identity)


def _identity(item: object, defaults: Mapping[str, Any]) -> tuple[object, ...] | None:
    """Return what identifies an entry of a list, or None if it has the wrong type.

    Args:
        item: the entry.
        defaults: the default of each key of an entry. Without keys, the entry itself counts.
    """
    if not defaults:
        parts: tuple[object, ...] = (item,)
    elif isinstance(item, Mapping):
        parts = tuple(item.get(key, default) for key, default in defaults.items())
    else:
        return None
    return parts if all(isinstance(part, str | int | float | None) for part in parts) else None


def _enum(_: Any, allowed: list[Any], value: object, __: Schema) -> _Errors:
    # In Python, True equals 1.
    is_allowed = any(value == entry and type(value) is type(entry) for entry in allowed)
    if value is not None and not is_allowed:
        yield ValidationError("The value is not allowed.")


def _format(_: Any, name: Any, value: object, __: Schema) -> _Errors:
    if name == "byte" and isinstance(value, str) and not _is_base64(value):
        yield ValidationError("The value is not base64.")


def _is_base64(text: str) -> bool:
    try:
        base64.b64decode(text.replace("\n", "").replace("\r", ""), validate=True)
    except (binascii.Error, ValueError):
        return False
    return True


def _int_or_string(_: Any, __: Any, value: object, schema: Schema) -> _Errors:
    is_allowed = value is None and schema.get("nullable") is not False
    if not (is_allowed or isinstance(value, str) or _TYPES["integer"](value)):
        yield ValidationError("The value is neither an integer nor a string.")


def _quantity(_: Any, __: Any, value: object, ___: Schema) -> _Errors:
    is_text = isinstance(value, str) and _QUANTITY.fullmatch(value.strip()) is not None
    if value is not None and not (is_text or is_number(value)):
        yield ValidationError("The value is not a quantity.")


def _all_of(validator: Any, schemas: list[Schema], value: object, _: Schema) -> _Errors:
    for schema in schemas:
        yield from validator.descend(value, schema)


def _any_of(validator: Any, schemas: list[Schema], value: object, _: Schema) -> _Errors:
    if not any(_matches(validator, schema, value) for schema in schemas):
        yield ValidationError("The value matches no alternative.")


def _one_of(validator: Any, schemas: list[Schema], value: object, _: Schema) -> _Errors:
    if sum(_matches(validator, schema, value) for schema in schemas) != 1:
        yield ValidationError("The value matches no alternative, or several.")


def _not(validator: Any, schema: Schema, value: object, _: Schema) -> _Errors:
    if _matches(validator, schema, value):
        yield ValidationError("The value matches what it must not match.")


def _matches(validator: Any, schema: Schema, value: object) -> bool:
    return next(validator.descend(value, schema), None) is None


def _bound(
    is_measured: Callable[[object], bool],
    measure: Callable[[Any], float],
    is_within: Callable[[float, float], bool],
) -> _Keyword:
    def check(_: Any, bound: float, value: object, __: Schema) -> _Errors:
        if is_measured(value) and not is_within(measure(value), bound):
            yield ValidationError("The value exceeds a bound.")

    return check


_KEYWORDS: Mapping[str, _Keyword] = {
    "minimum": _bound(is_number, float, operator.ge),
    "maximum": _bound(is_number, float, operator.le),
    "exclusiveMinimum": _bound(is_number, float, operator.gt),
    "exclusiveMaximum": _bound(is_number, float, operator.lt),
    "minLength": _bound(_TYPES["string"], len, operator.ge),
    "maxLength": _bound(_TYPES["string"], len, operator.le),
    "minItems": _bound(_TYPES["array"], len, operator.ge),
    "maxItems": _bound(_TYPES["array"], len, operator.le),
    "minProperties": _bound(_TYPES["object"], len, operator.ge),
    "maxProperties": _bound(_TYPES["object"], len, operator.le),
    "allOf": _all_of,
    "anyOf": _any_of,
    "oneOf": _one_of,
    "not": _not,
    "$ref": _ref,
    "type": _type,
    "properties": _properties,
    "additionalProperties": _additional,
    "required": _required,
    "items": _items,
    "enum": _enum,
    "format": _format,
    "x-kubernetes-list-type": _list_type,
    "x-kubernetes-int-or-string": _int_or_string,
    "x-kubernetes-quantity": _quantity,
}
