"""The operations of the Runners API as a protocol: what resources and get functions need."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from kubiya_pulumi.api.models import CreatedRunner, Runner, RunnerHealth, RunnerManifest


class RunnersApi(Protocol):
    """Operations on the runners of one organization.

    `RunnersClient` implements them over HTTP, `kubiya_pulumi.testing.MemoryClient` in memory.

    Every method raises:

    - `ApiError`, by its subclasses, if the service refuses the request or fails;
    - `TransportError`, by its subclasses, if no complete response arrives;
    - `InvalidResponseError` if the response cannot be parsed;
    - `InvalidNameError`, before any request, if the runner's name is invalid.
    """

    def list_runners(self, *, runner: str | None = None) -> tuple[Runner, ...]:
        """List all runners of the organization.

        Args:
            runner: the runner that the caller wants to find, for error messages. Default: None.
        """
        ...

    def describe_runner(self, name: str) -> Runner:
        """Return one runner, without its health.

        Args:
            name: the runner's name.

        Raises:
            NotFoundError: the runner does not exist.
        """
        ...

    def get_runner_health(
        self, name: str, *, total_timeout_seconds: float | None = None
    ) -> RunnerHealth:
        """Return the health of one runner and of its components.

        Args:
            name: the runner's name.
            total_timeout_seconds: the time limit of the whole call, which is then sent only
                once. Default: None, the client's own timeout and retries.

        Raises:
            NotFoundError: the runner does not exist.
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
        service may return the manifest of that runner.

        Args:
            name: the runner's name.
            description: the runner's description. Default: None, not sent.
            managed_by: the tool that owns the runner. Default: None, not sent.
            task_id: the owner's task that created the runner. Default: None, not sent.
            confirm_not_created: called when the outcome of a request is unknown; returns True
                if the runner certainly does not exist, so that the request can be retried.
                Default: None, such a request is not retried.
        """
        ...

    def delete_runner(self, name: str) -> None:
        """Delete a runner.

        Args:
            name: the runner's name.

        Raises:
            NotFoundError: the runner does not exist.
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
            NotFoundError: the runner does not exist.
        """
        ...

    def get_runner_manifest(self, name: str) -> RunnerManifest:
        """Return the manifest of an existing runner: its text, its URL, or both.

        Args:
            name: the runner's name.

        Raises:
            NotFoundError: the runner does not exist.
        """
        ...

    def download_manifest(self, url: str, *, runner: str) -> str:
        """Download the text of a manifest.

        Args:
            url: the manifest's URL. It is a secret.
            runner: the runner's name, for error messages.
        """
        ...
