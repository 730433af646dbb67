"""The type of `RunnerDeployment`, and the names of its parts. Both are in the state of stacks."""

from __future__ import annotations

TYPE = "kubiya:index:RunnerDeployment"
"""The type of the component."""


def part_name(resource_name: str, part: str) -> str:
    """Return the name of a part of a deployment.

    Args:
        resource_name: Pulumi's name for the deployment.
        part: `runner`, `manifest`, `objects` or `health`.
    """
    return f"{resource_name}-{part}"
