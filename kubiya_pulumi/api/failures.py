"""From the errors of `requests`, urllib3 and the operating system to those of this package.

None of their words go on unseen: they hold whole URLs and headers.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator

import requests
import urllib3

from kubiya_pulumi.api.errors import (
    AnswerTimeoutError,
    ConnectionFailedError,
    KubiyaError,
    MalformedAnswerError,
    TlsError,
)


def error_from_failure(
    failure: Exception, operation: str, runner: str | None, origin: str, timeout_seconds: float
) -> KubiyaError:
    """Say what became of a call without a whole answer.

    Args:
        failure: what was raised for it.
        operation: the client's method.
        runner: the runner's name, if the operation is about one.
        origin: scheme, host and port that were called.
        timeout_seconds: how long was waited.
    """
    causes = list(_causes(failure))

    def has(*kinds: type[BaseException]) -> bool:
        return any(isinstance(cause, kinds) for cause in causes)

    if has(requests.exceptions.ChunkedEncodingError):
        return MalformedAnswerError(operation, runner, "was cut off before its end")
    if has(requests.exceptions.ContentDecodingError):
        return MalformedAnswerError(operation, runner, "is not compressed as it says")
    if isinstance(failure, OSError) and not isinstance(failure, requests.RequestException):
        # The one bare OSError that requests lets out.
        problem = "the file that REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE names does not exist"
        return TlsError(operation, runner, problem)
    if has(requests.exceptions.SSLError, ssl.SSLError):
        problem = f"the connection to {origin} is not secure ({_reason(causes)})"
        return TlsError(operation, runner, problem)
    if has(urllib3.exceptions.ReadTimeoutError):
        problem = f"{origin} did not answer within {timeout_seconds:g} seconds"
        return AnswerTimeoutError(operation, runner, problem)
    problem = f"no connection to {origin} ({_reason(causes)})"
    return ConnectionFailedError(operation, runner, problem)


def retriable_part(failure: Exception) -> Exception:
    """The urllib3 error in a failure, by which `urllib3.Retry` decides; else the failure."""
    for cause in _causes(failure):
        match cause:
            case urllib3.exceptions.MaxRetryError():
                continue
            case urllib3.exceptions.HTTPError():
                return cause
    return failure


def _causes(failure: BaseException) -> Iterator[BaseException]:
    cause: BaseException | None = failure
    while cause is not None:
        yield cause
        cause = cause.__cause__ or cause.__context__


def _reason(causes: list[BaseException]) -> str:
    """The innermost reason that is known to hold no secret, in few words."""
    for cause in reversed(causes):
        match cause:
            case ssl.SSLCertVerificationError():
                return cause.verify_message
            case ssl.SSLError():
                return (cause.reason or "TLS failed").lower().replace("_", " ")
            case urllib3.exceptions.TimeoutError():
                return "it took too long to connect"
            case (
                requests.exceptions.InvalidURL()
                | requests.exceptions.InvalidSchema()
                | urllib3.exceptions.LocationValueError()
            ):
                # The service's own address was checked long before.
                return "the proxy's address in the environment cannot be used"
            case OSError(strerror=str(words)):
                return words
    return "the connection was closed before an answer came"
