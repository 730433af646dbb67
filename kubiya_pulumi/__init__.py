"""Kubiya runners as code: Pulumi resources for runners, from creation to health."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from kubiya_pulumi.lazy_exports import lazy_exports

if TYPE_CHECKING:
    from kubiya_pulumi.api.errors import (
        ApiError,
        InvalidResponseError,
        SettingError,
        TransportError,
    )
    from kubiya_pulumi.api.health_models import ComponentHealth, HealthCheck
    from kubiya_pulumi.errors import KubiyaError
    from kubiya_pulumi.functions import (
        GetRunnerHealthResult,
        GetRunnerManifestResult,
        GetRunnerResult,
        get_runner,
        get_runner_health,
        get_runner_health_output,
        get_runner_manifest,
        get_runner_manifest_output,
        get_runner_output,
        get_runners,
        get_runners_output,
    )
    from kubiya_pulumi.invoke import GetError
    from kubiya_pulumi.lifecycle.errors import (
        ChangeNotMadeError,
        NotHealthyError,
        NotSupportedError,
        RunnerExistsError,
        RunnerGoneError,
        RunnerNotOursError,
    )
    from kubiya_pulumi.provider import KubiyaProvider
    from kubiya_pulumi.review.errors import ManifestError, ManifestPolicyError
    from kubiya_pulumi.review.policy import ManifestPolicy, Waiver
    from kubiya_pulumi.runner import KubiyaRunner
    from kubiya_pulumi.runner_deployment import RunnerDeployment
    from kubiya_pulumi.runner_health import RunnerHealth
    from kubiya_pulumi.runner_manifest import ManifestRefusedError, RunnerManifest
    from kubiya_pulumi.shared_objects import keep_shared_objects

__all__ = [
    "ApiError",
    "ChangeNotMadeError",
    "ComponentHealth",
    "GetError",
    "GetRunnerHealthResult",
    "GetRunnerManifestResult",
    "GetRunnerResult",
    "HealthCheck",
    "InvalidResponseError",
    "KubiyaError",
    "KubiyaProvider",
    "KubiyaRunner",
    "ManifestError",
    "ManifestPolicy",
    "ManifestPolicyError",
    "ManifestRefusedError",
    "NotHealthyError",
    "NotSupportedError",
    "RunnerDeployment",
    "RunnerExistsError",
    "RunnerGoneError",
    "RunnerHealth",
    "RunnerManifest",
    "RunnerNotOursError",
    "SettingError",
    "TransportError",
    "Waiver",
    "get_runner",
    "get_runner_health",
    "get_runner_health_output",
    "get_runner_manifest",
    "get_runner_manifest_output",
    "get_runner_output",
    "get_runners",
    "get_runners_output",
    "keep_shared_objects",
]

__getattr__: Callable[[str], Any]
__dir__: Callable[[], list[str]]
__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        "ApiError": "kubiya_pulumi.api.errors",
        "ComponentHealth": "kubiya_pulumi.api.health_models",
        "GetError": "kubiya_pulumi.invoke",
        "GetRunnerHealthResult": "kubiya_pulumi.functions",
        "GetRunnerManifestResult": "kubiya_pulumi.functions",
        "GetRunnerResult": "kubiya_pulumi.functions",
        "HealthCheck": "kubiya_pulumi.api.health_models",
        "InvalidResponseError": "kubiya_pulumi.api.errors",
        "KubiyaError": "kubiya_pulumi.errors",
        "KubiyaProvider": "kubiya_pulumi.provider",
        "KubiyaRunner": "kubiya_pulumi.runner",
        "ManifestError": "kubiya_pulumi.review.errors",
        "ManifestPolicy": "kubiya_pulumi.review.policy",
        "ManifestPolicyError": "kubiya_pulumi.review.errors",
        "ManifestRefusedError": "kubiya_pulumi.runner_manifest",
        "NotHealthyError": "kubiya_pulumi.lifecycle.errors",
        "ChangeNotMadeError": "kubiya_pulumi.lifecycle.errors",
        "NotSupportedError": "kubiya_pulumi.lifecycle.errors",
        "RunnerDeployment": "kubiya_pulumi.runner_deployment",
        "RunnerExistsError": "kubiya_pulumi.lifecycle.errors",
        "RunnerGoneError": "kubiya_pulumi.lifecycle.errors",
        "RunnerHealth": "kubiya_pulumi.runner_health",
        "RunnerManifest": "kubiya_pulumi.runner_manifest",
        "RunnerNotOursError": "kubiya_pulumi.lifecycle.errors",
        "SettingError": "kubiya_pulumi.api.errors",
        "TransportError": "kubiya_pulumi.api.errors",
        "Waiver": "kubiya_pulumi.review.policy",
        "get_runner": "kubiya_pulumi.functions",
        "get_runner_health": "kubiya_pulumi.functions",
        "get_runner_health_output": "kubiya_pulumi.functions",
        "get_runner_manifest": "kubiya_pulumi.functions",
        "get_runner_manifest_output": "kubiya_pulumi.functions",
        "get_runner_output": "kubiya_pulumi.functions",
        "get_runners": "kubiya_pulumi.functions",
        "get_runners_output": "kubiya_pulumi.functions",
        "keep_shared_objects": "kubiya_pulumi.shared_objects",
    },
)
