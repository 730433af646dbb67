"""The errors of the client.

KubiyaError
├── SettingError                    a setting is missing or invalid
├── InvalidNameError                the runner's name is not valid in a URL
└── RequestError                    a request failed
    ├── ApiError                    the service returned a status other than 2xx
    │   ├── BadRequestError         400
    │   ├── UnauthorizedError       401
    │   ├── ForbiddenError          403
    │   ├── NotFoundError           404
    │   ├── ConflictError           409
    │   ├── RateLimitedError        429
    │   ├── ServerError             500 to 599
    │   └── UnexpectedStatusError   every other status, such as a redirect
    ├── TransportError              no response arrived
    │   ├── PoolTimeoutError        no pooled connection became free in time
    │   ├── ConnectionFailedError   the connection failed, or the response was not HTTP
    │   │   └── ProxyRefusedError   the proxy refused the connection, or its address is invalid
    │   ├── TlsError                the connection could not be secured
    │   └── ResponseTimeoutError    the response did not arrive in time
    └── InvalidResponseError        the response could not be parsed
        └── TruncatedResponseError  the connection closed before the response was complete

Each error is a single line: what failed, why, and what to do about it. `failure` is the line
without the advice. `outcome_unknown` tells whether the requested change may have been made.

Code that raises an error must `sanitize` untrusted text first: no error contains the API key or a
manifest's URL. All arguments are plain values in the order of `__init__`, so that errors can be
copied and pickled.
"""

from __future__ import annotations

from typing import ClassVar

from kubiya_pulumi.api import error_advice
from kubiya_pulumi.api.error_advice import Advice
from kubiya_pulumi.api.operations import CHANGES, DOWNLOAD, describe_failure
from kubiya_pulumi.errors import KubiyaError
from kubiya_pulumi.text import sentence


class SettingError(KubiyaError):
    """A setting is missing or invalid. No request was sent."""

    setting: str
    """The setting's name in the stack's configuration, such as `kubiya:apiKey`."""
    problem: str
    """What is wrong, as a predicate of the setting and without a secret value: `is missing`."""
    message: str
    """The problem, and how to fix it in the stack's configuration."""
    missing: bool
    """True if the setting is not set, False if its value is invalid."""
    names_setting: ClassVar[bool] = True

    def __init__(
        self,
        setting: str,
        problem: str,
        message: str,
        missing: bool = False,  # noqa: FBT001, FBT002  (copies are made by position)
    ) -> None:
        super().__init__(setting, problem, message, missing)
        self.setting = setting
        self.problem = problem
        self.message = message
        self.missing = missing

    @property
    def failure(self) -> str:
        """The setting and its problem, without advice."""
        return sentence(f"{self.setting} {self.problem}")

    def __str__(self) -> str:
        return self.message


class InvalidNameError(KubiyaError):
    """The runner's name is not valid as a segment of a URL's path. No request was sent."""

    operation: str
    """The client's method, such as `describe_runner`."""
    problem: str
    """What is wrong, as a predicate of the name: `must not be empty`."""

    def __init__(self, operation: str, problem: str) -> None:
        super().__init__(operation, problem)
        self.operation = operation
        self.problem = problem

    def __str__(self) -> str:
        return sentence(f"{describe_failure(self.operation)}: the runner's name {self.problem}")


class RequestError(KubiyaError):
    """A request failed."""

    advice: ClassVar[Advice] = error_advice.DEFAULT
    """What to do about it."""
    download_advice: ClassVar[Advice] = error_advice.DEFAULT
    """What to do about it if the operation is the download of a manifest."""

    operation: str | None
    """The client's method, such as `describe_runner`. None if only the data of a response is
    known."""
    runner: str | None
    """The runner's name. None if the operation concerns all runners."""

    @property
    def names_setting(self) -> bool:
        """Whether the advice is about a setting."""
        return self._advice.names_setting

    @property
    def _advice(self) -> Advice:
        return self.download_advice if self.operation == DOWNLOAD else self.advice

    def describe(self, *, in_command: bool = False) -> str:
        """Return the failure, what to do about it, and whether a change may have been made.

        Args:
            in_command: whether to advise a user of the command `kubiya-pulumi`, which has no stack.
        """
        advice = self._advice
        uncertain = self.operation in CHANGES and self.outcome_unknown
        return sentence(
            self.failure,
            self._retry_advice(),
            advice.in_command if in_command else advice.in_stack,
            "The change may have been made anyway" if uncertain else "",
        )

    def _retry_advice(self) -> str:
        return ""

    def __str__(self) -> str:
        return self.describe()


