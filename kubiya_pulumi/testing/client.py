"""A client without a service: runners that are kept in memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from kubiya_pulumi.api import (
    CreatedRunner,
    HealthCheck,
    InvalidNameError,
    NotFoundError,
    Runner,
    RunnerHealth,
    RunnerManifest,
    RunnersClient,
    name_problem,
)

NAMESPACE = "kubiya-system"
VERSION = "v2"
PARTS = ("agent-manager", "tool-manager")
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
class _Kept:
    runner: Runner
    manifest: str = MANIFEST
    failing: Mapping[str, str] = field(default_factory=dict)


class MemoryClient(RunnersClient):
    """A client for tests that answers from memory, at once and without the network.

    It keeps what is created, changed and deleted. Runners are healthy unless `set_health` says
    otherwise. A runner that is not there raises `NotFoundError`, as with a service, and a name
    that no request can carry raises `InvalidNameError`.
    """

    def __init__(self) -> None:
        self._kept: dict[str, _Kept] = {}

    def close(self) -> None:
        """Do nothing: there is no connection."""

    def add_runner(
        self, name: str, *, description: str | None = None, manifest: str = MANIFEST
    ) -> None:
        """Add a runner, as if somebody else had created it.

        Args:
            name: its name.
            description: its description.
            manifest: its manifest. Default: a namespace and a Deployment in it.

        Raises:
            InvalidNameError: no runner can have that name.
        """
        _refuse_impossible("create_runner", name)
        runner = Runner(
            name=name,
            version=VERSION,
            namespace=NAMESPACE,
            kubernetes_namespace=NAMESPACE,
            description=description,
        )
        self._kept[name] = _Kept(runner, manifest)

    def set_health(self, name: str, *, failing: Mapping[str, str]) -> None:
        """Say which of a runner's checks fail.

        Args:
            name: the runner's name.
            failing: the error text of each check that fails, by its name; empty for a healthy
                runner.

        Raises:
            NotFoundError: there is no such runner.
        """
        self._kept[name] = replace(self._find("get_runner_health", name), failing=dict(failing))

    def list_runners(self, *, runner: str | None = None) -> tuple[Runner, ...]:  # noqa: ARG002
        """List all runners."""
        return tuple(kept.runner for kept in self._kept.values())

    def describe_runner(self, name: str) -> Runner:
        """Describe one runner."""
        return self._find("describe_runner", name).runner

    def get_runner_health(
        self,
        name: str,
        *,
        total_timeout_seconds: float | None = None,  # noqa: ARG002 - memory answers at once
    ) -> RunnerHealth:
        """Give the health of one runner."""
        failing = self._find("get_runner_health", name).failing
        names = [*PARTS, *(part for part in failing if part not in PARTS)]
        return RunnerHealth(
            status="unhealthy" if failing else "healthy",
            health="false" if failing else "ok",
            version="2.0.0",
            time="2025-01-01T00:00:00Z",
            checks=tuple(
                HealthCheck(
                    name=part,
                    status="unhealthy" if part in failing else "healthy",
                    error=failing.get(part),
                )
                for part in names
            ),
        )

    def create_runner(
        self,
        name: str,
        *,
        description: str | None = None,
        managed_by: str | None = None,
        task_id: str | None = None,
        confirm_not_created: Callable[[], bool] | None = None,  # noqa: ARG002 - memory is never in doubt
    ) -> CreatedRunner:
        """Create a runner; one that is there stays as it is."""
        _refuse_impossible("create_runner", name)
        if name not in self._kept:
            self.add_runner(name, description=description)
            given = replace(self._kept[name].runner, managed_by=managed_by, task_id=task_id)
            self._kept[name] = replace(self._kept[name], runner=given)
        return CreatedRunner(name=name, manifest_url=_url(name))

    def delete_runner(self, name: str) -> None:
        """Delete a runner."""
        self._find("delete_runner", name)
        del self._kept[name]

    def update_runner_description(self, name: str, description: str) -> Runner:
        """Replace a runner's description."""
        kept = self._find("update_runner_description", name)
        runner = replace(kept.runner, description=description)
        self._kept[name] = replace(kept, runner=runner)
        return runner

    def get_runner_manifest(self, name: str) -> RunnerManifest:
        """Give the manifest of a runner, text and URL."""
        kept = self._find("get_runner_manifest", name)
        return RunnerManifest(name=name, manifest_url=_url(name), manifest_content=kept.manifest)

    def download_manifest(self, url: str, *, runner: str) -> str:  # noqa: ARG002
        """Give the text of a runner's manifest."""
        return self._find("download_manifest", runner).manifest

    def _find(self, operation: str, name: str) -> _Kept:
        _refuse_impossible(operation, name)
        if name not in self._kept:
            raise NotFoundError(404, None, "Runner not found", operation, name)
        return self._kept[name]


def _refuse_impossible(operation: str, name: str) -> None:
    """Refuse a name as the client of a service does, before any request."""
    if problem := name_problem(name):
        raise InvalidNameError(operation, problem)


def _url(name: str) -> str:
    return f"https://api.kubiya.example/manifests/{name}.yaml"
