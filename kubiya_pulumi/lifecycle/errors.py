"""The errors of a resource's lifecycle."""

from __future__ import annotations

from kubiya_pulumi.errors import KubiyaError


class RunnerExistsError(KubiyaError):
    """A runner with this name exists, and the resource may not take it over."""


class NameRefusedError(KubiyaError):
    """The service refuses the name of a new runner, although no runner with it is visible."""


class RunnerNotOursError(KubiyaError):
    """Another owner has replaced the runner, so it is neither changed nor deleted."""


class RunnerGoneError(KubiyaError):
    """The runner does not exist, so it cannot be read or changed."""


class RunnerElsewhereError(KubiyaError):
    """The runner is missing with other settings than those with which it was last seen."""

    names_setting = True


class NotSupportedError(KubiyaError):
    """The service does not offer the operation, or not with this API key."""


class ChangeNotMadeError(KubiyaError):
    """The service reported success, but did not make the change."""


class NotHealthyError(KubiyaError):
    """The runner did not become healthy within the timeout."""


class HealthMissingError(KubiyaError):
    """The service lists the runner and does not report its health yet."""


class WaitCancelledError(KubiyaError):
    """The user cancelled the command while it waited for a healthy runner."""