class ApiError(RequestError):
    """The service returned a status other than 2xx."""

    download_advice: ClassVar[Advice] = error_advice.EXPIRED_URL
    retry_later: ClassVar[bool] = False
    """Whether the fault may pass."""

    status: int
    """The HTTP status."""
    code: str | None
    """The service's own code for the error, such as `not_found`. None if it returned none."""
    message: str
    """The service's message: a single line of up to 200 characters."""
    retry_after: float | None
    """The seconds to wait according to the header `Retry-After`. None without that header."""

    def __init__(
        self,
        status: int,
        code: str | None,
        message: str,
        operation: str,
        runner: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(status, code, message, operation, runner, retry_after)
        self.status = status
        self.code = code
        self.message = message
        self.operation: str | None = operation
        self.runner = runner
        self.retry_after = retry_after

    @property
    def failure(self) -> str:
        """What failed, the service's status and message, and its `Retry-After`."""
        status = f"{self.status} ({self.code})" if self.code else str(self.status)
        failure = describe_failure(self.operation, self.runner)
        retry = f"Retry after {self.retry_after:.0f} seconds" if self.retry_after else ""
        return sentence(f"{failure}: the service returned {status}: {self.message}", retry)

    @property
    def outcome_unknown(self) -> bool:
        """True unless the status is 4xx: a server may change a runner and then fail or redirect."""
        return not 400 <= self.status < 500

    def _retry_advice(self) -> str:
        # `failure` contains the `Retry-After`.
        return "Retry later" if self.retry_later and not self.retry_after else ""


class BadRequestError(ApiError):
    """400: the request is invalid. The usual cause is the runner's name."""

    advice: ClassVar[Advice] = error_advice.BAD_REQUEST


class UnauthorizedError(ApiError):
    """401: the service rejected the API key."""

    advice: ClassVar[Advice] = error_advice.UNAUTHORIZED


class ForbiddenError(ApiError):
    """403: the API key is valid, but lacks the permission."""

    advice: ClassVar[Advice] = error_advice.FORBIDDEN


class NotFoundError(ApiError):
    """404: the runner does not exist, or the base URL does not serve this route.

    The status alone does not tell which. A runner is deleted only if the list lacks it too.
    """

    advice: ClassVar[Advice] = error_advice.NOT_FOUND


class ConflictError(ApiError):
    """409: the request conflicts with what exists, such as a runner with the same name."""

    advice: ClassVar[Advice] = error_advice.CONFLICT

    @property
    def _advice(self) -> Advice:
        # Only a create can conflict with a name.
        return super()._advice if self.operation == "create_runner" else error_advice.DEFAULT


class RateLimitedError(ApiError):
    """429: too many requests, also after the retries."""

    advice: ClassVar[Advice] = error_advice.RATE_LIMITED
    download_advice: ClassVar[Advice] = error_advice.RATE_LIMITED
    retry_later: ClassVar[bool] = True


class ServerError(ApiError):
    """500 to 599: the service failed, also after the retries."""

    advice: ClassVar[Advice] = error_advice.SERVER_FAILED
    download_advice: ClassVar[Advice] = error_advice.SERVER_FAILED
    retry_later: ClassVar[bool] = True


class UnexpectedStatusError(ApiError):
    """A status that no operation defines, such as a redirect or 405."""

    advice: ClassVar[Advice] = error_advice.WRONG_SERVER
    download_advice: ClassVar[Advice] = error_advice.DOWNLOAD_SERVER


class TransportError(RequestError):
    """No response arrived."""

    problem: str
    """What happened. It contains no more of a URL than its scheme, host and port."""
    sent: bool
    """Whether the request may have reached the service."""

    def __init__(
        self,
        operation: str,
        runner: str | None,
        problem: str,
        sent: bool = True,  # noqa: FBT001, FBT002  (copies are made by position)
    ) -> None:
        super().__init__(operation, runner, problem, sent)
        self.operation: str | None = operation
        self.runner = runner
        self.problem = problem
        self.sent = sent

    @property
    def failure(self) -> str:
        """What failed, and what happened."""
        return sentence(f"{describe_failure(self.operation, self.runner)}: {self.problem}")

    @property
    def outcome_unknown(self) -> bool:
        """Whether the request may have reached the service."""
        return self.sent


class PoolTimeoutError(TransportError):
    """No pooled connection became free before the deadline. The request was not sent."""

    advice: ClassVar[Advice] = error_advice.FEWER_CALLS
    download_advice: ClassVar[Advice] = error_advice.FEWER_CALLS


class ConnectionFailedError(TransportError):
    """The connection failed before a response began, or the response was not HTTP."""

    advice: ClassVar[Advice] = error_advice.CONNECTION_FAILED
    download_advice: ClassVar[Advice] = error_advice.DOWNLOAD_CONNECTION_FAILED


class ProxyRefusedError(ConnectionFailedError):
    """The proxy refused the connection, or its address in the environment is invalid."""

    advice: ClassVar[Advice] = error_advice.PROXY_REFUSED
    download_advice: ClassVar[Advice] = error_advice.PROXY_REFUSED


class TlsError(TransportError):
    """The connection could not be secured. The usual cause is an untrusted certificate."""

    advice: ClassVar[Advice] = error_advice.TLS_FAILED
    download_advice: ClassVar[Advice] = error_advice.DOWNLOAD_TLS_FAILED


class ResponseTimeoutError(TransportError):
    """The response did not arrive in time."""

    advice: ClassVar[Advice] = error_advice.TIMED_OUT
    download_advice: ClassVar[Advice] = error_advice.TIMED_OUT


class InvalidResponseError(RequestError):
    """The response to a successful request could not be parsed."""

    advice: ClassVar[Advice] = error_advice.WRONG_SERVER
    download_advice: ClassVar[Advice] = error_advice.DOWNLOAD_INVALID

    problem: str
    """What is wrong, as a predicate of the response: `is not JSON`."""

    def __init__(self, operation: str | None, runner: str | None, problem: str) -> None:
        super().__init__(operation, runner, problem)
        self.operation = operation
        self.runner = runner
        self.problem = problem

    @property
    def failure(self) -> str:
        """What failed, and what is wrong with the response."""
        failure = describe_failure(self.operation, self.runner)
        return sentence(f"{failure}: the response {self.problem}")

    @property
    def outcome_unknown(self) -> bool:
        """True: the service reported success."""
        return True


class TruncatedResponseError(InvalidResponseError):
    """The connection closed before the response was complete."""

    advice: ClassVar[Advice] = error_advice.TRUNCATED
    download_advice: ClassVar[Advice] = error_advice.TRUNCATED
