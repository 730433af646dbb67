"""The `requests` sessions: authentication, TLS trust, redirects and logging.

Both sessions take proxies and `REQUESTS_CA_BUNDLE` from the environment, as `requests` does. They
never use credentials of a `.netrc` file, never store a cookie and never follow a redirect.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from http.cookiejar import DefaultCookiePolicy
from ssl import SSLContext
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.util.ssl_ import create_urllib3_context

from kubiya_pulumi.api.bounded_io import BOUNDED_POOLS
from kubiya_pulumi.api.connection import MAX_CONNECTIONS, Connection
from kubiya_pulumi.version import package_version


def api_session(connection: Connection, tls: SSLContext) -> requests.Session:
    """Return a session for the API's operations. It sends the API key."""
    return _Session(_UserKey(connection.api_key), tls)


def download_session(tls: SSLContext) -> requests.Session:
    """Return a session for downloads. It sends no credentials."""
    return _Session(_no_credentials, tls)


def tls_context(ca_bundle: str | None) -> SSLContext:
    """Return the TLS settings. Certificates are always verified.

    Trusted certificate authorities are those of `requests` (certifi's, or those of
    `REQUESTS_CA_BUNDLE` or `CURL_CA_BUNDLE`), those of the system unless one of these variables
    is set, and those of `ca_bundle`.
    """
    context = create_urllib3_context()
    if not (os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE")):
        context.load_default_certs()
    if ca_bundle is not None:
        context.load_verify_locations(cafile=ca_bundle)
    return context


_url_is_secret = ContextVar("_url_is_secret", default=False)


@contextmanager
def suppress_url_logging(*, url_is_secret: bool) -> Iterator[None]:
    """Keep urllib3 from logging the URLs that this block requests, if they are secret."""
    token = _url_is_secret.set(url_is_secret)
    try:
        yield
    finally:
        _url_is_secret.reset(token)


def _is_loggable(_record: logging.LogRecord) -> bool:
    return not _url_is_secret.get()


for _name in ("urllib3.connection", "urllib3.connectionpool", "urllib3.util.retry"):
    # These loggers belong to the whole process. The filter only drops records of the thread that
    # requests a secret URL.
    logging.getLogger(_name).addFilter(_is_loggable)


class _Session(requests.Session):
    def __init__(self, auth: Any, tls: SSLContext) -> None:
        super().__init__()
        # With an auth object, requests does not search ~/.netrc and the URL for credentials.
        self.auth = auth
        self.headers["User-Agent"] = f"kubiya-pulumi/{package_version()}"
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self.mount("https://", _Adapter(tls))
        self.mount("http://", _Adapter(tls))

    def get_redirect_target(self, resp: requests.Response) -> None:  # noqa: ARG002
        """Do not follow redirects and do not prepare to: the caller validates each target."""
        return


class _Adapter(HTTPAdapter):
    """An adapter with a bounded pool of connections, bounded responses and additional trust."""

    def __init__(self, tls: SSLContext) -> None:
        self._tls = tls
        super().__init__(pool_maxsize=MAX_CONNECTIONS, pool_block=True)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, ssl_context=self._tls, **kwargs)
        self.poolmanager.pool_classes_by_scheme = BOUNDED_POOLS

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(proxy, ssl_context=self._tls, **kwargs)
        manager.pool_classes_by_scheme = BOUNDED_POOLS
        return manager


class _UserKey(requests.auth.AuthBase):
    def __init__(self, api_key: str) -> None:
        self._api_key = api_key

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"UserKey {self._api_key}"
        return request


def _no_credentials(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request
