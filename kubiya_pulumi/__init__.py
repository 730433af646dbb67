"""Kubiya runners as code: Pulumi resources for runners and their manifests."""

from kubiya_pulumi.api.errors import (
    ApiError,
    KubiyaError,
    MalformedAnswerError,
    NoAnswerError,
    SettingError,
)
from kubiya_pulumi.health import RunnerHealth
from kubiya_pulumi.lifecycle.errors import (
    NotHealthyError,
    NotSupportedError,
    RunnerExistsError,
    RunnerGoneError,
)
from kubiya_pulumi.manifest import RunnerManifest
from kubiya_pulumi.provider import KubiyaProvider
from kubiya_pulumi.review.errors import ManifestError
from kubiya_pulumi.runner import KubiyaRunner

__all__ = [
    "ApiError",
    "KubiyaError",
    "KubiyaProvider",
    "KubiyaRunner",
    "MalformedAnswerError",
    "ManifestError",
    "NoAnswerError",
    "NotHealthyError",
    "NotSupportedError",
    "RunnerExistsError",
    "RunnerGoneError",
    "RunnerHealth",
    "RunnerManifest",
    "SettingError",
]
