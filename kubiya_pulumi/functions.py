"""Get functions: look at runners without managing them.

Each comes in two forms: `get_runner(…)` calls at once and gives the result; `get_runner_output(…)`
takes inputs that may not be known yet and gives an `Output`. Settings come from where they come
from for resources, and all calls of a program with the same settings share one client.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, TypeVar

import pulumi
from pulumi.runtime import settings as runtime
from pulumi.runtime.rpc import _expand_dependencies

from kubiya_pulumi import config
from kubiya_pulumi.api import ComponentHealth, HealthCheck, Runner, RunnersApi, shared_client
from kubiya_pulumi.declarations import RunnerManifestInputs
from kubiya_pulumi.errors import KubiyaError
from kubiya_pulumi.lifecycle.errors import RunnerGoneError
from kubiya_pulumi.lifecycle.lookup import existing_runner, none_if_deleted
from kubiya_pulumi.lifecycle.runner_manifest import RunnerManifestHandler
from kubiya_pulumi.plaintext_key_warning import warn_about_plaintext_key
from kubiya_pulumi.provider import KubiyaProvider

T = TypeVar("T")


class GetError(KubiyaError, pulumi.RunError):
    """A get function failed. It ends the program with its sentence, not with a traceback.

    `__cause__` is the error of the client or the lifecycle, for programs that catch it.
    """


@dataclass(frozen=True, kw_only=True)
class GetRunnerResult:
    """A runner at the Runners API. What the API does not say is None."""

    name: str
    description: str | None
    version: str | None
    namespace: str | None
    kubernetes_namespace: str | None
    managed_by: str | None
    runner_health: ComponentHealth | None
    """Only in the list; likewise the next two."""
    tool_manager_health: ComponentHealth | None
    agent_manager_health: ComponentHealth | None


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
    """Look at one runner.

    Args:
        name: the runner's name at the API.
        opts: options; `provider` may be a `KubiyaProvider`.

    Raises:
        GetError: there is no such runner, a setting is wrong, or the API refuses or does not
            answer.
    """
    return _call(lambda client: _runner(client, name), opts)


def get_runner_output(
    name: pulumi.Input[str], *, opts: pulumi.InvokeOptions | None = None
) -> pulumi.Output[GetRunnerResult]:
    """Look at one runner, as soon as its name is known; see `get_runner`."""
    return _call_output(_runner, name, opts)


def get_runners(*, opts: pulumi.InvokeOptions | None = None) -> list[GetRunnerResult]:
    """List all runners, with the health of their components where the API tells it.

    Args:
        opts: options; `provider` may be a `KubiyaProvider`.

    Raises:
        GetError: a setting is wrong, or the API refuses or does not answer.
    """
    return _call(_runners, opts)


def get_runners_output(
    *, opts: pulumi.InvokeOptions | None = None
) -> pulumi.Output[list[GetRunnerResult]]:
    """List all runners; see `get_runners`."""
    return _call_output(lambda client, _: _runners(client), None, opts)


def get_runner_health(
    name: str, *, opts: pulumi.InvokeOptions | None = None
) -> GetRunnerHealthResult:
    """Look at the health of one runner, once and without waiting.

    Args:
        name: the runner's name at the API.
        opts: options; `provider` may be a `KubiyaProvider`.

    Raises:
        GetError: there is no such runner, a setting is wrong, or the API refuses or does not
            answer. A sick runner is a result, not an error.
    """
    return _call(lambda client: _health(client, name), opts)


def get_runner_health_output(
    name: pulumi.Input[str], *, opts: pulumi.InvokeOptions | None = None
) -> pulumi.Output[GetRunnerHealthResult]:
    """Look at the health of one runner, as soon as its name is known; see `get_runner_health`."""
    return _call_output(_health, name, opts)


def get_runner_manifest(
    name: str, *, opts: pulumi.InvokeOptions | None = None
) -> GetRunnerManifestResult:
    """Download and check the manifest of one runner. Its `content` and `url` are secrets.

    In a program, `get_runner_manifest_output` keeps them so.

    Args:
        name: the runner's name at the API.
        opts: options; `provider` may be a `KubiyaProvider`.

    Raises:
        GetError: there is no such runner, what was downloaded is no Kubernetes manifest, a
            setting is wrong, or the API refuses or does not answer.
    """
    return _call(lambda client: _manifest(client, name), opts)


def get_runner_manifest_output(
    name: pulumi.Input[str], *, opts: pulumi.InvokeOptions | None = None
) -> pulumi.Output[GetRunnerManifestResult]:
    """Download the manifest of one runner as a secret; see `get_runner_manifest`."""
    return pulumi.Output.secret(_call_output(_manifest, name, opts))


def _runner(api: RunnersApi, name: str) -> GetRunnerResult:
    return _result(_there(name, existing_runner(api, name)))


def _runners(client: RunnersApi) -> list[GetRunnerResult]:
    return [_result(runner) for runner in client.list_runners()]


def _result(runner: Runner) -> GetRunnerResult:
    wanted = (each.name for each in fields(GetRunnerResult))
    return GetRunnerResult(**{name: getattr(runner, name) for name in wanted})


def _health(api: RunnersApi, name: str) -> GetRunnerHealthResult:
    health = _there(name, none_if_deleted(api, name, lambda: api.get_runner_health(name)))
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
    names = (item.name for item in fields(GetRunnerManifestResult))
    return GetRunnerManifestResult(**{name: getattr(state, name) for name in names})


def _there(name: str, found: T | None) -> T:
    if found is None:
        raise RunnerGoneError(
            f'there is no runner "{name}". Correct the name, or where this program creates the '
            "runner, pass runner.id to the _output form."
        )
    return found


Settings = Mapping[str, pulumi.Input[str | float]] | None
"""What an explicit provider was given; None where the stack's configuration counts."""


