"""The resources of this package and their properties, each declared once.

The names are stored in the state of every stack: after a release none can change without a way for
older stacks. An optional output is absent from the state if the service does not report it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from kubiya_pulumi.api.runner_names import name_problem
from kubiya_pulumi.dynamic.properties import OnChange, ResourceDeclaration, prop

DEFAULT_HEALTH_TIMEOUT_SECONDS = 600.0


def _timeout_problem(seconds: float) -> str | None:
    return None if seconds >= 0 else "must be a number of seconds, 0 or greater"


def _checks_problem(checks: list[str]) -> str | None:
    return None if all(checks) else 'must be a list of names of checks, such as ["tool-manager"]'


@dataclass(frozen=True, kw_only=True)
class RunnerInputs:
    """The inputs of `KubiyaRunner`."""

    name: str = prop(
        "The runner's name in Kubiya.",
        default_doc="the resource's name",
        validate=name_problem,
        on_change=OnChange.REPLACE,
        # A name is unique in Kubiya, and two runners' manifests may contain the same objects.
        delete_before_replace=True,
        is_id=True,
    )
    description: str | None = prop(
        "The runner's description. None leaves it unmanaged.",
        default=None,
        on_change=OnChange.UPDATE,
    )
    adopt_existing: bool = prop(
        "Whether to take over an existing runner with this name.", default=False
    )
    task_id: str | None = prop(
        "The owner that the create request reports: organization, project, stack, the types of "
        "the resource's parents, and its name, separated by slashes.",
        default=None,
        internal=True,
    )
    only_read: bool | None = prop(
        "Whether the program only reads the runner, with `get`; None if it manages the runner.",
        default=None,
        internal=True,
        hidden=True,
    )


@dataclass(frozen=True, kw_only=True)
class RunnerState(RunnerInputs):
    """The state of `KubiyaRunner`."""

    description: str = prop("The runner's description; empty if it has none.", default="")
    version: str | None = prop("The runner's version, such as `v2`.", default=None)
    namespace: str | None = prop(
        "The Kubernetes namespace of the runner's objects, such as `kubiya-system`.", default=None
    )
    kubernetes_namespace: str | None = prop(
        "The same namespace, if the API reports it in a separate field.", default=None
    )
    manifest_url: str | None = prop(
        "The URL of the manifest. Secret: the URL gives access without an API key.",
        default=None,
        secret=True,
    )
    adopted: bool | None = prop(
        "Whether the runner existed and was adopted; None if the resource created it.",
        default=None,
    )
    last_seen: dict[str, str] | None = prop(
        "Where, as whom and with which owner the runner was last seen: `base_url`, `account`, and "
        "the `managed_by` and `task_id` that the service reported at its creation or adoption.",
        default=None,
        secret=True,
        hidden=True,
    )


@dataclass(frozen=True, kw_only=True)
class RunnerManifestInputs:
    """The inputs of `RunnerManifest`."""

    runner: str = prop(
        "The runner's name in Kubiya.",
        validate=name_problem,
        on_change=OnChange.REPLACE,
        is_id=True,
    )
    expected_sha256: str | None = prop(
        "SHA-256 of the only manifest that may be applied, as 64 hexadecimal characters.",
        default=None,
        default_doc="any manifest",
    )
    sha256: str | None = prop(
        "SHA-256 of the content that the last refresh downloaded.",
        default=None,
        on_change=OnChange.UPDATE,
        internal=True,
        from_refresh=True,
    )


@dataclass(frozen=True, kw_only=True)
class RunnerManifestState(RunnerManifestInputs):
    """The state of `RunnerManifest`."""

    expected_sha256: str | None = prop(
        "The input of the last create or update. A refresh reads the current one from the inputs.",
        default=None,
        hidden=True,
    )
    content: str = prop(
        "The manifest. In the program: the reviewed objects, each as a YAML document with all "
        "strings quoted. In the state: the downloaded text. Secret: it contains credentials.",
        default="",
        secret=True,
    )
    sha256: str = prop(
        "SHA-256 of the downloaded manifest, as 64 hexadecimal characters.", default=""
    )
    url: str | None = prop(
        "The URL of the manifest. Secret: the URL gives access without an API key.",
        default=None,
        secret=True,
    )
    objects: list[dict[str, str]] = prop(
        "The objects of the manifest, in order, each with `apiVersion`, `kind`, `namespace` and "
        "`name`. `namespace` is empty if the manifest does not set it.",
        default=[],
    )
    images: list[str] = prop(
        "The container images of the manifest, sorted, without duplicates.", default=[]
    )
    review: dict[str, Any] | None = prop(
        "The result of a review without a policy, as plain data: `Review.from_dict` reads it. It "
        "contains no secrets.",
        default=None,
    )
    pinned_content: str | None = prop(
        "The manifest that `expected_sha256` pins, if a refresh has downloaded another one since. "
        "The program applies it. Secret: it contains credentials.",
        default=None,
        secret=True,
        hidden=True,
    )
    previous_sha256: str | None = prop(
        "SHA-256 of the content before the last refresh changed it.", default=None, hidden=True
    )
    last_seen: dict[str, str] | None = prop(
        "Where and as whom the manifest was last downloaded: `base_url` and `account`.",
        default=None,
        secret=True,
        hidden=True,
    )


@dataclass(frozen=True, kw_only=True)
class RunnerHealthInputs:
    """The inputs of `RunnerHealth`."""

    runner: str = prop(
        "The runner's name in Kubiya.",
        validate=name_problem,
        on_change=OnChange.REPLACE,
        is_id=True,
    )
    timeout_seconds: float = prop(
        "How long to wait in total, in seconds.",
        default=DEFAULT_HEALTH_TIMEOUT_SECONDS,
        validate=_timeout_problem,
    )
    # The state holds the results of the checks under `checks`.
    required_checks: list[str] = prop(
        "The names of the checks to wait for. Empty: wait for the health of the whole runner.",
        argument="checks",
        default=[],
        validate=_checks_problem,
        on_change=OnChange.UPDATE,
    )
    triggers: list[Any] = prop(
        "Values that repeat the wait when one of them changes.",
        default=[],
        on_change=OnChange.UPDATE,
    )


@dataclass(frozen=True, kw_only=True)
class RunnerHealthState(RunnerHealthInputs):
    """The state of `RunnerHealth`."""

    status: str | None = prop(
        "The status that the service reports for the runner, such as `healthy`.", default=None
    )
    health: str | None = prop("The health in its other form, such as `ok`.", default=None)
    healthy: bool | None = prop(
        "Whether the service reports the runner as healthy, and no component contradicts it.",
        default=None,
    )
    version: str | None = prop(
        "The version that the runner reports, such as `2.0.0`.", default=None
    )
    checks: list[dict[str, Any]] = prop(
        "The health of each component: `name`, `status` and, if the service reports them, "
        "`version`, `error`, `git_sha` and `release`.",
        default=[],
    )
    checked_at: str | None = prop(
        "When the service checked the health, in the format of the service.", default=None
    )
    last_seen: dict[str, str] | None = prop(
        "Where and as whom the health was last read: `base_url` and `account`.",
        default=None,
        secret=True,
        hidden=True,
    )


MODULE = "kubiya"
"""The module in the type of each resource."""

RUNNER = ResourceDeclaration(MODULE, "Runner", RunnerInputs, RunnerState)
RUNNER_MANIFEST = ResourceDeclaration(
    MODULE, "RunnerManifest", RunnerManifestInputs, RunnerManifestState
)
RUNNER_HEALTH = ResourceDeclaration(MODULE, "RunnerHealth", RunnerHealthInputs, RunnerHealthState)

TYPE_PREFIX = RUNNER.type_token.removesuffix(RUNNER.name)
"""Precedes the name of each resource in its type."""
