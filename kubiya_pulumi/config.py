"""The sources of the settings.

| setting                 | environment       | default               |
| ----------------------- | ----------------- | --------------------- |
| `kubiya:apiKey`         | `KUBIYA_API_KEY`  | none, required        |
| `kubiya:baseUrl`        | `KUBIYA_BASE_URL` | https://api.kubiya.ai |
| `kubiya:timeoutSeconds` |                   | 30                    |
| `kubiya:maxRetries`     |                   | 4                     |
| `kubiya:caBundle`       |                   | none                  |

Precedence, highest first: an explicit `KubiyaProvider`, the stack's configuration, the
environment, the default. The engine passes a resource provider either the settings of the
`KubiyaProvider` or those of the stack, so both arrive here as the same lookup.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from kubiya_pulumi.api.connection import ENVIRONMENT, Connection
from kubiya_pulumi.api.connection import MAX_RETRIES as MAX_RETRIES_LIMIT

API_KEY = "kubiya:apiKey"
BASE_URL = "kubiya:baseUrl"
TIMEOUT_SECONDS = "kubiya:timeoutSeconds"
MAX_RETRIES = "kubiya:maxRetries"
CA_BUNDLE = "kubiya:caBundle"


def connection(
    configured: Callable[[str], Any], environment: Mapping[str, str] = os.environ
) -> Connection:
    """Return the connection that the settings describe.

    Args:
        configured: returns the configured value of a setting by its full name
            (`kubiya:apiKey`), or None if it is not configured.
        environment: the environment variables. Default: those of the process.

    Raises:
        SettingError: a setting is missing or invalid. The message names the setting and the fix.
    """

    def setting(name: str) -> Any:
        value = configured(name)
        if value is None and name in ENVIRONMENT:
            # A variable that is set to "" counts as not set.
            value = environment.get(ENVIRONMENT[name]) or None
        return value

    values = {
        "base_url": setting(BASE_URL),
        "timeout_seconds": _to_float(setting(TIMEOUT_SECONDS)),
        "max_retries": _to_int(setting(MAX_RETRIES)),
        "ca_bundle": setting(CA_BUNDLE),
    }
    return Connection(
        api_key=setting(API_KEY) or "",
        **{name: value for name, value in values.items() if value is not None},
    )


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
