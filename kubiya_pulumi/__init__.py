"""Kubiya runners as code: Pulumi resources for runners, from their creation until healthy."""

from kubiya_pulumi.admission import ManifestRefusedError
from kubiya_pulumi.api.errors import (
    ApiError,
    InvalidResponseError,
    SettingError,
    TransportError,
)
from kubiya_pulumi.errors import KubiyaError
from kubiya_pulumi.functions import (
    GetError,
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
from kubiya_pulumi.lifecycle.errors import (
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
from kubiya_pulumi.runner_manifest import RunnerManifest

__all__ = [
    "ApiError",
    "GetError",
    "GetRunnerManifestResult",
    "GetRunnerResult",
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
]
