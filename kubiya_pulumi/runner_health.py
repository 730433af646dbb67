"""RunnerHealth: wait until a runner is healthy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import pulumi

from kubiya_pulumi.declarations import RUNNER_HEALTH
from kubiya_pulumi.dynamic.dynamic_resource import DynamicResource
from kubiya_pulumi.lifecycle.providers import RunnerHealthProvider
from kubiya_pulumi.plaintext_key_warning import warn_about_plaintext_key


class RunnerHealth(DynamicResource, declaration=RUNNER_HEALTH):
    """A gate that opens when a runner is healthy.

    Declare it after the objects of the runner's manifest (`depends_on`), and declare what needs a
    healthy runner after it. It is a separate resource, so a runner that does not become healthy
    stays in the state, and the next `pulumi up` resumes the wait.

    `pulumi refresh` records the current health; an unhealthy runner does not fail the refresh.

    Source: `GET /api/v3/runners/{runner}/health`.
    """

    import_advice: ClassVar[str] = "`pulumi up` reads the health of an existing runner."
    runner: pulumi.Output[str]
    """The runner's name in Kubiya."""
    timeout_seconds: pulumi.Output[float]
    """How long to wait in total, in seconds."""
    required_checks: pulumi.Output[list[str]]
    """The names of the checks to wait for. Empty: wait for the health of the whole runner."""
    triggers: pulumi.Output[list[Any]]
    """Values that repeat the wait when one of them changes."""
    status: pulumi.Output[str | None]
    """The status that the service reports for the runner, such as `healthy`."""
    health: pulumi.Output[str | None]
    """The health in its other form, such as `ok`."""
    healthy: pulumi.Output[bool | None]
    """Whether the service reports the runner as healthy, and no component contradicts it."""
    version: pulumi.Output[str | None]
    """The version that the runner reports, such as `2.0.0`."""
    checks: pulumi.Output[list[dict[str, Any]]]
    """The health of each component: `name`, `status` and, if the service reports them,
    `version`, `error`, `git_sha` and `release`."""
    checked_at: pulumi.Output[str | None]
    """When the service checked the health, in the format of the service."""

    def __init__(
        self,
        resource_name: str,
        *,
        runner: pulumi.Input[str],
        timeout_seconds: pulumi.Input[float] | None = None,
        checks: pulumi.Input[Sequence[pulumi.Input[str]]] | None = None,
        triggers: pulumi.Input[Sequence[Any]] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare the wait.

        Args:
            resource_name: Pulumi's name for the resource.
            runner: the runner's name: pass `runner.id`.
            timeout_seconds: how long to wait in total, in seconds. Default: 600.
            checks: the names of the checks to wait for, such as `["tool-manager"]`. Default: wait
                until the service reports the whole runner as healthy.
            triggers: values of any kind: the wait is repeated when one of them changes. Pass
                `[manifest.sha256]` to wait after each new manifest. Default: none.
            opts: options of the resource.

        `pulumi up` fails if the runner is not healthy in time (`NotHealthyError`, with each
        failing check), the runner does not exist (`RunnerGoneError`), or the API refuses the
        request (401 and 403 at once; transient errors, such as a 503, are waited out).
        """
        warn_about_plaintext_key()
        arguments = {
            "runner": runner,
            "timeout_seconds": timeout_seconds,
            "checks": checks,
            "triggers": triggers,
        }
        super().__init__(RunnerHealthProvider(), resource_name, arguments, opts)
