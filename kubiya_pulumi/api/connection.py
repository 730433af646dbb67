"""The settings of a connection to the Runners API, validated on construction."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from kubiya_pulumi.api.errors import SettingError
from kubiya_pulumi.api.urls import is_https_or_loopback, normalize_url, without_api_version

MAX_CONNECTIONS = 32
"""The maximum number of concurrent requests. Each has its own connection, which is reused."""
MAX_TIMEOUT_SECONDS = 3600
MAX_RETRIES_LIMIT = 20
ENVIRONMENT = {"kubiya:apiKey": "KUBIYA_API_KEY", "kubiya:baseUrl": "KUBIYA_BASE_URL"}
"""The environment variable of each setting that has one."""


@dataclass(frozen=True, kw_only=True)
class Connection:
    """How to reach the Runners API.

    Raises:
        SettingError: a setting is missing or invalid.
    """

    api_key: str = field(repr=False)
    """The API key, without the prefix `UserKey`. It is a secret."""
    base_url: str = "https://api.kubiya.ai"
    """The base URL of the API. Its path precedes the path of every operation. A trailing `/api/v1`
    or `/api/v3` is dropped. Plain `http://` is accepted only for loopback addresses."""
    timeout_seconds: float = 30.0
    """The seconds to wait for a connection, and for each part of a response: more than 0, up to
    3600."""
    max_retries: int = 4
    """The maximum number of retries of a request: 0 to 20."""
    ca_bundle: str | None = None
    """The path of a PEM file with certificate authorities to trust in addition to the usual
    ones."""

    def __post_init__(self) -> None:
        _check_api_key(self.api_key)
        _check_base_url(self.base_url)
        object.__setattr__(self, "base_url", without_api_version(self.base_url))
        _check_timeout(self.timeout_seconds)
        _check_retries(self.max_retries)
        if self.ca_bundle is not None:
            _check_ca_bundle(self.ca_bundle)


def _error(
    setting: str, problem: str, advice: str, argument: str, *, missing: bool = False
) -> SettingError:
    """Return the error about a setting. A KubiyaProvider has it as an argument."""
    variable = ENVIRONMENT.get(setting)
    name = f"{setting} (or {variable})" if variable else setting
    message = f"{name} {problem}: {advice}; with a KubiyaProvider, its {argument}."
    return SettingError(setting, problem, message, missing)


def _check_api_key(key: object) -> None:
    missing = not isinstance(key, str) or not key.strip()
    problem = "is missing" if missing else _api_key_problem(str(key))
    if problem:
        advice = "set the API key with `pulumi config set --secret kubiya:apiKey`"
        raise _error("kubiya:apiKey", problem, advice, "api_key", missing=missing)


def _api_key_problem(key: str) -> str | None:
    if "\n" in key or "\r" in key:
        return "contains a line break"
    if not key.isascii() or not key.isprintable() or " " in key:
        return "contains a space or an invalid character (omit the prefix UserKey)"
    return None


def _check_base_url(url: object) -> None:
    problem = _base_url_problem(url)
    if problem:
        # Do not show the value: it may contain a password.
        advice = (
            "set the base URL of the API with `pulumi config set kubiya:baseUrl https://…`, "
            "or remove the setting"
        )
        raise _error("kubiya:baseUrl", problem, advice, "base_url")


def _base_url_problem(url: object) -> str | None:
    if not isinstance(url, str) or not url:
        return "is empty or not text"
    try:
        parts = urlsplit(normalize_url(url))
    except ValueError as error:
        return str(error)
    if parts.username is not None or parts.password is not None:
        return "contains a user name or password, which a base URL must not contain"
    if "?" in url or "#" in url:
        return 'contains "?" or "#", which a base URL must not contain'
    if not is_https_or_loopback(normalize_url(url)):
        return f"is plain http:// to {parts.hostname}, which would expose the API key"
    return None


def _check_timeout(seconds: object) -> None:
    if (
        not isinstance(seconds, int | float)
        or isinstance(seconds, bool)
        or not 0 < seconds <= MAX_TIMEOUT_SECONDS
    ):
        raise _error(
            "kubiya:timeoutSeconds",
            f"must be a number of seconds greater than 0 and up to {MAX_TIMEOUT_SECONDS}",
            "set it with `pulumi config set kubiya:timeoutSeconds 30`",
            "timeout_seconds",
        )


def _check_retries(retries: object) -> None:
    if (
        not isinstance(retries, int)
        or isinstance(retries, bool)
        or not 0 <= retries <= MAX_RETRIES_LIMIT
    ):
        raise _error(
            "kubiya:maxRetries",
            f"must be a whole number from 0 to {MAX_RETRIES_LIMIT}",
            "set it with `pulumi config set kubiya:maxRetries 4`",
            "max_retries",
        )


def _check_ca_bundle(path: object) -> None:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cafile=path)  # type: ignore[arg-type]
    except ssl.SSLError:
        problem = "is not a PEM file of certificates"
    except OSError as error:
        problem = f"cannot be read ({error.strerror})"
    except (TypeError, ValueError):
        problem = "is not a path"
    else:
        return
    raise _error(
        "kubiya:caBundle",
        problem,
        "set the path of the PEM file of your certificate authority with "
        "`pulumi config set kubiya:caBundle FILE`, or remove the setting",
        "ca_bundle",
    )
