"""The values of YAML scalars as `go.yaml.in/yaml/v2`, the parser of Kubernetes, reads them.

It follows neither YAML 1.1 nor 1.2: `yes` is a boolean, `1:30` and `2024-01-31` are strings, and
`08080` is the number 8080.
"""

from __future__ import annotations

import binascii
import math
import re
import struct
from datetime import date

Scalar = str | int | float | bool | None

PREFIX = "tag:yaml.org,2002:"
MERGE_TAG = f"{PREFIX}merge"

_CONSTANTS: dict[str, Scalar] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(
        ("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"), True
    ),
    **dict.fromkeys(
        ("n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"), False
    ),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), math.nan),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), math.inf),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), -math.inf),
}
_PREFIXED_INTEGER = re.compile(r"[-+]?0(?:[xX][0-9a-fA-F]+|[oO]?[0-7]+|[bB][01]+)")
# The sign may follow the prefix, but only in lower case.
_SIGNED_BINARY = re.compile(r"0b[-+][01]+")
_DECIMAL_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
# An underscore separates two digits; a number that starts with a point keeps its underscores.
_POINT_FLOAT = re.compile(r"\.[0-9]+(?:_[0-9]+)*(?:[eE][-+]?[0-9]+(?:_[0-9]+)*)?")
_TIMESTAMP = re.compile(
    r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})"
    r"(?:(?:[Tt](?:[01]?[0-9]|2[0-3]):[0-5]?[0-9]:[0-5]?[0-9](?:\.[0-9]+)?(?:Z|[-+][0-9]{2}:[0-9]{2}))"
    r"|(?: (?:[01]?[0-9]|2[0-3]):[0-5]?[0-9]:[0-5]?[0-9](?:\.[0-9]+)?))?"
)
_BASES = {"x": 16, "o": 8, "b": 2}
_INT64 = range(-(2**63), 2**63)
_UINT64 = range(2**64)


class ScalarError(ValueError):
    """A scalar has no value that Kubernetes accepts. The message never quotes the scalar."""


def resolve(text: str, tag: str = "") -> Scalar:
    """Return the value of a plain scalar, or of a scalar with a tag.

    Args:
        text: the scalar.
        tag: the whole tag, such as `tag:yaml.org,2002:int`. Empty for a plain scalar.

    Raises:
        ScalarError: the scalar does not match its tag.
    """
    match tag.removeprefix(PREFIX) if tag.startswith(PREFIX) else tag and "local":
        case "":
            return _resolve_plain(text)
        case "bool" | "int" | "float" | "null" as name:
            return _convert(_resolve_plain(text), name)
        case "binary":
            return _decode_binary(text)
        case "timestamp" if not _is_timestamp(text):
            raise ScalarError("the tag !!timestamp does not match the value")
        case _:
            return text


def key_text(key: Scalar) -> str:
    """Return the text to which Kubernetes converts the key of a mapping.

    Raises:
        ScalarError: the key is null, or an integer above 2^63.
    """
    match key:
        case str():
            return key
        case bool():
            return "true" if key else "false"
        case int() if key in _INT64:
            return str(key)
        case float():
            return _float32_text(key)
        case None:
            raise ScalarError("a key is null; quote it")
        case _:
            raise ScalarError("a key is a number above 2^63; quote it")


def json_number(value: float) -> int | float:
    """Return a number as Kubernetes gets it: in the precision of a 64-bit float."""
    number = float(value)
    return int(number) if number.is_integer() and int(number) in _INT64 else number


def _convert(value: Scalar, tag: str) -> Scalar:
    # A whole number may have the tag !!float, unless it needs an unsigned type.
    if tag == "float" and type(value) is int and value in _INT64:
        return float(value)
    if type(value).__name__.replace("NoneType", "null") != tag:
        raise ScalarError(f"the tag !!{tag} does not match the value")
    return value


def _resolve_plain(text: str) -> Scalar:
    first = text[:1]
    if text in _CONSTANTS and (not first or first in "yYnNtTfFoO~.+-"):
        return _CONSTANTS[text]
    if first == "." and _POINT_FLOAT.fullmatch(text):
        return _parse_float(text)
    if first and first in "+-0123456789":
        number = text.replace("_", "")
        integer = _parse_integer(number)
        if integer is not None:
            return integer
        if _FLOAT.fullmatch(number):
            value = _parse_float(number)
            return text if isinstance(value, str) else value
    return text


def _parse_integer(number: str) -> int | None:
    """Return an integer of 64 bits; None if the text is not one."""
    if _DECIMAL_INTEGER.fullmatch(number):
        # More than 20 digits never fit, and Python takes long to parse them.
        value = int(number) if len(number) <= len("-18446744073709551615") else None
    elif _PREFIXED_INTEGER.fullmatch(number):
        base = _BASES.get(number.lstrip("+-")[1].lower(), 8)
        value = int(number, base)
    elif _SIGNED_BINARY.fullmatch(number):
        value = int(number[2:], 2)
        return value if value in _INT64 else None
    else:
        return None
    if value is None or value in _INT64 or (value in _UINT64 and number[0] != "+"):
        return value
    return None


def _parse_float(text: str) -> float | str:
    value = float(text)
    return text if math.isinf(value) else value


def _decode_binary(text: str) -> str:
    try:
        return binascii.a2b_base64(re.sub(r"[\r\n]", "", text), strict_mode=True).decode()
    except UnicodeDecodeError:
        raise ScalarError("the content of a !!binary value is not UTF-8 text") from None
    except (binascii.Error, ValueError):
        raise ScalarError("a !!binary value is not base64") from None


def _is_timestamp(text: str) -> bool:
    if found := _TIMESTAMP.fullmatch(text):
        try:
            date(*map(int, found.groups()))
        except ValueError:
            return False
    return found is not None


def _float32_text(number: float) -> str:
    """Return a float as `strconv.FormatFloat(number, 'g', -1, 32)` of Go does."""
    single = _float32(number)
    if not math.isfinite(single):
        return {math.inf: ".inf", -math.inf: "-.inf"}.get(single, ".nan")
    precision = next(
        digits for digits in range(9) if _float32(float(f"{single:.{digits}e}")) == single
    )
    exponent = int(f"{single:.{precision}e}".partition("e")[2])
    if not -4 <= exponent < 6:
        return f"{single:.{precision}e}"
    return f"{single:.{max(precision - exponent, 0)}f}"


def _float32(number: float) -> float:
    """Round a number to 32 bits."""
    try:
        return float(struct.unpack("f", struct.pack("f", number))[0])
    except OverflowError:
        return math.copysign(math.inf, number)
