"""A client of the Runners API, independent of Pulumi."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from kubiya_pulumi.lazy_exports import lazy_exports

if TYPE_CHECKING:
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
        PoolTimeoutError,
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
    from kubiya_pulumi.api.health_models import ComponentHealth, HealthCheck, RunnerHealth
    from kubiya_pulumi.api.models import CreatedRunner, Runner, RunnerManifest
    from kubiya_pulumi.api.runner_names import name_problem
    from kubiya_pulumi.api.runners_api import RunnersApi

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
    "PoolTimeoutError",
    "ProxyRefusedError",
    "RateLimitedError",
    "ResponseTimeoutError",
    "Runner",
    "RunnerHealth",
    "RunnerManifest",
    "RunnersApi",
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

__getattr__: Callable[[str], Any]
__dir__: Callable[[], list[str]]
__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        "ApiError": "kubiya_pulumi.api.errors",
        "BadRequestError": "kubiya_pulumi.api.errors",
        "Clock": "kubiya_pulumi.api.clock",
        "ComponentHealth": "kubiya_pulumi.api.health_models",
        "ConflictError": "kubiya_pulumi.api.errors",
        "Connection": "kubiya_pulumi.api.connection",
        "ConnectionFailedError": "kubiya_pulumi.api.errors",
        "CreatedRunner": "kubiya_pulumi.api.models",
        "ForbiddenError": "kubiya_pulumi.api.errors",
        "HealthCheck": "kubiya_pulumi.api.health_models",
        "InvalidNameError": "kubiya_pulumi.api.errors",
        "InvalidResponseError": "kubiya_pulumi.api.errors",
        "NotFoundError": "kubiya_pulumi.api.errors",
        "PoolTimeoutError": "kubiya_pulumi.api.errors",
        "ProxyRefusedError": "kubiya_pulumi.api.errors",
        "RateLimitedError": "kubiya_pulumi.api.errors",
        "ResponseTimeoutError": "kubiya_pulumi.api.errors",
        "Runner": "kubiya_pulumi.api.models",
        "RunnerHealth": "kubiya_pulumi.api.health_models",
        "RunnerManifest": "kubiya_pulumi.api.models",
        "RunnersApi": "kubiya_pulumi.api.runners_api",
        "RunnersClient": "kubiya_pulumi.api.client",
        "ServerError": "kubiya_pulumi.api.errors",
        "SettingError": "kubiya_pulumi.api.errors",
        "TlsError": "kubiya_pulumi.api.errors",
        "TransportError": "kubiya_pulumi.api.errors",
        "TruncatedResponseError": "kubiya_pulumi.api.errors",
        "UnauthorizedError": "kubiya_pulumi.api.errors",
        "UnexpectedStatusError": "kubiya_pulumi.api.errors",
        "name_problem": "kubiya_pulumi.api.runner_names",
        "shared_client": "kubiya_pulumi.api.client",
    },
)
