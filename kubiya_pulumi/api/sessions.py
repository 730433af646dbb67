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
from threading import Lock
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.util.ssl_ import create_urllib3_context

from kubiya_pulumi.api.bounded_io import BOUNDED_POOLS
from kubiya_pulumi.api.connection import MAX_CONNECTIONS, Connection
from kubiya_pulumi.version import VERSION


def api_session(connection: Connection, tls: Tls) -> requests.Session:
    """Return a session for the API's operations. It sends the API key."""
    return _Session(_UserKey(connection.api_key), tls)


def download_session(tls: Tls) -> requests.Session:
    """Return a session for downloads. It sends no credentials."""
    return _Session(_no_credentials, tls)


class Tls:
    """The TLS settings of a client. Certificates are always verified. Thread-safe.

    Trusted certificate authorities are those of `requests` (certifi's, or those of
    `REQUESTS_CA_BUNDLE` or `CURL_CA_BUNDLE`), those of the system unless one of these variables
    is set, and those of `ca_bundle`.

    Args:
        ca_bundle: the path of a PEM file with certificate authorities. Default: None.
    """

    def __init__(self, ca_bundle: str | None = None) -> None:
        self._context = create_urllib3_context()
        if ca_bundle is not None:
            self._context.load_verify_locations(cafile=ca_bundle)
        self._lock = Lock()
        self._has_system_authorities = False

    def context(self) -> SSLContext:
        """Return the context of `https://` connections.

        The first call reads the authorities of the system, which takes longer than a request to
        a local service. A client that only uses `http://` does not need them.
        """
        with self._lock:
            if not self._has_system_authorities:
                if not (os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE")):
                    self._context.load_default_certs()
                self._has_system_authorities = True
        return self._context


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
    def __init__(self, auth: Any, tls: Tls) -> None:
        super().__init__()
        # With an auth object, requests does not search ~/.netrc and the URL for credentials.
        self.auth = auth
        self.headers["User-Agent"] = f"kubiya-pulumi/{VERSION}"
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self.mount("https://", _Adapter(tls))
        self.mount("http://", _Adapter(tls))

    def get_redirect_target(self, resp: requests.Response) -> None:  # noqa: ARG002
        """Do not follow redirects and do not prepare to: the caller validates each target."""
        return


class _Adapter(HTTPAdapter):
    """An adapter with a bounded pool of connections, bounded responses and additional trust."""

    def __init__(self, tls: Tls) -> None:
        self._tls = tls
        super().__init__(pool_maxsize=MAX_CONNECTIONS, pool_block=True)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = BOUNDED_POOLS

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **kwargs)
        manager.pool_classes_by_scheme = BOUNDED_POOLS
        return manager

    def build_connection_pool_key_attributes(
        self, request: requests.PreparedRequest, *args: Any, **kwargs: Any
    ) -> Any:
        host, settings = super().build_connection_pool_key_attributes(request, *args, **kwargs)
        if host["scheme"] == "https":
            settings["ssl_context"] = self._tls.context()
        return host, settings


class _UserKey(requests.auth.AuthBase):
    def __init__(self, api_key: str) -> None:
        self._api_key = api_key

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"UserKey {self._api_key}"
        return request


def _no_credentials(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request
