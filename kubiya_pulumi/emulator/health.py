"""The health of a runner: one check for each Deployment of its manifest."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from kubiya_pulumi.emulator.models import DeploymentName, Runner

__all__ = ["Check", "Health", "health_of"]


@dataclass(frozen=True)
class Check:
    """One component of a runner; `problem` says why it is not healthy, None where it is."""

    name: str
    problem: str | None


@dataclass(frozen=True)
class Health:
    """The health of a runner at one moment."""

    time: str
    checks: tuple[Check, ...]
    unnamed_problem: str | None = None

    @property
    def problem(self) -> str | None:
        """The first reason why the runner is not healthy; None where it is."""
        failing = (f"{each.name}: {each.problem}" for each in self.checks if each.problem)
        return self.unnamed_problem or next(failing, None)

    def check(self, name: str) -> Check | None:
        """The check of that name, if there is one."""
        return next((each for each in self.checks if each.name == name), None)


def health_of(
    runner: Runner,
    *,
    now: float,
    healthy_after_seconds: float,
    in_cluster: Mapping[DeploymentName, str | None] | None,
) -> Health:
    """The health that was set; else what the cluster says; else what the runner's age says.

    Args:
        runner: the runner.
        now: seconds since the epoch.
        healthy_after_seconds: the age from which a runner is healthy, where no cluster counts.
        in_cluster: what is wrong with each Deployment in the followed cluster, None without one.
    """
    names = [each.name for each in runner.deployments]
    unnamed: str | None = None
    if runner.health is not None:
        override = runner.health
        rest = None if override.healthy else "set to unhealthy"
        names += [name for name in override.failing if name not in names]
        checks = [Check(name, override.failing.get(name, rest)) for name in names]
        unnamed = rest if not names else None
    elif in_cluster is not None:
        checks = [Check(each.name, in_cluster.get(each)) for each in runner.deployments]
        unnamed = None if names else "the manifest holds no Deployment to follow"
    else:
        starting = now < runner.created_at + healthy_after_seconds
        checks = _same_for_all(names, "still starting" if starting else None)
        unnamed = "still starting" if starting and not names else None
    moment = datetime.fromtimestamp(now, UTC).isoformat(timespec="milliseconds")
    return Health(moment.replace("+00:00", "Z"), tuple(checks), unnamed)


def _same_for_all(names: Sequence[str], problem: str | None) -> list[Check]:
    return [Check(name, problem) for name in names]
