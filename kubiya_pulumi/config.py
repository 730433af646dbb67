"""The settings and their sources.

Precedence, highest first: an explicit `KubiyaProvider`, the stack's configuration, the
environment, the default. The engine passes a resource provider either the settings of the
`KubiyaProvider` or those of the stack, so both arrive here as the same lookup.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from functools import cache
from typing import Any

from kubiya_pulumi.api.connection import (
    ENVIRONMENT,
    MAX_RETRIES_LIMIT,
    MAX_TIMEOUT_SECONDS,
    Connection,
)

API_KEY = "kubiya:apiKey"
BASE_URL = "kubiya:baseUrl"
TIMEOUT_SECONDS = "kubiya:timeoutSeconds"
MAX_RETRIES = "kubiya:maxRetries"
CA_BUNDLE = "kubiya:caBundle"

API_VERSION_WARNING = (
    "The suffix of the base URL, /api/v1 or /api/v3, is ignored, because the path of each request "
    "contains its own."
)

_log = logging.getLogger(__name__)

_DEFAULTS = {field.name: field.default for field in fields(Connection)}


@dataclass(frozen=True, kw_only=True)
class Setting:
    """A setting. The docs, the package schema and the connection are made from it."""

    name: str
    """The full name, such as `kubiya:apiKey`."""
    field: str
    """The field of `Connection` that it sets."""
    type: type
    """The type of its value."""
    description: str
    """What it is, as the end of a table row."""
    secret: bool = False
    """Whether its value is secret. A secret setting is required."""

    @property
    def variable(self) -> str | None:
        """The environment variable, or None if the setting has none."""
        return ENVIRONMENT.get(self.name)

    @property
    def default(self) -> Any:
        """The default, or None if there is none."""
        return None if self.secret else _DEFAULTS[self.field]


SETTINGS = (
    Setting(
        name=API_KEY,
        field="api_key",
        type=str,
        description="the API key; set it with `--secret`",
        secret=True,
    ),
    Setting(
        name=BASE_URL,
        field="base_url",
        type=str,
        description="the base URL of the Runners API",
    ),
    Setting(
        name=TIMEOUT_SECONDS,
        field="timeout_seconds",
        type=float,
        description="the seconds to wait for a connection, and for each part of a response; more "
        f"than 0, up to {MAX_TIMEOUT_SECONDS}",
    ),
    Setting(
        name=MAX_RETRIES,
        field="max_retries",
        type=int,
        description=f"the maximum number of retries of a request; 0 to {MAX_RETRIES_LIMIT}",
    ),
    Setting(
        name=CA_BUNDLE,
        field="ca_bundle",
        type=str,
        description="the path of a PEM file with certificate authorities to trust in addition to "
        "the usual ones",
    ),
)
"""All settings."""


def read_connection(
    configured: Callable[[str], Any],
    environment: Mapping[str, str] = os.environ,
    warn: Callable[[str], None] = _log.warning,
) -> Connection:
    """Return the connection that the settings describe.

    Args:
        configured: returns the configured value of a setting by its full name
            (`kubiya:apiKey`), or None if it is not configured.
        environment: the environment variables. Default: those of the process.
        warn: shows a warning, once in each process. Default: log it.

    Raises:
        SettingError: a setting is missing or invalid. The message names the setting and the fix.
    """

    def value_of(setting: Setting) -> Any:
        value = configured(setting.name)
        if value in (None, "") and setting.variable:
            # Empty counts as not set, but without the other an empty value is an error: an emptied
            # URL must not send the key to the default one.
            value = environment.get(setting.variable) or value
        return _CONVERSIONS.get(setting.type, _unchanged)(value)

    values = {setting.field: value_of(setting) for setting in SETTINGS}
    given = {field: value for field, value in values.items() if value is not None}
    connection = Connection(**{"api_key": "", **given})
    if given.get("base_url", connection.base_url) != connection.base_url:
        _warn_once(warn, API_VERSION_WARNING)
    return connection


@cache
def _warn_once(warn: Callable[[str], None], message: str) -> None:
    warn(message)


def _unchanged(value: Any) -> Any:
    return value


def _to_float(value: Any) -> Any:
    """Convert a number or its text. Return anything else unchanged: `Connection` rejects it."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return value
    try:
        return float(value)
    except (ValueError, OverflowError):
        return value


def _to_int(value: Any) -> Any:
    """Convert a whole number, or its text, without rounding.

    Numbers arrive from Pulumi as floats, and from an output as the text of a float: `4.0`.
    Return anything else unchanged: `Connection` rejects it.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return value
    try:
        number = Decimal(value)
        is_allowed = 0 <= number <= MAX_RETRIES_LIMIT and number == int(number)
    except (ArithmeticError, ValueError):  # Text that is not a number, or NaN.
        return value
    return int(number) if is_allowed else value


_CONVERSIONS: Mapping[type, Callable[[Any], Any]] = {float: _to_float, int: _to_int}
"""How the value of a setting becomes one of its type."""
