"""The settings of a connection to the Runners API, each checked when they are put together."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from kubiya_pulumi.api.errors import SettingError
from kubiya_pulumi.api.urls import is_https_or_loopback, normalize_url

LONGEST_TIMEOUT = 3600
MOST_RETRIES = 20


@dataclass(frozen=True, kw_only=True)
class Connection:
    """How to reach the Runners API.

    Attributes:
        api_key: the API key, without the word `UserKey`. Never shown.
        base_url: the API's address; a path in it precedes the path of every operation.
            Plain `http://` is for this very machine only.
        timeout_seconds: how long to wait for a connection, and for each piece of an answer;
            more than 0, at most 3600.
        max_retries: how often at most a call is made again; 0 to 20.
        ca_bundle: a PEM file of certificate authorities to trust beside the usual ones.

    Raises:
        SettingError: a setting is missing or cannot be right.
    """

    api_key: str = field(repr=False)
    base_url: str = "https://api.kubiya.ai"
    timeout_seconds: float = 30.0
    max_retries: int = 4
    ca_bundle: str | None = None

    def __post_init__(self) -> None:
        _check_api_key(self.api_key)
        _check_base_url(self.base_url)
        _check_timeout(self.timeout_seconds)
        _check_retries(self.max_retries)
        if self.ca_bundle is not None:
            _check_ca_bundle(self.ca_bundle)


def _check_api_key(key: object) -> None:
    if not isinstance(key, str) or not key.strip():
        problem = "is missing"
    elif "\n" in key or "\r" in key:
        problem = "contains a line break"
    elif not key.isascii() or not key.isprintable() or " " in key:
        problem = "contains a space or a character that no API key has; leave out the word UserKey"
    else:
        return
    raise SettingError(
        "kubiya:apiKey",
        f"kubiya:apiKey (or KUBIYA_API_KEY) {problem}: set the API key with "
        "`pulumi config set --secret kubiya:apiKey`.",
    )


def _check_base_url(url: object) -> None:
    problem = _base_url_problem(url)
    if problem:
        # The value is not shown: somebody may have put a password into it.
        raise SettingError(
            "kubiya:baseUrl",
            f"kubiya:baseUrl (or KUBIYA_BASE_URL) {problem}: set the API's address with "
            "`pulumi config set kubiya:baseUrl https://…`, or leave it out.",
        )


def _base_url_problem(url: object) -> str | None:
    if not isinstance(url, str) or not url:
        return "is empty or not text"
    try:
        parts = urlsplit(normalize_url(url))
    except ValueError as error:
        return str(error)
    if parts.username is not None or parts.password is not None:
        return "contains a user name or password, which belongs elsewhere"
    if "?" in url or "#" in url:
        return 'contains "?" or "#", which no base URL has'
    if not is_https_or_loopback(normalize_url(url)):
        return f"is plain http:// to {parts.hostname}, which would show the API key to the network"
    return None


def _check_timeout(seconds: object) -> None:
    if (
        not isinstance(seconds, int | float)
        or isinstance(seconds, bool)
        or not 0 < seconds <= LONGEST_TIMEOUT
    ):
        raise SettingError(
            "kubiya:timeoutSeconds",
            f"kubiya:timeoutSeconds must be a number of seconds above 0 and at most "
            f"{LONGEST_TIMEOUT}: set it with `pulumi config set kubiya:timeoutSeconds 30`.",
        )


def _check_retries(retries: object) -> None:
    if (
        not isinstance(retries, int)
        or isinstance(retries, bool)
        or not 0 <= retries <= MOST_RETRIES
    ):
        raise SettingError(
            "kubiya:maxRetries",
            f"kubiya:maxRetries must be a whole number from 0 to {MOST_RETRIES}: set it with "
            "`pulumi config set kubiya:maxRetries 4`.",
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
    raise SettingError(
        "kubiya:caBundle",
        f"kubiya:caBundle {problem}: name the PEM file of your certificate authority with "
        "`pulumi config set kubiya:caBundle FILE`, or leave it out.",
    )
