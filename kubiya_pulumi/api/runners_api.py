"""The operations of the Runners API as a protocol: what resources and get functions need."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from kubiya_pulumi.api.health_models import RunnerHealth
from kubiya_pulumi.api.models import CreatedRunner, Runner, RunnerManifest

if TYPE_CHECKING:  # It imports the HTTP library, which a program may not need.
    from kubiya_pulumi.api.place import Place


class RunnersApi(Protocol):
    """Operations on the runners of one organization.

    `RunnersClient` implements them over HTTP, `kubiya_pulumi.testing.MemoryClient` in memory.

    Every method raises:

    - `ApiError`, by its subclasses, if the service returns a status other than 2xx;
    - `TransportError`, by its subclasses, if no response arrives;
    - `InvalidResponseError` if the response cannot be parsed;
    - `InvalidNameError`, before any request, if the runner's name is invalid.
    """

    place: Place
    """Where these runners are, and as whom they are seen."""

    def list_runners(
        self, *, runner_for_errors: str | None = None, reuse: bool = False
    ) -> tuple[Runner, ...]:
        """List all runners of the organization.

        Args:
            runner_for_errors: the runner that the caller wants to find, which errors name. The
                list is not filtered. Default: None.
            reuse: whether an earlier list may be returned, up to a minute old, if this client has
                changed no runner since. Default: False.
        """
        ...

    def describe_runner(self, name: str) -> Runner:
        """Return a runner, without its health.

        Args:
            name: the runner's name.

        Raises:
            NotFoundError: the runner does not exist, or the service does not serve the route.
        """
        ...

    def get_runner_health(
        self, name: str, *, total_timeout_seconds: float | None = None
    ) -> RunnerHealth:
        """Return the health of a runner and of its components.

        Args:
            name: the runner's name.
            total_timeout_seconds: the time limit of the operation, which is then sent only once.
                Default: None, the timeout and the retries of the connection.

        Raises:
            NotFoundError: the runner does not exist, or the service does not serve the route.
        """
        ...

    def create_runner(
        self,
        name: str,
        *,
        description: str | None = None,
        managed_by: str | None = None,
        task_id: str | None = None,
        confirm_not_created: Callable[[], bool] | None = None,
    ) -> CreatedRunner:
        """Create a runner and its manifest.

        Success does not prove that the runner is new: for the name of an existing runner, the
        service may return the manifest of that runner. Check that it does not exist first.

        Args:
            name: the runner's name.
            description: the runner's description. Default: None, not sent.
            managed_by: the tool that creates the runner. Default: None, not sent.
            task_id: the id that this tool gives to the creation. Default: None, not sent.
            confirm_not_created: called before a retry if the outcome of a request is unknown.
                Returns True if the runner certainly does not exist. If it returns False or raises
                a `KubiyaError`, the error of the request is raised. Default: None, such a request
                is not retried.
        """
        ...

    def delete_runner(self, name: str) -> None:
        """Delete a runner.

        Success does not prove that the runner is deleted: the response is empty, so it may be
        that of another server, or precede the deletion. The list tells.

        Args:
            name: the runner's name.

        Raises:
            NotFoundError: the runner does not exist, or the service does not serve the route.
        """
        ...

    def update_runner_description(self, name: str, description: str) -> Runner | None:
        """Replace a runner's description.

        Args:
            name: the runner's name.
            description: the new description.

        Returns:
            The updated runner, or None if the response does not contain it.

        Raises:
            NotFoundError: the runner does not exist, or the service does not serve the route.
        """
        ...

    def get_runner_manifest(self, name: str) -> RunnerManifest:
        """Return the manifest of an existing runner: its text, its URL, or both.

        Args:
            name: the runner's name.

        Raises:
            NotFoundError: the runner does not exist, or the service does not serve the route.
        """
        ...

    def download_manifest(self, url: str, *, runner: str) -> str:
        """Download the text of a manifest.

        Args:
            url: the manifest's URL. It is a secret.
            runner: the runner's name, for errors.
        """
        ...
