"""The health of runners, as frozen dataclasses; see `models` for what `from_dict` accepts."""

from __future__ import annotations

import json
from dataclasses import dataclass

from kubiya_pulumi.api.decoded_json import as_object, as_text

_HEALTHY = frozenset({"healthy", "ok", "true"})


@dataclass(frozen=True, kw_only=True)
class ComponentHealth:
    """The health of a component, as the list of runners contains it."""

    status: str | None = None
    """The status, such as `healthy`."""
    health: str | None = None
    """The health, such as `ok`, `true` or `false`."""
    version: str | None = None
    """The component's version."""
    error: str | None = None
    """The error that the component reports."""

    @classmethod
    def from_dict(cls, data: object) -> ComponentHealth:
        """Parse the health of a component.

        Raises:
            InvalidResponseError: the data is not an object.
        """
        values = as_object(data, "an object describing a component's health")
        return cls(
            status=as_text(values.get("status")),
            health=as_text(values.get("health")),
            version=as_text(values.get("version")),
            error=as_text(values.get("error")),
        )


@dataclass(frozen=True, kw_only=True)
class HealthCheck:
    """The health that a component reports about itself."""

    name: str
    """The component's name, such as `tool-manager`."""
    status: str | None = None
    """The status, such as `healthy` or `ok`. If the component reports a health that contradicts
    it, such as `false`, that."""
    version: str | None = None
    """The component's version."""
    error: str | None = None
    """The error that the component reports."""
    git_sha: str | None = None
    """The commit that the component was built from."""
    release: str | None = None
    """The release of the component."""

    @property
    def healthy(self) -> bool:
        """Whether the component reports that it is healthy, and no error."""
        return _is_healthy(self.status) and not self.error

    @classmethod
    def from_dict(cls, data: object) -> HealthCheck:
        """Parse a health check.

        Raises:
            InvalidResponseError: the data is not an object.
        """
        values = as_object(data, "an object describing a health check")
        metadata = values.get("metadata")
        build = metadata if isinstance(metadata, dict) else {}
        reports = [text for key in ("status", "health") if (text := as_text(values.get(key)))]
        # A report that the component is unhealthy counts, whatever the other one says.
        unhealthy = (report for report in reports if not _is_healthy(report))
        return cls(
            name=as_text(values.get("name")) or "unnamed",
            status=next(unhealthy, reports[0] if reports else None),
            version=as_text(values.get("version")),
            error=_error_text(values.get("error")),
            git_sha=as_text(build.get("git_sha")),
            release=as_text(build.get("release")),
        )


@dataclass(frozen=True, kw_only=True)
class RunnerHealth:
    """The health of a runner and of its components."""

    status: str | None = None
    """The status, such as `healthy`."""
    health: str | None = None
    """The health, such as `ok`, `true` or `false`."""
    version: str | None = None
    """The runner's version."""
    error: str | None = None
    """The error that the runner reports."""
    time: str | None = None
    """The time of the check, as the service formats it."""
    checks: tuple[HealthCheck, ...] = ()
    """The health of each component."""

    @property
    def healthy(self) -> bool:
        """Whether the status or the health reports a healthy runner and nothing contradicts it."""
        reported = bool(self.status or self.health) and not self.unhealthy_reports
        return reported and all(check.healthy for check in self.checks)

    @property
    def unhealthy_reports(self) -> dict[str, str]:
        """The status, the health and the error, by these names, where they are not healthy."""
        reports = {"status": self.status, "health": self.health}
        unhealthy = {name: text for name, text in reports.items() if text and not _is_healthy(text)}
        return unhealthy | ({"error": self.error} if self.error else {})

    @classmethod
    def from_dict(cls, data: object) -> RunnerHealth:
        """Parse the health, in the form with `checks` or in the form with `components`.

        Raises:
            InvalidResponseError: the data or a check in it is not an object. A malformed check
                must not count as a healthy one.
        """
        values = as_object(data, "an object describing a runner's health")
        return cls(
            status=as_text(values.get("status")),
            health=as_text(values.get("health")),
            version=as_text(values.get("version")),
            error=_error_text(values.get("error")),
            time=as_text(values.get("time")) or as_text(values.get("last_check")),
            checks=_checks(values.get("checks")) + _checks(values.get("components")),
        )


def _error_text(value: object) -> str | None:
    """Return an error as text; None if the value is empty or false."""
    if not value or (isinstance(value, str) and not value.strip()):
        return None
    return as_text(value) or json.dumps(value)


def _checks(data: object) -> tuple[HealthCheck, ...]:
    """Parse checks: an array, or an object keyed by the component's name in snake case."""
    if data is None:
        return ()
    if isinstance(data, list):
        return tuple(HealthCheck.from_dict(entry) for entry in data)
    checks = as_object(data, "a list of health checks")
    return tuple(_keyed_check(name, entry) for name, entry in checks.items())


def _keyed_check(key: str, data: object) -> HealthCheck:
    values = as_object(data, "an object describing a health check")
    return HealthCheck.from_dict({"name": key.replace("_", "-"), **values})


def _is_healthy(report: str | None) -> bool:
    return report is not None and report.strip().lower() in _HEALTHY
