"""A client of the Runners API that knows nothing of Pulumi."""

from kubiya_pulumi.api.client import RunnersClient, shared_client
from kubiya_pulumi.api.clock import Clock
from kubiya_pulumi.api.connection import Connection
from kubiya_pulumi.api.errors import (
    AnswerCutOffError,
    AnswerTimeoutError,
    ApiError,
    BadRequestError,
    ConflictError,
    ConnectionFailedError,
    ForbiddenError,
    InvalidNameError,
    KubiyaError,
    MalformedAnswerError,
    NoAnswerError,
    NotFoundError,
    ProxyRefusedError,
    RateLimitedError,
    ServerError,
    SettingError,
    TlsError,
    UnauthorizedError,
    UnexpectedStatusError,
)
from kubiya_pulumi.api.models import (
    ComponentHealth,
    CreatedRunner,
    HealthCheck,
    Runner,
    RunnerHealth,
    RunnerManifest,
)
from kubiya_pulumi.api.names import name_problem

__all__ = [
    "AnswerCutOffError",
    "AnswerTimeoutError",
    "ApiError",
    "BadRequestError",
    "Clock",
    "ComponentHealth",
    "ConflictError",
    "Connection",
    "ConnectionFailedError",
    "CreatedRunner",
    "ForbiddenError",
    "HealthCheck",
    "InvalidNameError",
    "KubiyaError",
    "MalformedAnswerError",
    "NoAnswerError",
    "NotFoundError",
    "ProxyRefusedError",
    "RateLimitedError",
    "Runner",
    "RunnerHealth",
    "RunnerManifest",
    "RunnersClient",
    "ServerError",
    "SettingError",
    "TlsError",
    "UnauthorizedError",
    "UnexpectedStatusError",
    "name_problem",
    "shared_client",
]
