"""What the lifecycle of a resource refuses to do, and why."""

from kubiya_pulumi.errors import KubiyaError


class RunnerExistsError(KubiyaError):
    """A runner of that name is there already, and is not this resource's to take."""


class RunnerNotOursError(KubiyaError):
    """The runner of that name is somebody else's by now, so it is neither changed nor deleted."""


class RunnerGoneError(KubiyaError):
    """The runner is not there any more, so it cannot be changed or read."""


class NotSupportedError(KubiyaError):
    """The service does not offer the operation, or does not let this key use it."""


class NotHealthyError(KubiyaError):
    """The runner did not become healthy in the time that was given."""
