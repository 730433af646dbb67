"""From the errors of `requests`, urllib3 and the operating system to those of this package.

None of their words go on unseen: they hold whole URLs and headers.
"""

from __future__ import annotations

import http.client
import ssl
from collections.abc import Iterator

import requests
import urllib3

from kubiya_pulumi.api.bounded_io import ResponseTooLargeError
from kubiya_pulumi.api.errors import (
    ConnectionFailedError,
    InvalidResponseError,
    ProxyRefusedError,
    ResponseTimeoutError,
    TlsError,
    TruncatedResponseError,
)
from kubiya_pulumi.errors import KubiyaError

# A connection that its other end ended, though not as TLS would have it.
_TLS_ENDED = (ssl.SSLEOFError, ssl.SSLZeroReturnError)

_PROXY_REFUSED = (
    requests.exceptions.InvalidSchema,
    requests.exceptions.InvalidURL,
    urllib3.exceptions.LocationValueError,
    urllib3.exceptions.ProxyError,
)

# With one of these among its causes, a call was never sent.
_NOTHING_SENT = (
    *_PROXY_REFUSED,
    ssl.SSLCertVerificationError,
    urllib3.exceptions.ConnectTimeoutError,
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

    unreadable = _unreadable(causes)
    if unreadable is not None:
        kind, problem = unreadable
        return kind(operation, runner, problem)
    if isinstance(failure, OSError) and not isinstance(failure, requests.RequestException):
        # The one bare OSError that requests lets out.
        problem = "the file that REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE names does not exist"
        return TlsError(operation, runner, problem, sent=False)
    sent = not has(*_NOTHING_SENT)
    reason = _reason(causes)
    if has(requests.exceptions.SSLError, ssl.SSLError) and not has(*_TLS_ENDED):
        problem = f"the connection to {origin} is not secure{reason}"
        return TlsError(operation, runner, problem, sent)
    if has(urllib3.exceptions.ReadTimeoutError, requests.exceptions.ReadTimeout):
        problem = f"{origin} did not answer within {timeout_seconds:g} seconds"
        return ResponseTimeoutError(operation, runner, problem)
    if has(*_PROXY_REFUSED) and not has(urllib3.exceptions.ConnectTimeoutError):
        problem = f"no connection to {origin} through the proxy{reason}"
        return ProxyRefusedError(operation, runner, problem, sent=False)
    problem = f"no connection to {origin}{reason}"
    if has(urllib3.exceptions.ProxyError):
        problem = f"no connection to {origin} through the proxy{reason}"
    elif sent and has(http.client.HTTPException) and not has(http.client.RemoteDisconnected):
        problem = f"what {origin} answered is not HTTP"
    elif sent:
        problem = f"the connection to {origin} broke before an answer came{reason}"
    return ConnectionFailedError(operation, runner, problem, sent)


def _unreadable(
    causes: list[BaseException],
) -> tuple[type[InvalidResponseError], str] | None:
    """What is wrong with an answer that came, and the error for it; None if that is not it."""
    for cause in causes:
        match cause:
            case ResponseTooLargeError():
                return InvalidResponseError, str(cause)
            case urllib3.exceptions.InvalidChunkLength():
                return TruncatedResponseError, "is garbled"
            case requests.exceptions.ContentDecodingError():
                return InvalidResponseError, "is not compressed as it says"
            case requests.exceptions.InvalidHeader():
                return InvalidResponseError, "has headers that contradict each other"
    if any(isinstance(cause, requests.exceptions.ChunkedEncodingError) for cause in causes):
        return TruncatedResponseError, "was cut off before its end"
    return None


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
