"""Where each setting comes from.

| setting                 | environment       | default                |
| ----------------------- | ----------------- | ---------------------- |
| `kubiya:apiKey`         | `KUBIYA_API_KEY`  | none: it must be given |
| `kubiya:baseUrl`        | `KUBIYA_BASE_URL` | https://api.kubiya.ai  |
| `kubiya:timeoutSeconds` |                   | 30                     |
| `kubiya:maxRetries`     |                   | 4                      |
| `kubiya:caBundle`       |                   | none                   |

An explicit `KubiyaProvider` comes first, then the stack's configuration, then the
environment, then the default. The first two arrive here as one look-up: the engine gives a
provider either the one or the other.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

from kubiya_pulumi.api import Connection, SettingError

API_KEY = "kubiya:apiKey"
BASE_URL = "kubiya:baseUrl"
TIMEOUT_SECONDS = "kubiya:timeoutSeconds"
MAX_RETRIES = "kubiya:maxRetries"
CA_BUNDLE = "kubiya:caBundle"

ENVIRONMENT = {API_KEY: "KUBIYA_API_KEY", BASE_URL: "KUBIYA_BASE_URL"}


def connection(
    configured: Callable[[str], Any], environment: Mapping[str, str] = os.environ
) -> Connection:
    """Put the settings of a connection together.

    Args:
        configured: gives a setting by its full name (`kubiya:apiKey`), or None where it is
            not set.
        environment: the environment variables.

    Raises:
        SettingError: a setting is missing or cannot be right. The message names the setting
            and the cure.
    """

    def setting(name: str) -> Any:
        value = configured(name)
        # A variable that is set but empty is how a shell says "not set".
        return value if value is not None else environment.get(ENVIRONMENT.get(name, "")) or None

    given = {
        "base_url": setting(BASE_URL),
        "timeout_seconds": _number(float, TIMEOUT_SECONDS, setting(TIMEOUT_SECONDS)),
        "max_retries": _number(int, MAX_RETRIES, setting(MAX_RETRIES)),
        "ca_bundle": setting(CA_BUNDLE),
    }
    return Connection(
        api_key=setting(API_KEY) or "",
        **{name: value for name, value in given.items() if value is not None},
    )


def _number(kind: type[int] | type[float], name: str, value: Any) -> int | float | None:
    if value is None:
        return None
    try:
        return kind(value)
    except (TypeError, ValueError, OverflowError):
        wanted = "a whole number" if kind is int else "a number"
        raise SettingError(
            name, f"{name} is not {wanted}: set one with `pulumi config set {name} …`"
        ) from None
