"""The operations of the client, and how errors describe them."""

from __future__ import annotations

from kubiya_pulumi.text import sanitize

DOWNLOAD = "download_manifest"
"""The only operation that sends no API key, and the only one that takes a URL."""
CHANGES = frozenset({"create_runner", "delete_runner", "update_runner_description"})
"""The operations that change a runner."""

_DESCRIPTIONS = {
    "list_runners": "list the runners",
    "describe_runner": "read {}",
    "get_runner_health": "read the health of {}",
    "create_runner": "create {}",
    "delete_runner": "delete {}",
    "update_runner_description": "change the description of {}",
    "get_runner_manifest": "get the manifest of {}",
    DOWNLOAD: "download the manifest of {}",
}


def describe_failure(operation: str | None, runner: str | None = None) -> str:
    """Return what failed, for an error message: `could not read runner "runner-prod"`.

    Args:
        operation: the client's method. None if only the data of a response is known.
        runner: the runner's name. None if the operation concerns all runners.
    """
    description = _DESCRIPTIONS.get(operation or "", "parse a response")
    if runner is None:
        return "could not " + description.replace("{}", "a runner")
    if "{}" not in description:
        description += " to find {}"
    return "could not " + description.replace("{}", f'runner "{sanitize(runner)}"')
