"""The emulator's data: runners, and the API calls that it received."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class DeploymentName:
    """The namespace and name of a Deployment."""

    namespace: str
    name: str


@dataclass(frozen=True)
class HealthOverride:
    """A health that was set. It replaces the health that follows from the age or the cluster."""

    healthy: bool
    """Whether the checks that are not in `failing` pass."""
    failing: Mapping[str, str] = field(default_factory=dict)
    """The error text of each failing check, by the name of the check."""

    @classmethod
    def of(cls, healthy: bool | None, failing: Mapping[str, str]) -> HealthOverride | None:  # noqa: FBT001 - a field's value
        """Return the override for these values, or None if neither of them is set."""
        if healthy is None and not failing:
            return None
        return cls(healthy is not False, dict(failing))


@dataclass(frozen=True, kw_only=True)
class Runner:
    """A runner of the emulator."""

    name: str
    """The runner's name: any non-empty text without "/"."""
    namespace: str
    """The namespace of the objects in its manifest."""
    created_at: float
    """When it was created, in seconds since the epoch."""
    manifest_file: str = field(repr=False)
    """The last segment of its manifest's URL. It is a secret: the download needs no key."""
    manifest: str = field(repr=False)
    """The text of its manifest."""
    deployments: tuple[DeploymentName, ...]
    """The Deployments in its manifest."""
    description: str | None = None
    """Its description."""
    managed_by: str | None = None
    """The tool that owns it."""
    task_id: str | None = None
    """The owner's task that created it."""
    health: HealthOverride | None = None
    """The health that was set. None: the health follows from its age or the cluster."""


@dataclass(kw_only=True)
class Call:
    """An API call that the emulator received. It contains neither a key nor a body."""

    method: str
    """The HTTP method."""
    path: str
    """The path as received, percent-encoded. The file name of a manifest is replaced by `***`."""
    operation: str | None
    """The operationId. None: no operation has this method and path."""
    runner: str | None
    """The runner's name in the path, decoded. None: the path contains none."""
    authorized: bool
    """Whether the key was accepted. True for the download of a manifest, which needs no key."""
    status: int | None = None
    """The HTTP status of the response. None: the call is in progress, or a fault prevented a
    response."""
