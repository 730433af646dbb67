"""Download a runner's manifest with the settings of the environment.

A command has no stack, so its errors name environment variables instead of settings.
"""

from __future__ import annotations

from kubiya_pulumi import config
from kubiya_pulumi.api.client import RunnersClient
from kubiya_pulumi.api.connection import ENVIRONMENT, Connection
from kubiya_pulumi.api.errors import RequestError, SettingError
from kubiya_pulumi.errors import KubiyaError
from kubiya_pulumi.lifecycle.runner_manifest import download
from kubiya_pulumi.text import sanitize, sentence

_API_KEY, _BASE_URL = ENVIRONMENT[config.API_KEY], ENVIRONMENT[config.BASE_URL]

_SETTING_ADVICE = {
    config.API_KEY: f"Set {_API_KEY} to an API key of Kubiya",
    config.BASE_URL: f"Set {_BASE_URL} to the base URL of the API (https://…), or unset it",
}


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
    except RequestError as error:
        raise DownloadError(error.describe(in_command=True)) from None
    except KubiyaError as error:
        raise DownloadError(sentence(error.failure)) from None


def _connection(runner: str) -> Connection:
    try:
        return config.read_connection(lambda _: None)
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
