"""Whether the Deployments of a manifest are available in a real cluster.

Needs the `kubernetes` package, which is imported only when a cluster is followed.
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from kubiya_pulumi.emulator.errors import ClusterError
from kubiya_pulumi.emulator.models import DeploymentName

__all__ = ["Cluster", "deployment_problem"]

_TIMEOUT_SECONDS: Final = 2.0


def deployment_problem(deployment: Mapping[str, Any]) -> str | None:
    """Why a Deployment, as the Kubernetes API gives it, is not available; None where it is."""
    spec, status = deployment.get("spec") or {}, deployment.get("status") or {}
    generation = (deployment.get("metadata") or {}).get("generation") or 0
    if (status.get("observedGeneration") or 0) < generation:
        return "the latest change is not rolled out yet"
    wanted = 1 if spec.get("replicas") is None else spec["replicas"]
    available = status.get("availableReplicas") or 0
    conditions = {each.get("type"): each for each in status.get("conditions") or ()}
    condition = conditions.get("Available") or {}
    if available >= wanted and condition.get("status") == "True":
        return None
    reason = condition.get("message") or "no pod is available yet"
    return f"{available} of {wanted} replicas are available: {reason}"


class Cluster:
    """The cluster of a kubeconfig.

    Args:
        kubeconfig: the file; its current context counts.

    Raises:
        ClusterError: the file cannot be read, or the `kubernetes` package is missing.
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
        settings.retries = False  # the next question for the health asks again anyway
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
        """Closes the connections to the cluster."""
        self._client.close()  # type: ignore[no-untyped-call]

    def problems(self, names: Iterable[DeploymentName]) -> dict[DeploymentName, str | None]:
        """Why each Deployment is not available, or None; a cluster out of reach is a reason."""
        wanted = list(names)
        found: dict[DeploymentName, str | None] = {}
        for namespace in sorted({each.namespace for each in wanted}):
            try:
                present = self._in_namespace(namespace)
            except ClusterError as error:
                found |= dict.fromkeys((n for n in wanted if n.namespace == namespace), str(error))
                continue
            for name in wanted:
                if name.namespace == namespace:
                    deployment = present.get(name.name)
                    missing = f"there is no Deployment {name.name} in namespace {namespace}"
                    found[name] = missing if deployment is None else deployment_problem(deployment)
        return found

    def _in_namespace(self, namespace: str) -> dict[str, Mapping[str, Any]]:
        from kubernetes.client.exceptions import ApiException
        from urllib3.exceptions import HTTPError

        try:
            answer: Any = self._deployments.list_namespaced_deployment(
                namespace, _preload_content=False, _request_timeout=_TIMEOUT_SECONDS
            )
            items = json.loads(answer.data)["items"]
        except ApiException as error:
            raise ClusterError(f"the cluster answered {error.status} {error.reason}") from None
        except (HTTPError, OSError) as error:
            kind = type(error).__name__
            raise ClusterError(f"the cluster cannot be reached ({kind})") from None
        except (ValueError, KeyError, TypeError):
            raise ClusterError("the cluster's answer cannot be read") from None
        return {each["metadata"]["name"]: each for each in items}
