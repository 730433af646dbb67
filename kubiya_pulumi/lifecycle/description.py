"""Setting a runner's description."""

from __future__ import annotations

from kubiya_pulumi.api import NotFoundError, Runner, RunnersApi, UnexpectedStatusError
from kubiya_pulumi.lifecycle.errors import NotSupportedError, RunnerGoneError
from kubiya_pulumi.lifecycle.look import listed_runner, no_such_route


def set_description(client: RunnersApi, name: str, description: str) -> Runner | None:
    """Set the description; what a "not found" means is looked up in the list."""
    try:
        return client.update_runner_description(name, description)
    except (NotFoundError, UnexpectedStatusError) as error:
        if not no_such_route(error):
            raise
        if listed_runner(client, name) is None:
            raise gone(name) from None
        raise NotSupportedError(
            f'the description of runner "{name}" was not changed: the service answered '
            f"{error.status}, though the runner is there. It does not offer this change; set "
            "the description in the program to what the runner has."
        ) from None


def gone(name: str) -> RunnerGoneError:
    """Make the error for a runner that is not there to be described."""
    return RunnerGoneError(
        f'the description of runner "{name}" was not changed: the runner is gone. '
        "Run `pulumi refresh`, then `pulumi up` to create it anew."
    )
