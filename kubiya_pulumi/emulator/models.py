"""What the emulator keeps: runners, and the calls it has seen."""

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["Call", "DeploymentName", "HealthOverride", "Runner"]


@dataclass(frozen=True)
class DeploymentName:
    """Where a Deployment of a manifest is in its cluster."""

    namespace: str
    name: str


@dataclass(frozen=True)
class HealthOverride:
    """A health that was set and no longer follows from time or a cluster.

    Attributes:
        healthy: what every check says that is not in `failing`.
        failing: the error text of each check that fails, by the check's name.
    """

    healthy: bool
    failing: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, healthy: bool | None, failing: Mapping[str, str]) -> "HealthOverride | None":  # noqa: FBT001 - the value itself
        """The health to set; None where nothing is said, so that it follows by itself."""
        if healthy is None and not failing:
            return None
        return cls(healthy is not False, dict(failing))


@dataclass(frozen=True, kw_only=True)
class Runner:
    """A runner as the emulator keeps it.

    Attributes:
        name: any text but the empty one, without "/".
        namespace: where its manifest's objects are.
        created_at: seconds since the epoch.
        manifest_file: the last part of the manifest's URL: whoever knows it has the manifest.
        manifest: the manifest's text.
        deployments: the Deployments that the manifest's text holds.
        health: the health that was set, or None where it follows from time or a cluster.
    """

    name: str
    namespace: str
    created_at: float
    manifest_file: str = field(repr=False)
    manifest: str = field(repr=False)
    deployments: tuple[DeploymentName, ...]
    description: str | None = None
    managed_by: str | None = None
    task_id: str | None = None
    health: HealthOverride | None = None


@dataclass(kw_only=True)
class Call:
    """A call of the API that the emulator has seen. It never holds a key or a body.

    Attributes:
        method: the HTTP method.
        path: the path as it came, still percent-encoded; a manifest's file name is `***`.
        operation: the operationId, or None where no operation has that path and method.
        runner: the runner's name in the path, decoded, or None.
        authorized: whether the key was accepted; true for the download, which needs none.
        status: the status that was answered, or None while there is none: the call is under
            way, or a fault left it without one.
    """

    method: str
    path: str
    operation: str | None
    runner: str | None
    authorized: bool
    status: int | None = None
