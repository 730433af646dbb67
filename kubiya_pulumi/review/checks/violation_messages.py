"""Messages about values that violate the schema of an object.

A message quotes the names of fields, and no value: it may be a secret. The exception are booleans
outside Secrets and environment variables, where YAML reads words such as `yes`.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Any

from jsonschema import ValidationError

from kubiya_pulumi.review.kubernetes.coerce import as_mapping, as_strs, is_number
from kubiya_pulumi.review.kubernetes.inventory import Item
from kubiya_pulumi.review.kubernetes.validation import UNKNOWN_FIELD
from kubiya_pulumi.text import join_names, join_quoted, sanitize

_MAX_NAME_LENGTH = 63
_TYPES = {
    "object": "an object",
    "array": "a list",
    "string": "a string",
    "boolean": "true or false",
    "number": "a number",
    "integer": "an integer",
}
_BOUNDS = {
    "minimum": "must be at least",
    "maximum": "must not exceed",
    "exclusiveMinimum": "must be greater than",
    "exclusiveMaximum": "must be less than",
    "minLength": "must not have fewer characters than",
    "maxLength": "must not have more characters than",
    "minItems": "must not have fewer entries than",
    "maxItems": "must not have more entries than",
    "minProperties": "must not have fewer fields than",
    "maxProperties": "must not have more fields than",
}


def describe(error: ValidationError, item: Item) -> str:
    """Return a sentence that names the field, what is wrong with it, and how to fix it.

    Args:
        error: an error of `SchemaValidator`.
        item: the object.
    """
    path = list(error.absolute_path)
    field = f"Field {_path_text(path, item.body)}" if path else "The object"
    value = _value_at(path, item.body)
    argument: Any = error.validator_value
    match error.validator:
        case "required":
            return f"{field} is required; add it."
        case "type":
            expected = [name for name in _as_names(argument) if name in _TYPES]
            must_be = " or ".join(_TYPES[name] for name in expected)
            what = _describe_value(value, is_secret=_is_secret(path, item))
            return f"{field} is {what} and must be {must_be}; {_fix(value, expected)}."
        case "x-kubernetes-int-or-string":
            what = _describe_value(value, is_secret=_is_secret(path, item))
            return f"{field} is {what} and must be an integer or a string; change it."
        case "x-kubernetes-quantity":
            return (
                f'{field} is not a quantity; set it to a number, with a unit such as "m", "Mi" '
                'or "Gi" if it needs one.'
            )
        case "format":
            return f"{field} is not valid base64; encode its value in base64."
        case "x-kubernetes-list-type":
            keys = as_strs(as_mapping(error.schema).get("x-kubernetes-list-map-keys"))
            same = f"has the same {join_names(keys)} as" if argument == "map" else "is equal to"
            return f"{field} {same} another entry of its list; remove one of them."
        case "enum":
            allowed = join_quoted([str(entry) for entry in argument], limit=10)
            return f"{field} has a value that is not allowed; set it to one of {allowed}."
        case str(name) if name == UNKNOWN_FIELD:
            hint = _similar_field(str(path[-1]), as_mapping(error.schema).get("properties"))
            return f"{field} does not exist in {_version(item)}; {hint}."
        case str(name) if name in _BOUNDS:
            return f"{field} {_BOUNDS[name]} {argument}; change it."
        case name:
            return f'{field} does not match "{name}" of its schema; change it.'


def _as_names(types: Any) -> list[str]:
    return [str(name) for name in types] if isinstance(types, list) else [str(types)]


def _value_at(path: Iterable[str | int], value: Any) -> Any:
    for step in path:
        try:
            value = value[step]
        except (LookupError, TypeError):  # a field that is missing
            return None
    return value


def _is_secret(path: list[str | int], item: Item) -> bool:
    return item.reference.kind == "Secret" or "env" in path


def _describe_value(value: object, *, is_secret: bool) -> str:
    if isinstance(value, bool):
        return "a boolean" if is_secret else f"{str(value).lower()} (boolean)"
    if is_number(value):
        return "a number"
    if isinstance(value, str):
        return "a string"
    if isinstance(value, list):
        return "a list"
    if value is None:
        return "null"
    return "an object" if isinstance(value, Mapping) else "of another type"


def _fix(value: object, expected: list[str]) -> str:
    if isinstance(value, str):
        return "remove its quotes, or correct it"
    if expected == ["string"] and isinstance(value, bool | int | float):
        return "put its value in quotes"
    return "change it"


def _similar_field(name: str, fields: Any) -> str:
    close = difflib.get_close_matches(name, map(str, as_mapping(fields)), n=1)
    return f"rename it to {join_quoted(close)}, or remove it" if close else "remove it or rename it"


def _version(item: Item) -> str:
    return sanitize(f"{item.reference.kind} of {item.reference.api_version}")


def _path_text(path: list[str | int], body: Mapping[str, Any]) -> str:
    """Return a path as the API server writes it: `spec.containers[name="app"].image`."""
    text = ""
    value: Any = body
    for step in path:
        in_list = isinstance(value, list)
        value = _value_at([step], value)
        if in_list:
            name = as_mapping(value).get("name")
            text += f"[name={_quoted(name)}]" if isinstance(name, str) else f"[{step}]"
        else:
            key = str(step)
            text += f".{key}" if key.replace("_", "").isalnum() else f"[{_quoted(key)}]"
    return sanitize(text.removeprefix("."))


def _quoted(name: str) -> str:
    name = sanitize(name)
    return f'"{name if len(name) <= _MAX_NAME_LENGTH else name[: _MAX_NAME_LENGTH - 1] + "…"}"'