def _call(ask: Callable[[RunnersApi], T], opts: pulumi.InvokeOptions | None) -> T:
    settings = _settings(opts)
    if any(isinstance(value, pulumi.Output) for value in (settings or {}).values()):
        raise GetError(
            "the provider's settings are outputs, whose values are not known yet: use the "
            "_output form of the get function, or give the provider plain values."
        )
    return _asked(ask, _client(settings))


def _call_output(
    ask: Callable[[RunnersApi, Any], T], name: Any, opts: pulumi.InvokeOptions | None
) -> pulumi.Output[T]:
    # The key is a secret; what is asked with it is not, unless the name is one.
    settings = pulumi.Output.unsecret(pulumi.Output.from_input(_settings(opts)))
    after = pulumi.Output.from_input(getattr(opts, "depends_on", None) or [])

    def call(known: list[Any]) -> Any:
        client = _client(known[1])
        # In a thread: the program's other outputs go on meanwhile.
        return asyncio.to_thread(_asked, lambda client: ask(client, known[0]), client)

    return pulumi.Output.all(name, settings, after.apply(_ids)).apply(call)


async def _ids(dependencies: Any) -> Any:
    """The ids of resources and of all that belongs to them.

    What is yet to be created has an id that a preview does not know, so nothing is asked there.
    """
    resources = dependencies if isinstance(dependencies, list) else [dependencies]
    below = await _expand_dependencies(resources, None)
    return [vars(each)["id"] for each in below.values() if "id" in vars(each)]


def _asked(ask: Callable[[RunnersApi], T], client: RunnersApi) -> T:
    try:
        return ask(client)
    except KubiyaError as error:
        raise GetError(str(error)) from error


def _client(settings: Settings) -> RunnersApi:
    # In a unit test there is no API: the mocks of `kubiya_pulumi.testing` bring a client.
    if mocks := getattr(runtime.get_monitor(), "mocks", None):
        client: RunnersApi | None = getattr(mocks, "runners_client", None)
        if client is None:
            raise GetError(
                "get functions do not call the API under mocks: use those of "
                "kubiya_pulumi.testing, or derive yours from them."
            )
        return client
    configured = _stack_setting if settings is None else settings.get
    try:
        return shared_client(config.connection(configured))
    except KubiyaError as error:
        raise GetError(str(error)) from error


def _stack_setting(name: str) -> str | None:
    namespace, _, key = name.partition(":")
    return pulumi.Config(namespace).get(key)


def _settings(opts: pulumi.InvokeOptions | None) -> Settings:
    provider = opts.provider if opts else None
    if provider is None and opts and opts.parent:
        provider = opts.parent.get_provider("pulumi-python:kubiya:Runner")
    if provider is None:
        warn_about_plaintext_key()
        return None
    if not isinstance(provider, KubiyaProvider):
        raise GetError(
            "the provider given to the get function is no KubiyaProvider: pass one, or none to "
            "use the stack's configuration."
        )
    return provider._settings
