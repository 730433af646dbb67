"""Download a runner's manifest with the settings of the environment.

A command has no stack. The errors of the API advise to change a stack's configuration, so this
module replaces their advice.
"""

from __future__ import annotations

from collections.abc import Mapping

from kubiya_pulumi import config
from kubiya_pulumi.api.client import RunnersClient
from kubiya_pulumi.api.connection import ENVIRONMENT, Connection
from kubiya_pulumi.api.errors import (
    BadRequestError,
    ConnectionFailedError,
    ForbiddenError,
    InvalidResponseError,
    NotFoundError,
    ProxyRefusedError,
    RateLimitedError,
    ResponseTimeoutError,
    ServerError,
    SettingError,
    TlsError,
    TruncatedResponseError,
    UnauthorizedError,
    UnexpectedStatusError,
)
from kubiya_pulumi.api.operations import DOWNLOAD
from kubiya_pulumi.errors import KubiyaError
from kubiya_pulumi.lifecycle.runner_manifest import download
from kubiya_pulumi.text import sanitize, sentence

_API_KEY, _BASE_URL = ENVIRONMENT[config.API_KEY], ENVIRONMENT[config.BASE_URL]

_SETTING_ADVICE = {
    config.API_KEY: f"Set {_API_KEY} to an API key of Kubiya",
    config.BASE_URL: f"Set {_BASE_URL} to the base URL of the API (https://…), or unset it",
}

_ADVICE: Mapping[type[KubiyaError], str] = {
    BadRequestError: "Correct the runner's name",
    UnauthorizedError: f"The API key was rejected: set {_API_KEY} to a valid one",
    ForbiddenError: f"The API key lacks the permission: grant it, or set {_API_KEY} to another key",
    NotFoundError: f"Check the runner's name and {_BASE_URL}",
    RateLimitedError: "Wait, then retry",
    ServerError: "The fault is in the service: retry later",
    UnexpectedStatusError: f"Check that {_BASE_URL} is the base URL of the API",
    ConnectionFailedError: f"Check {_BASE_URL}, the network and the proxy settings, then retry",
    ProxyRefusedError: "Check HTTPS_PROXY (or ALL_PROXY) and NO_PROXY in the environment",
    TlsError: (
        f"Check {_BASE_URL}. If the service uses a private certificate authority, set "
        "REQUESTS_CA_BUNDLE to its PEM file"
    ),
    ResponseTimeoutError: "Retry",
    InvalidResponseError: f"Check that {_BASE_URL} is the base URL of the API",
    TruncatedResponseError: "Check the network, then retry",
}
"""What to do about an error of a request to the API."""

_DOWNLOAD_ADVICE: Mapping[type[KubiyaError], str] = {
    **_ADVICE,
    **dict.fromkeys(
        (BadRequestError, UnauthorizedError, ForbiddenError, NotFoundError),
        "The manifest's URL may have expired: re-run the command to get a new one",
    ),
    UnexpectedStatusError: "Check the host that serves the manifest",
}
"""What to do about an error of the download from the manifest's URL, which takes no API key."""


class DownloadError(KubiyaError):
    """A runner's manifest cannot be downloaded. The message is complete."""


class InvalidSettingError(DownloadError):
    """An environment variable is missing or invalid. No request was sent."""


def download_manifest(runner: str) -> str:
    """Download a runner's manifest.

    Args:
        runner: the runner's name.

    Raises:
        InvalidSettingError: `KUBIYA_API_KEY` or `KUBIYA_BASE_URL` is missing or invalid.
        DownloadError: a request failed.
    """
    connection = _connection(runner)
    try:
        with RunnersClient(connection) as client:
            return download(client, runner)[0]
    except KubiyaError as error:
        raise DownloadError(sentence(error.failure, _advice(error))) from None


def _connection(runner: str) -> Connection:
    try:
        return config.connection(lambda _: None)
    except SettingError as error:
        variable = ENVIRONMENT.get(error.setting, error.setting)
        problem = "is not set" if error.missing else error.problem
        raise InvalidSettingError(
            sentence(
                f'the manifest of runner "{sanitize(runner)}" cannot be downloaded: '
                f"{variable} {problem}",
                _SETTING_ADVICE.get(error.setting, ""),
            )
        ) from None


def _advice(error: KubiyaError) -> str:
    operation = getattr(error, "operation", None)
    advice = _DOWNLOAD_ADVICE if operation == DOWNLOAD else _ADVICE
    return next((advice[kind] for kind in type(error).__mro__ if kind in advice), "")
