"""From the errors of `requests`, urllib3 and the operating system to those of this package.

None of their words go on unseen: they hold whole URLs and headers.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator

import requests
import urllib3

from kubiya_pulumi.api.errors import (
    AnswerCutOffError,
    AnswerTimeoutError,
    ConnectionFailedError,
    KubiyaError,
    MalformedAnswerError,
    TlsError,
)

# With one of these among its causes, a call was never sent.
_NOTHING_SENT = (
    requests.exceptions.InvalidSchema,
    requests.exceptions.InvalidURL,
    ssl.SSLCertVerificationError,
    urllib3.exceptions.ConnectTimeoutError,
    urllib3.exceptions.LocationValueError,
    urllib3.exceptions.ProxyError,
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
        return AnswerCutOffError(operation, runner, "was cut off before its end")
    if has(requests.exceptions.ContentDecodingError):
        return MalformedAnswerError(operation, runner, "is not compressed as it says")
    if isinstance(failure, OSError) and not isinstance(failure, requests.RequestException):
        # The one bare OSError that requests lets out.
        problem = "the file that REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE names does not exist"
        return TlsError(operation, runner, problem, sent=False)
    sent = not has(*_NOTHING_SENT)
    reason = _reason(causes)
    if has(requests.exceptions.SSLError, ssl.SSLError):
        problem = f"the connection to {origin} is not secure{reason}"
        return TlsError(operation, runner, problem, sent)
    if has(urllib3.exceptions.ReadTimeoutError, requests.exceptions.ReadTimeout):
        problem = f"{origin} did not answer within {timeout_seconds:g} seconds"
        return AnswerTimeoutError(operation, runner, problem)
    problem = f"no connection to {origin}{reason}"
    if has(urllib3.exceptions.ProxyError):
        problem = f"no connection to {origin} through the proxy{reason}"
    elif sent:
        problem = f"the connection to {origin} broke before an answer came{reason}"
    return ConnectionFailedError(operation, runner, problem, sent)


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
    """The innermost reason that is known to hold no secret, in brackets; empty if there is none."""
    for cause in reversed(causes):
        match cause:
            case ssl.SSLCertVerificationError(verify_message=str(words)):
                return f" ({words})"
            case ssl.SSLError(reason=str(words)):
                return f" ({words.lower().replace('_', ' ')})"
            case urllib3.exceptions.TimeoutError():
                return " (it took too long)"
            case (
                requests.exceptions.InvalidURL()
                | requests.exceptions.InvalidSchema()
                | urllib3.exceptions.LocationValueError()
            ):
                # The service's own address was checked long before.
                return " (the proxy's address in the environment cannot be used)"
            case OSError(strerror=str(words)):
                return f" ({words})"
    return ""
