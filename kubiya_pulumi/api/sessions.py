"""The `requests` sessions that calls are made with: who they say they are, and whom they trust.

Both sessions take proxies and `REQUESTS_CA_BUNDLE` from the environment as `requests` does, but
never credentials from a `.netrc`, never a cookie, and neither follows a redirect by itself.
"""

from __future__ import annotations

import os
from http.cookiejar import DefaultCookiePolicy
from ssl import SSLContext
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.util.ssl_ import create_urllib3_context

from kubiya_pulumi.api.bounded_io import BOUNDED_POOLS
from kubiya_pulumi.api.connection import Connection
from kubiya_pulumi.version import package_version

THREADS = 32
"""How many threads can call at once; each has a connection of its own, kept for its next call."""


def api_session(connection: Connection, tls: SSLContext) -> requests.Session:
    """Make the session for the API's operations, which sends the key."""
    return _Session(_UserKey(connection.api_key), tls)


def download_session(tls: SSLContext) -> requests.Session:
    """Make the session for downloads, which sends no credentials to anybody."""
    return _Session(_no_credentials, tls)


def tls_context(ca_bundle: str | None) -> SSLContext:
    """Make the TLS settings: certificates are always verified.

    Trusted are the authorities that `requests` trusts (certifi's, or those that
    `REQUESTS_CA_BUNDLE` or `CURL_CA_BUNDLE` puts in their place), the system's own unless they
    were put aside in that way, and those in `ca_bundle`.
    """
    context = create_urllib3_context()
    if not (os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE")):
        context.load_default_certs()
    if ca_bundle is not None:
        context.load_verify_locations(cafile=ca_bundle)
    return context


class _Session(requests.Session):
    def __init__(self, auth: Any, tls: SSLContext) -> None:
        super().__init__()
        # An auth of our own keeps requests from looking for one in ~/.netrc or in the URL.
        self.auth = auth
        self.headers["User-Agent"] = f"kubiya-pulumi/{package_version()}"
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self.mount("https://", _Adapter(tls))
        self.mount("http://", _Adapter(tls))

    def get_redirect_target(self, resp: requests.Response) -> None:  # noqa: ARG002
        """Follow no redirect, and do not even prepare to: each is the caller's to judge."""
        return


class _Adapter(HTTPAdapter):
    """An adapter with one connection a thread, bounded answers, and trust beside the usual one."""

    def __init__(self, tls: SSLContext) -> None:
        self._tls = tls
        super().__init__(pool_maxsize=THREADS, pool_block=True)

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
