"""RunnerHealth: the wait until a runner is healthy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pulumi
from pulumi.dynamic import Resource

from kubiya_pulumi.lifecycle.providers import RunnerHealthProvider


class RunnerHealth(Resource, module="kubiya", name="RunnerHealth"):
    """A gate that opens when a runner is healthy.

    Declare it after the objects of the runner's manifest (`depends_on`), and what needs a
    healthy runner after it. It is a resource of its own, so a runner that does not become
    healthy stays in the state, and the next `pulumi up` waits on.

    `pulumi refresh` records today's health and does not fail on a sick runner.

    Source: `GET /api/v3/runners/{runner}/health`.
    """

    runner: pulumi.Output[str]
    """The runner's name at the API."""
    status: pulumi.Output[str | None]
    """The service's word for the runner as a whole, such as `healthy`."""
    health: pulumi.Output[str | None]
    """The same in its other form, such as `ok`."""
    version: pulumi.Output[str | None]
    """The version that the runner says it has, such as `2.0.0`."""
    checks: pulumi.Output[list[dict[str, Any]]]
    """What each part says: `name` and `status`, and where the service tells them `version`,
    `error`, `git_sha` and `release`."""
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
            timeout_seconds: how long to wait in all, in seconds. Default 600.
            checks: names of the checks to wait for, such as `["tool-manager"]`. Default: wait
                until the service calls the whole runner healthy.
            triggers: values of any kind: when one changes, the wait is done again. Pass
                `[manifest.sha256]` to wait after each new manifest.
            opts: options of the resource.

        `pulumi up` fails if the runner is not healthy in time (`NotHealthyError`, with each
        check that fails), there is no such runner (`RunnerGoneError`), or the API refuses (401
        and 403 at once; what may pass, such as a 503, is waited out).
        """
        props = {
            "runner": runner,
            "timeout_seconds": timeout_seconds,
            # In the state, `checks` is what the checks said.
            "required_checks": checks,
            "triggers": triggers,
            "status": None,
            "health": None,
            "version": None,
            "checks": None,
            "checked_at": None,
        }
        super().__init__(RunnerHealthProvider(), resource_name, props, opts)
