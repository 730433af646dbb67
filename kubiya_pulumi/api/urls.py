"""Validate URLs, and reduce them to what may be shown."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urljoin, urlsplit

_PLAIN_URL = re.compile(
    r"https?://[a-z0-9]+([.-][a-z0-9]+)*(:[1-9][0-9]{0,3}|:[1-5][0-9]{4})?(/[A-Za-z0-9_-]+)*/?"
)
"""URLs whose normalized form differs only by the slash after the host."""

_API_VERSION = re.compile("/api/v[13]/*$")


def normalize_url(url: str) -> str:
    """Return the URL as it is requested: host in lower case or IDNA, path percent-encoded.

    Every check uses this form, so that the URL that is checked is the URL that is requested.

    Raises:
        ValueError: the URL is not an http or https URL. The message is a predicate of the URL
            that does not contain it: `is not a valid URL`.
    """
    if any(character <= " " or character in "\x7f\\" for character in url):
        raise ValueError("contains a space, a backslash or a control character")
    try:
        prepared = _prepare(url)
        requested = _prepare(prepared)  # `requests` prepares it once more to send it.
        parts = urlsplit(prepared)
        host, _ = parts.hostname, parts.port  # Reading the port validates it.
    except ValueError:  # The base of what requests raises for a URL, and of UnicodeError.
        raise ValueError("is not a valid URL") from None
    if parts.scheme not in ("http", "https") or not host:
        raise ValueError("is not an http:// or https:// URL")
    if requested != prepared:  # "%2e%2e" became "..", which would now leave its folder.
        raise ValueError("has a percent-encoded part that changes its path")
    return prepared


def _prepare(url: str) -> str:
    if _PLAIN_URL.fullmatch(url):
        return f"{url}/" if url.count("/") == 2 else url
    # Loaded only for other URLs: a preview without requests does not need the HTTP library.
    import requests

    return requests.Request("GET", url).prepare().url or ""


def resolve_url(base: str, url: str) -> str:
    """Return the normalized form of a URL that may be relative to a normalized base URL.

    Raises:
        ValueError: as for `normalize_url`.
    """
    try:
        joined = urljoin(base, url)
    except ValueError:
        raise ValueError("is not a valid URL") from None
    return normalize_url(joined)


def without_api_version(base_url: str) -> str:
    """Return a base URL without a trailing `/api/v1` or `/api/v3`.

    Kubiya's own command line needs it in KUBIYA_BASE_URL. Here the path of each operation has it.
    """
    return _API_VERSION.sub("", base_url)


def is_https_or_loopback(url: str) -> bool:
    """Return whether requests to a normalized URL are encrypted or stay on this machine."""
    parts = urlsplit(url)
    return parts.scheme == "https" or _is_loopback(parts.hostname or "")


def origin(url: str) -> str:
    """Return the part of a normalized URL that may be shown: scheme, host and explicit port."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def redirect_origin(base: str, url: str) -> str:
    """Return the part of a redirect's target that may be shown.

    Args:
        base: the normalized URL that redirects.
        url: the target, which may be relative or invalid.
    """
    try:
        return origin(resolve_url(base, url))
    except ValueError:
        return "an invalid URL"


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
