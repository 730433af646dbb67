"""Map the errors of `requests`, urllib3 and the operating system to those of this package.

Their messages are never passed on, because they contain URLs and headers.
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
    PoolTimeoutError,
    ProxyRefusedError,
    ResponseTimeoutError,
    TlsError,
    TruncatedResponseError,
)
from kubiya_pulumi.errors import KubiyaError

# The peer closed the connection, although not as TLS requires.
_TLS_CLOSED = (ssl.SSLEOFError, ssl.SSLZeroReturnError)

_PROXY_REFUSED = (
    requests.exceptions.InvalidSchema,
    requests.exceptions.InvalidURL,
    urllib3.exceptions.LocationValueError,
    urllib3.exceptions.ProxyError,
)

# If one of these is among the causes, the request was not sent.
_NOT_SENT = (
    *_PROXY_REFUSED,
    ssl.SSLCertVerificationError,
    urllib3.exceptions.ConnectTimeoutError,
)


def error_from_exception(
    exception: Exception,
    *,
    operation: str,
    runner: str | None,
    origin: str,
    timeout_seconds: float,
    total_timeout_seconds: float,
) -> KubiyaError:
    """Return the error for a request that ended without a complete response.

    Args:
        exception: what was raised.
        operation: the client's method.
        runner: the runner's name, if the operation concerns one.
        origin: scheme, host and port of the URL.
        timeout_seconds: the timeout that applied to the last read.
        total_timeout_seconds: the time limit of the operation.
    """
    causes = list(_causes(exception))

    def has(*kinds: type[BaseException]) -> bool:
        return any(isinstance(cause, kinds) for cause in causes)

    invalid = _invalid_response(causes)
    if invalid is not None:
        kind, problem = invalid
        return kind(operation, runner, problem)
    if has(urllib3.exceptions.EmptyPoolError):
        problem = f"no connection to {origin} became free within {total_timeout_seconds:g} seconds"
        return PoolTimeoutError(operation, runner, problem, sent=False)
    if isinstance(exception, OSError) and not isinstance(exception, requests.RequestException):
        # The only bare OSError that requests raises.
        problem = "the file that REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE names does not exist"
        return TlsError(operation, runner, problem, sent=False)
    sent = not has(*_NOT_SENT)
    reason = _reason(causes)
    if has(requests.exceptions.SSLError, ssl.SSLError) and not has(*_TLS_CLOSED):
        problem = f"the connection to {origin} is not secure{reason}"
        return TlsError(operation, runner, problem, sent)
    if has(urllib3.exceptions.ReadTimeoutError, requests.exceptions.ReadTimeout):
        problem = f"{origin} did not respond within {timeout_seconds:g} seconds"
        return ResponseTimeoutError(operation, runner, problem)
    if has(*_PROXY_REFUSED) and not has(urllib3.exceptions.ConnectTimeoutError):
        problem = f"the connection to {origin} through the proxy failed{reason}"
        return ProxyRefusedError(operation, runner, problem, sent=False)
    if has(urllib3.exceptions.ProxyError):
        problem = f"the connection to {origin} through the proxy failed{reason}"
    elif not sent:
        problem = f"the connection to {origin} failed{reason}"
    elif has(http.client.HTTPException) and not has(http.client.RemoteDisconnected):
        problem = f"the response of {origin} is not HTTP"
    else:
        problem = f"the connection to {origin} closed before a response arrived{reason}"
    return ConnectionFailedError(operation, runner, problem, sent)


def _invalid_response(
    causes: list[BaseException],
) -> tuple[type[InvalidResponseError], str] | None:
    """Return the class and the problem for a response that arrived. None if none did."""
    for cause in causes:
        match cause:
            case ResponseTooLargeError():
                return InvalidResponseError, str(cause)
            case urllib3.exceptions.InvalidChunkLength():
                return TruncatedResponseError, "has an invalid chunk"
            case requests.exceptions.ContentDecodingError():
                return InvalidResponseError, "does not match its Content-Encoding"
            case requests.exceptions.InvalidHeader():
                return InvalidResponseError, "has conflicting headers"
    if any(isinstance(cause, requests.exceptions.ChunkedEncodingError) for cause in causes):
        return TruncatedResponseError, "was truncated"
    return None


def _causes(exception: BaseException) -> Iterator[BaseException]:
    cause: BaseException | None = exception
    while cause is not None:
        yield cause
        cause = cause.__cause__ or cause.__context__


def _reason(causes: list[BaseException]) -> str:
    """Return the innermost reason that contains no secret, in brackets. "" if there is none."""
    for cause in reversed(causes):
        match cause:
            case ssl.SSLCertVerificationError(verify_message=str(message)):
                return f" ({message})"
            case ssl.SSLError(reason=str(reason)):
                return f" ({reason.lower().replace('_', ' ')})"
            case urllib3.exceptions.TimeoutError():
                return " (timed out)"
            case (
                requests.exceptions.InvalidURL()
                | requests.exceptions.InvalidSchema()
                | urllib3.exceptions.LocationValueError()
            ):
                # The URL of the service was validated before.
                return " (the proxy's address in the environment is invalid)"
            case OSError(strerror=str(message)):
                return f" ({message})"
    return ""
