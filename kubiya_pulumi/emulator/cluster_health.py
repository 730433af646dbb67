"""The health of a runner: one check for each Deployment of its manifest.

The health is the one that was set; otherwise that of the Deployments in a followed cluster;
otherwise it follows from the runner's age. The `kubernetes` package is imported only to follow a
cluster.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from kubiya_pulumi.emulator.errors import ClusterError
from kubiya_pulumi.emulator.models import DeploymentName, Runner

CLUSTER_TIMEOUT_SECONDS = 2.0


@dataclass(frozen=True)
class Check:
    """The health check of one component."""

    name: str
    """The name of the component."""
    problem: str | None
    """Why the component is unhealthy. None: it is healthy."""


@dataclass(frozen=True)
class Health:
    """The health of a runner at one moment."""

    time: str
    """The moment, as an RFC 3339 timestamp."""
    checks: tuple[Check, ...]
    """The checks of its components."""
    runner_problem: str | None = None
    """Why a runner without components is unhealthy."""

    @property
    def problem(self) -> str | None:
        """The first reason why the runner is unhealthy. None: it is healthy."""
        failing = (f"{check.name}: {check.problem}" for check in self.checks if check.problem)
        return self.runner_problem or next(failing, None)

    def check(self, name: str) -> Check | None:
        """Return the check with this name, or None if it does not exist."""
        return next((check for check in self.checks if check.name == name), None)


def runner_health(
    runner: Runner,
    *,
    now: float,
    healthy_after_seconds: float,
    in_cluster: Mapping[DeploymentName, str | None] | None,
) -> Health:
    """Return the health of a runner.

    Args:
        runner: the runner.
        now: the current time in seconds since the epoch.
        healthy_after_seconds: the age at which a runner becomes healthy if no cluster is followed.
        in_cluster: why each Deployment is unavailable in the followed cluster, or None if it is
            available. None if no cluster is followed.
    """
    names = [deployment.name for deployment in runner.deployments]
    runner_problem: str | None = None
    if runner.health is not None:
        override = runner.health
        default = None if override.healthy else "set to unhealthy"
        names += [name for name in override.failing if name not in names]
        checks = [Check(name, override.failing.get(name, default)) for name in names]
        runner_problem = None if names else default
    elif in_cluster is not None:
        checks = [
            Check(deployment.name, in_cluster.get(deployment)) for deployment in runner.deployments
        ]
        runner_problem = None if names else "the manifest contains no Deployment to follow"
    else:
        is_starting = now < runner.created_at + healthy_after_seconds
        problem = "still starting" if is_starting else None
        checks = [Check(name, problem) for name in names]
        runner_problem = None if names else problem
    time = datetime.fromtimestamp(now, UTC).isoformat(timespec="milliseconds")
    return Health(time.replace("+00:00", "Z"), tuple(checks), runner_problem)


def deployment_problem(deployment: Mapping[str, Any]) -> str | None:
    """Return why a Deployment is unavailable, or None if it is available.

    Args:
        deployment: the Deployment as the Kubernetes API returns it.
    """
    spec, status = deployment.get("spec") or {}, deployment.get("status") or {}
    generation = (deployment.get("metadata") or {}).get("generation") or 0
    if (status.get("observedGeneration") or 0) < generation:
        return "the latest change is not rolled out yet"
    wanted = 1 if spec.get("replicas") is None else spec["replicas"]
    available = status.get("availableReplicas") or 0
    conditions = {condition.get("type"): condition for condition in status.get("conditions") or ()}
    condition = conditions.get("Available") or {}
    if available >= wanted and condition.get("status") == "True":
        return None
    reason = condition.get("message") or "no pod is available yet"
    return f"{available} of {wanted} replicas are available: {reason}"


class Cluster:
    """The cluster in the current context of a kubeconfig.

    Args:
        kubeconfig: the path of the kubeconfig.

    Raises:
        ClusterError: the kubeconfig cannot be used, or the `kubernetes` package is missing.
    """

    def __init__(self, kubeconfig: Path) -> None:
        try:
            from kubernetes import client, config
            from kubernetes.config import ConfigException
        except ModuleNotFoundError:
            raise ClusterError(
                "To follow a cluster, install the extra: pip install 'kubiya-pulumi[emulator]'."
            ) from None
        if not kubeconfig.is_file():
            raise ClusterError(f"The kubeconfig {kubeconfig} does not exist.")
        settings = client.Configuration()
        settings.retries = False  # the next request for the health is the retry
        try:
            config.load_kube_config(  # type: ignore[no-untyped-call]
                str(kubeconfig), client_configuration=settings
            )
        except yaml.YAMLError:
            raise ClusterError(f"The kubeconfig {kubeconfig} is not YAML.") from None
        except (ConfigException, OSError, ValueError, TypeError) as error:
            raise ClusterError(f"The kubeconfig {kubeconfig} cannot be used: {error}") from None
        self._client = client.ApiClient(settings)
        self._deployments = client.AppsV1Api(self._client)

    def close(self) -> None:
        """Close the connections to the cluster."""
        self._client.close()  # type: ignore[no-untyped-call]

    def problems(self, names: Iterable[DeploymentName]) -> dict[DeploymentName, str | None]:
        """Return why each Deployment is unavailable, or None if it is available.

        A cluster that cannot be reached makes each of its Deployments unavailable.
        """
        wanted = list(names)
        problems: dict[DeploymentName, str | None] = {}
        for namespace in sorted({name.namespace for name in wanted}):
            in_namespace = [name for name in wanted if name.namespace == namespace]
            try:
                deployments = self._list(namespace)
            except ClusterError as error:
                problems |= dict.fromkeys(in_namespace, str(error))
                continue
            for name in in_namespace:
                deployment = deployments.get(name.name)
                missing = f"Deployment {name.name} does not exist in namespace {namespace}"
                problems[name] = missing if deployment is None else deployment_problem(deployment)
        return problems

    def _list(self, namespace: str) -> dict[str, Mapping[str, Any]]:
        """Return the Deployments of a namespace by name."""
        from kubernetes.client.exceptions import ApiException
        from urllib3.exceptions import HTTPError

        try:
            response: Any = self._deployments.list_namespaced_deployment(
                namespace, _preload_content=False, _request_timeout=CLUSTER_TIMEOUT_SECONDS
            )
            items = json.loads(response.data)["items"]
        except ApiException as error:
            raise ClusterError(f"the cluster returned {error.status} {error.reason}") from None
        except (HTTPError, OSError) as error:
            kind = type(error).__name__
            raise ClusterError(f"the cluster cannot be reached ({kind})") from None
        except (ValueError, KeyError, TypeError):
            raise ClusterError("the cluster's response cannot be parsed") from None
        return {item["metadata"]["name"]: item for item in items}
