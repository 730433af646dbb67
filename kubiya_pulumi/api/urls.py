"""What a URL is to this package: which ones may be called, and how much of one may be shown."""

from __future__ import annotations

import ipaddress
from urllib.parse import urljoin, urlsplit

import requests


def normalize_url(url: str) -> str:
    """Give the URL as it will be requested: host in lower case or IDNA, path percent-encoded.

    Every check looks at this form, so that nothing passes in one reading and is called in another.

    Raises:
        ValueError: it is no http or https URL. The message is the end of a sentence that
            begins with the URL, and does not show it.
    """
    if any(character <= " " or character in "\x7f\\" for character in url):
        raise ValueError("contains a space, a backslash or a control character")
    try:
        prepared = _prepared(url)
        requested = _prepared(prepared)  # It is prepared once more when it is called.
        parts = urlsplit(prepared)
        host, _ = parts.hostname, parts.port  # Reading the port checks it.
    except ValueError:  # The base of what requests raises for a URL, and of UnicodeError.
        raise ValueError("is not a valid URL") from None
    if parts.scheme not in ("http", "https") or not host:
        raise ValueError("is not an http:// or https:// URL")
    if requested != prepared:  # "%2e%2e" has become "..", and would leave its folder now.
        raise ValueError("has a percent-encoded part that changes where it leads")
    return prepared


def _prepared(url: str) -> str:
    return requests.Request("GET", url).prepare().url or ""


def resolve_url(base: str, url: str) -> str:
    """Give the normalize_url form of a URL that may be relative to a normalize_url one.

    Raises:
        ValueError: as `normalize_url` does.
    """
    try:
        joined = urljoin(base, url)
    except ValueError:
        raise ValueError("is not a valid URL") from None
    return normalize_url(joined)


def is_https_or_loopback(url: str) -> bool:
    """Whether what is sent to a normalize_url URL is safe on its way: https, or this very machine."""
    parts = urlsplit(url)
    return parts.scheme == "https" or _is_loopback(parts.hostname or "")


def origin(url: str) -> str:
    """The part of a normalize_url URL that may be shown: scheme, host and, if given, port."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
