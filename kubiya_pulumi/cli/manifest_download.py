"""Download a runner's manifest with the settings of the environment."""

from __future__ import annotations

from kubiya_pulumi.api.client import RunnersClient
from kubiya_pulumi.api.errors import RequestError
from kubiya_pulumi.cli.environment_connection import connection_of_environment
from kubiya_pulumi.errors import KubiyaError
from kubiya_pulumi.lifecycle.runner_manifest import download
from kubiya_pulumi.text import sanitize, sentence


class DownloadError(KubiyaError):
    """A runner's manifest cannot be downloaded. The message is complete."""


def download_manifest(runner: str) -> str:
    """Download a runner's manifest.

    Args:
        runner: the runner's name.

    Raises:
        InvalidSettingError: `KUBIYA_API_KEY` or `KUBIYA_BASE_URL` is missing or invalid.
        DownloadError: a request failed.
    """
    connection = connection_of_environment(
        f'the manifest of runner "{sanitize(runner)}" cannot be downloaded'
    )
    try:
        with RunnersClient(connection) as client:
            return download(client, runner)[0]
    except RequestError as error:
        raise DownloadError(error.describe(in_command=True)) from None
    except KubiyaError as error:
        raise DownloadError(sentence(error.failure)) from None
