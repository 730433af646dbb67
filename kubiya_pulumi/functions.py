"""Get functions: read runners without managing them.

Each has two forms: `get_runner(…)` sends the request at once and returns the result;
`get_runner_output(…)` takes inputs that may not be known yet and returns an `Output`. Settings have
the same sources as those of resources, and calls with the same settings share one client.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import Any, TypeVar

import pulumi

from kubiya_pulumi.api import ComponentHealth, HealthCheck, Runner, RunnersApi
from kubiya_pulumi.declarations import RunnerManifestInputs
from kubiya_pulumi.invoke import call, call_output
from kubiya_pulumi.lifecycle.errors import RunnerGoneError
from kubiya_pulumi.lifecycle.lookup import existing_runner, none_if_deleted
from kubiya_pulumi.lifecycle.runner_manifest import RunnerManifestHandler
from kubiya_pulumi.review import parse_manifest, render_manifest

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class GetRunnerResult:
    """A Kubiya runner. A value that the API does not report is None."""

    name: str
    """The runner's name."""
    description: str | None
    """The runner's description."""
    version: str | None
    """The runner's version, such as `v2`."""
    namespace: str | None
    """The Kubernetes namespace of the runner's objects."""
    kubernetes_namespace: str | None
    """The same namespace, if the API reports it in a separate field."""
    managed_by: str | None
    """The owner that the create request reported, such as `pulumi`."""
    runner_health: ComponentHealth | None
    """The health of the runner. Only `get_runners` reports it."""
    tool_manager_health: ComponentHealth | None
    """The health of the tool manager. Only `get_runners` reports it."""
    agent_manager_health: ComponentHealth | None
    """The health of the agent manager. Only `get_runners` reports it."""


@dataclass(frozen=True, kw_only=True)
class GetRunnerHealthResult:
    """The health of a runner. A value that the API does not report is None."""

    status: str | None
    """The status, such as `healthy`."""
    health: str | None
    """The health in the service's other form, such as `ok`."""
    version: str | None
    """The version that the runner reports, such as `2.0.0`."""
    checked_at: str | None
    """When the service checked the health, in the format of the service."""
    checks: tuple[HealthCheck, ...]
    """The health of each component."""
    healthy: bool
    """Whether the status reports a healthy runner and no component contradicts it."""


@dataclass(frozen=True, kw_only=True)
class GetRunnerManifestResult:
    """A runner's manifest: the fields of `RunnerManifest`."""

    runner: str
    content: str = field(repr=False)
    sha256: str
    url: str | None = field(repr=False)
    objects: list[dict[str, str]]
    images: list[str]
    review: dict[str, Any]


def get_runner(name: str, *, opts: pulumi.InvokeOptions | None = None) -> GetRunnerResult:
    """Read a runner.

    Args:
        name: the runner's name in Kubiya.
        opts: options; `provider` may be a `KubiyaProvider`.

    Raises:
        GetError: the runner does not exist, a setting is invalid, or the API refuses the request
            or does not respond.
    """
    return call(lambda client: _runner(client, name), opts)


def get_runner_output(
    name: pulumi.Input[str], *, opts: pulumi.InvokeOptions | None = None
) -> pulumi.Output[GetRunnerResult]:
    """Read a runner as soon as its name is known; see `get_runner`."""
    return call_output(_runner, name, opts)


def get_runners(*, opts: pulumi.InvokeOptions | None = None) -> list[GetRunnerResult]:
    """List all runners, with the health of their components if the API reports it.

    Args:
        opts: options; `provider` may be a `KubiyaProvider`.

    Raises:
        GetError: a setting is invalid, or the API refuses the request or does not respond.
    """
    return call(_runners, opts)


def get_runners_output(
    *, opts: pulumi.InvokeOptions | None = None
) -> pulumi.Output[list[GetRunnerResult]]:
    """List all runners; see `get_runners`."""
    return call_output(lambda client, _: _runners(client), None, opts)


def get_runner_health(
    name: str, *, opts: pulumi.InvokeOptions | None = None
) -> GetRunnerHealthResult:
    """Read the health of a runner once, without waiting.

    Args:
        name: the runner's name in Kubiya.
        opts: options; `provider` may be a `KubiyaProvider`.

    Raises:
        GetError: the runner does not exist, a setting is invalid, or the API refuses the request
            or does not respond. An unhealthy runner is a result, not an error.
    """
    return call(lambda client: _health(client, name), opts)


def get_runner_health_output(
    name: pulumi.Input[str], *, opts: pulumi.InvokeOptions | None = None
) -> pulumi.Output[GetRunnerHealthResult]:
    """Read the health of a runner as soon as its name is known; see `get_runner_health`."""
    return call_output(_health, name, opts)


def get_runner_manifest(
    name: str, *, opts: pulumi.InvokeOptions | None = None
) -> GetRunnerManifestResult:
    """Download and check the manifest of a runner. Its `content` and `url` are secrets.

    In a program, `get_runner_manifest_output` keeps them so.

    Args:
        name: the runner's name in Kubiya.
        opts: options; `provider` may be a `KubiyaProvider`.

    Raises:
        GetError: the runner does not exist, the download is not a Kubernetes manifest, a setting
            is invalid, or the API refuses the request or does not respond.
    """
    return call(lambda client: _manifest(client, name), opts)


def get_runner_manifest_output(
    name: pulumi.Input[str], *, opts: pulumi.InvokeOptions | None = None
) -> pulumi.Output[GetRunnerManifestResult]:
    """Download the manifest of a runner as a secret; see `get_runner_manifest`."""
    return pulumi.Output.secret(call_output(_manifest, name, opts))


def _runner(api: RunnersApi, name: str) -> GetRunnerResult:
    return _result(_require_runner(name, existing_runner(api, name)))


def _runners(client: RunnersApi) -> list[GetRunnerResult]:
    return [_result(runner) for runner in client.list_runners()]


def _result(runner: Runner) -> GetRunnerResult:
    names = (item.name for item in fields(GetRunnerResult))
    return GetRunnerResult(**{name: getattr(runner, name) for name in names})


def _health(api: RunnersApi, name: str) -> GetRunnerHealthResult:
    health = _require_runner(name, none_if_deleted(api, name, lambda: api.get_runner_health(name)))
    return GetRunnerHealthResult(
        status=health.status,
        health=health.health,
        version=health.version,
        checked_at=health.time,
        checks=health.checks,
        healthy=health.healthy,
    )


def _manifest(api: RunnersApi, name: str) -> GetRunnerManifestResult:
    state = RunnerManifestHandler().create(api, RunnerManifestInputs(runner=name))
    state = replace(state, content=render_manifest(parse_manifest(state.content)))
    names = (item.name for item in fields(GetRunnerManifestResult))
    return GetRunnerManifestResult(**{name: getattr(state, name) for name in names})


def _require_runner(name: str, result: T | None) -> T:
    if result is None:
        raise RunnerGoneError(
            f'runner "{name}" does not exist. Correct the name. If this program creates the '
            "runner, pass runner.id to the _output form."
        )
    return result
