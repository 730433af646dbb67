"""The connection that the environment describes, for commands that have no stack.

Their errors name environment variables instead of settings.
"""

from __future__ import annotations

from kubiya_pulumi import config
from kubiya_pulumi.api.connection import ENVIRONMENT, Connection
from kubiya_pulumi.api.errors import SettingError
from kubiya_pulumi.cli.files import write_message
from kubiya_pulumi.errors import KubiyaError
from kubiya_pulumi.text import sentence

_API_KEY, _BASE_URL = ENVIRONMENT[config.API_KEY], ENVIRONMENT[config.BASE_URL]

_SETTING_ADVICE = {
    config.API_KEY: f"Set {_API_KEY} to an API key of Kubiya",
    config.BASE_URL: f"Set {_BASE_URL} to the base URL of the API (https://…), or unset it",
}


class InvalidSettingError(KubiyaError):
    """An environment variable is missing or invalid. No request was sent."""


def connection_of_environment(failure: str) -> Connection:
    """Return the connection that the environment variables describe.

    Args:
        failure: what fails without it, as the start of a sentence.

    Raises:
        InvalidSettingError: `KUBIYA_API_KEY` or `KUBIYA_BASE_URL` is missing or invalid.
    """
    try:
        return config.read_connection(lambda _: None, warn=write_message)
    except SettingError as error:
        variable = ENVIRONMENT.get(error.setting, error.setting)
        problem = "is not set" if error.missing else error.problem
        raise InvalidSettingError(
            sentence(f"{failure}: {variable} {problem}", _SETTING_ADVICE.get(error.setting, ""))
        ) from None
