"""Download manifests: validate each URL, and follow redirects without the API key."""

from __future__ import annotations

from urllib.parse import urlsplit

from kubiya_pulumi.api.attempt import Request
from kubiya_pulumi.api.errors import InvalidResponseError
from kubiya_pulumi.api.operations import DOWNLOAD
from kubiya_pulumi.api.responses import Response
from kubiya_pulumi.api.transport import Transport
from kubiya_pulumi.api.urls import is_https_or_loopback, origin, resolve_url

MAX_MANIFEST_BYTES = 16 * 2**20
"""The maximum size of a downloaded manifest."""
MAX_REDIRECTS = 5
"""The maximum number of redirects that a download follows."""


def download(transport: Transport, url: str, *, runner: str) -> Response:
    """Download a manifest and return the successful response.

    Args:
        transport: the transport to send the requests with.
        url: the URL. A relative URL is resolved against the base URL of the API.
        runner: the runner's name, for errors.

    Raises:
        InvalidResponseError: the URL, or one that it redirects to, is invalid or not secure, or
            the response is truncated or too large.
        ApiError: the server returned a status other than 2xx.
        TransportError: no response arrived.
    """
    current = transport.base_url + "/"
    limits = transport.limits()
    for _ in range(MAX_REDIRECTS + 1):
        current = _resolve(current, url, runner)
        request = Request(
            operation=DOWNLOAD,
            runner=runner,
            method="GET",
            url=current,
            headers={"Accept": "application/yaml, text/yaml, text/plain, */*"},
            max_response_bytes=MAX_MANIFEST_BYTES,
        )
        response = transport.send_download(request, limits)
        if response.redirect is None:
            break
        url = response.redirect
    if response.is_success:
        return response
    raise transport.error(response, "too many redirects" if response.redirect else None)


def _resolve(base: str, url: str, runner: str) -> str:
    if not url.strip():
        raise InvalidResponseError(DOWNLOAD, runner, "contains no manifest URL")
    try:
        target = resolve_url(base, url.strip())
    except ValueError as error:
        problem = f"contains a manifest URL that {error}"
        raise InvalidResponseError(DOWNLOAD, runner, problem) from None
    if urlsplit(base).scheme == "https" and urlsplit(target).scheme == "http":
        problem = f"leads from https:// to plain http:// ({origin(target)})"
        raise InvalidResponseError(DOWNLOAD, runner, problem)
    if not is_https_or_loopback(target):
        problem = f"contains a manifest URL that is not https:// ({origin(target)})"
        raise InvalidResponseError(DOWNLOAD, runner, problem)
    return target
