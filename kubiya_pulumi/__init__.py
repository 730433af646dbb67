"""Kubiya runners as code: Pulumi resources for runners, from their creation until healthy."""

from kubiya_pulumi.admission import ManifestRefusedError
from kubiya_pulumi.api.errors import (
    ApiError,
    KubiyaError,
    MalformedAnswerError,
    NoAnswerError,
    SettingError,
)
from kubiya_pulumi.deployment import RunnerDeployment
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
from kubiya_pulumi.health import RunnerHealth
from kubiya_pulumi.lifecycle.errors import (
    NotHealthyError,
    NotSupportedError,
    RunnerExistsError,
    RunnerGoneError,
    RunnerNotOursError,
)
from kubiya_pulumi.manifest import RunnerManifest
from kubiya_pulumi.provider import KubiyaProvider
from kubiya_pulumi.review.errors import ManifestError, ReviewRulesError
from kubiya_pulumi.review.rules import ReviewRules, Waiver
from kubiya_pulumi.runner import KubiyaRunner

__all__ = [
    "ApiError",
    "GetError",
    "GetRunnerManifestResult",
    "GetRunnerResult",
    "KubiyaError",
    "KubiyaProvider",
    "KubiyaRunner",
    "MalformedAnswerError",
    "ManifestError",
    "ManifestRefusedError",
    "NoAnswerError",
    "NotHealthyError",
    "NotSupportedError",
    "ReviewRules",
    "ReviewRulesError",
    "RunnerDeployment",
    "RunnerExistsError",
    "RunnerGoneError",
    "RunnerHealth",
    "RunnerManifest",
    "RunnerNotOursError",
    "SettingError",
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
