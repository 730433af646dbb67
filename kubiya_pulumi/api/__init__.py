"""A client of the Runners API that knows nothing of Pulumi."""

from kubiya_pulumi.api.client import RunnersClient, shared_client
from kubiya_pulumi.api.clock import Clock
from kubiya_pulumi.api.connection import Connection
from kubiya_pulumi.api.errors import (
    ApiError,
    BadRequestError,
    ConflictError,
    ConnectionFailedError,
    ForbiddenError,
    InvalidNameError,
    InvalidResponseError,
    NotFoundError,
    ProxyRefusedError,
    RateLimitedError,
    ResponseTimeoutError,
    ServerError,
    SettingError,
    TlsError,
    TransportError,
    TruncatedResponseError,
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
from kubiya_pulumi.api.validation import name_problem

__all__ = [
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
    "InvalidResponseError",
    "NotFoundError",
    "ProxyRefusedError",
    "RateLimitedError",
    "ResponseTimeoutError",
    "Runner",
    "RunnerHealth",
    "RunnerManifest",
    "RunnersClient",
    "ServerError",
    "SettingError",
    "TlsError",
    "TransportError",
    "TruncatedResponseError",
    "UnauthorizedError",
    "UnexpectedStatusError",
    "name_problem",
    "shared_client",
]
