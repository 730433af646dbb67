"""An in-memory implementation of the Runners API for tests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Self

from kubiya_pulumi.api import (
    CreatedRunner,
    HealthCheck,
    InvalidNameError,
    NotFoundError,
    Runner,
    RunnerHealth,
    RunnerManifest,
    name_problem,
)
from kubiya_pulumi.api.place import Place
from kubiya_pulumi.api.runners_api import RunnersApi

NAMESPACE = "kubiya-system"
VERSION = "v2"
COMPONENTS = ("agent-manager", "tool-manager")
MANIFEST = """\
apiVersion: v1
kind: Namespace
metadata:
  name: kubiya-system
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: tool-manager
  namespace: kubiya-system
spec:
  selector:
    matchLabels: {app: tool-manager}
  template:
    metadata:
      labels: {app: tool-manager}
    spec:
      containers:
        - name: tool-manager
          image: registry.example/tool-manager:v2.0.0
"""


@dataclass(frozen=True)
class _StoredRunner:
    runner: Runner
    manifest: str = MANIFEST
    failing: Mapping[str, str] = field(default_factory=dict)


class MemoryClient(RunnersApi):
    """A client for tests that keeps its runners in memory and does not use the network.

    It has the methods of `RunnersClient`. Runners are healthy unless `set_health` changes that.
    A method that needs an existing runner raises `NotFoundError` if there is none, and every
    method raises `InvalidNameError` for a name that `RunnersClient` refuses.
    """

    def __init__(self) -> None:
        self.place: Place = Place(base_url="memory:", account="memory")
        self._runners: dict[str, _StoredRunner] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Do nothing. `RunnersClient` closes its connections here."""

    def add_runner(
        self, name: str, *, description: str | None = None, manifest: str = MANIFEST
    ) -> None:
        """Add a runner that another program created.

        Args:
            name: the runner's name.
            description: the runner's description. Default: None.
            manifest: the text of the runner's manifest. Default: a Namespace and a Deployment.

        Raises:
            InvalidNameError: the name is invalid.
        """
        _require_valid_name("create_runner", name)
        runner = Runner(
            name=name,
            version=VERSION,
            namespace=NAMESPACE,
            kubernetes_namespace=NAMESPACE,
            description=description,
        )
        self._runners[name] = _StoredRunner(runner, manifest)

    def set_health(self, name: str, *, failing: Mapping[str, str]) -> None:
        """Set which of a runner's health checks fail.

        Args:
            name: the runner's name.
            failing: the error text of each failing check, by the name of the check. An empty
                mapping makes the runner healthy.

        Raises:
            NotFoundError: the runner does not exist.
        """
        stored = self._require("get_runner_health", name)
        self._runners[name] = replace(stored, failing=dict(failing))

    def list_runners(
        self,
        *,
        runner_for_errors: str | None = None,  # noqa: ARG002
        reuse: bool = False,  # noqa: ARG002
    ) -> tuple[Runner, ...]:
        """List all runners."""
        return tuple(stored.runner for stored in self._runners.values())

    def describe_runner(self, name: str) -> Runner:
        """Return one runner."""
        return self._require("describe_runner", name).runner

    def get_runner_health(
        self,
        name: str,
        *,
        total_timeout_seconds: float | None = None,  # noqa: ARG002 - memory does not block
    ) -> RunnerHealth:
        """Return the health of one runner."""
        failing = self._require("get_runner_health", name).failing
        checks = [*COMPONENTS, *(check for check in failing if check not in COMPONENTS)]
        return RunnerHealth(
            status="unhealthy" if failing else "healthy",
            health="false" if failing else "ok",
            version="2.0.0",
            time="2025-01-01T00:00:00Z",
            checks=tuple(
                HealthCheck(
                    name=check,
                    status="unhealthy" if check in failing else "healthy",
                    error=failing.get(check),
                )
                for check in checks
            ),
        )

    def create_runner(
        self,
        name: str,
        *,
        description: str | None = None,
        managed_by: str | None = None,
        task_id: str | None = None,
        confirm_not_created: Callable[[], bool] | None = None,  # noqa: ARG002 - nothing to confirm
    ) -> CreatedRunner:
        """Create a runner. An existing runner stays unchanged."""
        _require_valid_name("create_runner", name)
        if name not in self._runners:
            self.add_runner(name, description=description)
            stored = self._runners[name]
            runner = replace(stored.runner, managed_by=managed_by, task_id=task_id)
            self._runners[name] = replace(stored, runner=runner)
        return CreatedRunner(name=name, manifest_url=_manifest_url(name))

    def delete_runner(self, name: str) -> None:
        """Delete a runner."""
        self._require("delete_runner", name)
        del self._runners[name]

    def update_runner_description(self, name: str, description: str) -> Runner:
        """Replace a runner's description and return the runner."""
        stored = self._require("update_runner_description", name)
        runner = replace(stored.runner, description=description)
        self._runners[name] = replace(stored, runner=runner)
        return runner

    def get_runner_manifest(self, name: str) -> RunnerManifest:
        """Return the text and the URL of a runner's manifest."""
        manifest = self._require("get_runner_manifest", name).manifest
        return RunnerManifest(
            name=name, manifest_url=_manifest_url(name), manifest_content=manifest
        )

    def download_manifest(self, url: str, *, runner: str) -> str:  # noqa: ARG002
        """Return the text of a runner's manifest."""
        return self._require("download_manifest", runner).manifest

    def _require(self, operation: str, name: str) -> _StoredRunner:
        """Return the runner with this name.

        Raises:
            InvalidNameError: the name is invalid.
            NotFoundError: the runner does not exist.
        """
        _require_valid_name(operation, name)
        if name not in self._runners:
            raise NotFoundError(404, None, "Runner not found", operation, name)
        return self._runners[name]


def _require_valid_name(operation: str, name: str) -> None:
    """Refuse the names that `RunnersClient` refuses before it sends a request."""
    if problem := name_problem(name):
        raise InvalidNameError(operation, problem)


def _manifest_url(name: str) -> str:
    return f"https://api.kubiya.example/manifests/{name}.yaml"
