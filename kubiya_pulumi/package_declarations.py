"""The get functions and the component, declared for the package schema.

As in the state of a resource, nested data is plain: a component's health is a mapping.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from kubiya_pulumi.declarations import DEFAULT_HEALTH_TIMEOUT_SECONDS, RunnerManifestState
from kubiya_pulumi.dynamic.package_schema import ComponentDeclaration, FunctionDeclaration
from kubiya_pulumi.dynamic.properties import prop


@dataclass(frozen=True, kw_only=True)
class NoInputs:
    """The inputs of `get_runners`."""


@dataclass(frozen=True, kw_only=True)
class RunnerNameInputs:
    """The inputs of a get function about one runner."""

    name: str = prop("The runner's name in Kubiya.")


@dataclass(frozen=True, kw_only=True)
class RunnerResult:
    """The result of `get_runner`."""

    name: str = prop("The runner's name.")
    description: str | None = prop("The runner's description.")
    version: str | None = prop("The runner's version, such as `v2`.")
    namespace: str | None = prop("The Kubernetes namespace of the runner's objects.")
    kubernetes_namespace: str | None = prop(
        "The same namespace, if the API reports it in a separate field."
    )
    managed_by: str | None = prop("The owner that the create request reported, such as `pulumi`.")
    runner_health: dict[str, str] | None = prop(
        "The health of the runner. Only `get_runners` reports it."
    )
    tool_manager_health: dict[str, str] | None = prop(
        "The health of the tool manager. Only `get_runners` reports it."
    )
    agent_manager_health: dict[str, str] | None = prop(
        "The health of the agent manager. Only `get_runners` reports it."
    )


@dataclass(frozen=True, kw_only=True)
class RunnersResult:
    """The result of `get_runners`."""

    runners: list[dict[str, Any]] = prop("The runners, each with the fields of `get_runner`.")


@dataclass(frozen=True, kw_only=True)
class RunnerHealthResult:
    """The result of `get_runner_health`."""

    status: str | None = prop("The status, such as `healthy`.")
    health: str | None = prop("The health in the service's other form, such as `ok`.")
    version: str | None = prop("The version that the runner reports, such as `2.0.0`.")
    checked_at: str | None = prop(
        "When the service checked the health, in the format of the service."
    )
    checks: list[dict[str, Any]] = prop("The health of each component.")
    healthy: bool = prop(
        "Whether the status reports a healthy runner and no component contradicts it."
    )


FUNCTIONS = {
    "get_runner": FunctionDeclaration(RunnerNameInputs, RunnerResult, "Read a runner."),
    "get_runners": FunctionDeclaration(
        NoInputs,
        RunnersResult,
        "List all runners, with the health of their components if the API reports it.",
    ),
    "get_runner_health": FunctionDeclaration(
        RunnerNameInputs, RunnerHealthResult, "Read the health of a runner once, without waiting."
    ),
    "get_runner_manifest": FunctionDeclaration(
        RunnerNameInputs, RunnerManifestState, "Download and check the manifest of a runner."
    ),
}
"""The get functions by their names in Python."""


@dataclass(frozen=True, kw_only=True)
class RunnerDeploymentInputs:
    """The inputs of `RunnerDeployment`."""

    name: str = prop("The runner's name in Kubiya.", default_doc="the resource's name")
    description: str | None = prop(
        "The runner's description. None leaves it unmanaged.", default=None
    )
    adopt_existing: bool = prop(
        "Whether to take over an existing runner with this name.", default=False
    )
    policy: dict[str, Any] | None = prop(
        "What the review of the manifest denies: `deny`, `waivers`, `allowed_images`, "
        "`allowed_namespaces` and `allowed_kinds`.",
        default=None,
    )
    expected_sha256: str | None = prop(
        "SHA-256 of the only manifest that may be applied.", default=None
    )
    timeout_seconds: float = prop(
        "How long to wait until the runner is healthy, in seconds.",
        default=DEFAULT_HEALTH_TIMEOUT_SECONDS,
    )
    skip_await: bool = prop(
        "Whether to wait only for the health of the runner, not for each object in the cluster.",
        default=False,
    )
    delete_namespaces: bool = prop(
        "Whether the manifest's Namespaces and CustomResourceDefinitions are deleted with the "
        "other objects, including everything that other deployments have in them.",
        default=False,
    )


@dataclass(frozen=True, kw_only=True)
class RunnerDeploymentOutputs:
    """The outputs of `RunnerDeployment`."""

    runner_name: str = prop("The runner's name in Kubiya, known once the runner is healthy.")
    namespace: str | None = prop("The Kubernetes namespace of the runner's objects.")
    manifest_sha256: str = prop("SHA-256 of the manifest, as 64 hexadecimal characters.")
    manifest_url: str | None = prop(
        "The URL of the manifest. Secret: the URL gives access without an API key.", secret=True
    )
    version: str | None = prop("The runner's version, such as `v2`.")
    status: str | None = prop(
        "The status that the service reports for the runner, such as `healthy`."
    )


RUNNER_DEPLOYMENT = ComponentDeclaration(
    RunnerDeploymentInputs,
    RunnerDeploymentOutputs,
    "A runner from its creation until it is healthy: its manifest, its objects and its health.",
)
