"""TLS is always verified, a CA bundle adds trust, and proxies come from the environment."""

import select
import socket
import ssl
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
import trustme

from kubiya_pulumi.api import (
    ConnectionFailedError,
    InvalidResponseError,
    ProxyRefusedError,
    TlsError,
    UnexpectedStatusError,
)
from kubiya_pulumi.errors import KubiyaError
from tests.api.endless_responses import Endless, repeat
from tests.api.scripted_service import ScriptedService, reply

NAME = "runners.test"


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def other_authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def bundle(authority, tmp_path) -> str:
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return str(path)


@pytest.fixture
def other_bundle(other_authority, tmp_path) -> str:
    path = tmp_path / "other.pem"
    other_authority.cert_pem.write_to_path(str(path))
    return str(path)


def _serve(authority: trustme.CA, *names: str) -> ScriptedService:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names).configure_cert(context)
    service = ScriptedService(context)
    service.replies = [reply(200, [])]
    return service


@pytest.fixture
def secure(authority) -> Iterator[ScriptedService]:
    with _serve(authority, "127.0.0.1", NAME) as service:
        yield service


def test_an_untrusted_authority(connect, secure, delays) -> None:
    with pytest.raises(TlsError, match="kubiya:caBundle") as raised:
        connect(secure.url).list_runners()
    assert f"the connection to {secure.url} is not secure (" in str(raised.value)
    assert "unable to get local issuer certificate" in str(raised.value)
    assert secure.requests == []
    assert delays == [], "a retry would fail in the same way"


def test_the_bundle_is_trusted(connect, secure, bundle) -> None:
    assert connect(secure.url, ca_bundle=bundle).list_runners() == ()
    secure.replies = [reply(200, "kind: Namespace")]
    assert connect(secure.url, ca_bundle=bundle).download_manifest("/m", runner="a")


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"])
def test_an_authority_of_the_environment(variable, connect, secure, bundle, monkeypatch) -> None:
    monkeypatch.setenv(variable, bundle)
    assert connect(secure.url).list_runners() == ()


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"])
def test_the_bundle_adds_trust(
    variable, connect, secure, bundle, other_bundle, monkeypatch
) -> None:
    monkeypatch.setenv(variable, bundle)
    assert connect(secure.url, ca_bundle=other_bundle).list_runners() == ()


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_an_authority_of_the_environment_replaces_the_default_ones(
    variable, connect, secure, bundle, other_bundle, monkeypatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", bundle)
    monkeypatch.setenv(variable, other_bundle)
    with pytest.raises(TlsError):
        connect(secure.url).list_runners()


@pytest.fixture
def system_reads(monkeypatch) -> list[ssl.SSLContext]:
    """The contexts that read the certificate authorities of the system."""
    reads: list[ssl.SSLContext] = []
    monkeypatch.setattr(ssl.SSLContext, "load_default_certs", lambda context: reads.append(context))
    return reads


def test_the_authorities_of_the_system_are_read_once(connect, secure, bundle, system_reads) -> None:
    client = connect(secure.url, ca_bundle=bundle)
    assert client.list_runners() == client.list_runners()
    client.download_manifest("/m", runner="a")
    assert len(system_reads) == 1


def test_plain_http_reads_no_authorities(system_reads, client, service) -> None:
    service.replies = [reply(200, [])]
    client.list_runners()
    client.download_manifest("/m", runner="a")
    assert system_reads == []


def test_a_missing_bundle_of_the_environment(connect, secure, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "none.pem"))
    with pytest.raises(TlsError, match="REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE names does not exist"):
        connect(secure.url).list_runners()


def test_an_invalid_bundle_of_the_environment(connect, secure, tmp_path, monkeypatch) -> None:
    (tmp_path / "none.pem").write_text("hello")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "none.pem"))
    with pytest.raises(TlsError):
        connect(secure.url).list_runners()


def test_a_certificate_for_a_different_host(connect, authority, bundle) -> None:
    with (
        _serve(authority, "other.test") as service,
        pytest.raises(TlsError, match="IP address mismatch"),
    ):
        connect(service.url, ca_bundle=bundle).list_runners()


def test_a_server_without_tls(connect, service) -> None:
    service.replies = [reply(200, [])]
    with pytest.raises(TlsError) as raised:
        connect(service.url.replace("http://", "https://")).list_runners()
    assert service.requests == []
    assert "\n" not in str(raised.value)


def test_a_post_over_broken_tls_is_not_retried(connect, secure, bundle) -> None:
    def break_tls(handler) -> None:
        handler.close_connection = True
        handler.connection.unwrap = lambda: None
        # Send bytes that are not a TLS record, below the TLS layer.
        socket.socket.send(handler.connection, b"x" * 64)

    secure.replies = [break_tls]
    with pytest.raises(TlsError):
        connect(secure.url, ca_bundle=bundle).create_runner("a")
    assert len(secure.requests) == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("target", ["http://127.0.0.1:{other}/x", "//127.0.0.1:{other}/x", "/x"])
def test_a_redirect_gets_no_key(target, status, connect, secure, service, bundle, key) -> None:
    """Neither plain http, nor another port of the host, nor another path of the origin."""
    service.replies = [reply(200, [])]
    secure.replies = [reply(status, b"", Location=target.format(other=service.port))]
    client = connect(secure.url, ca_bundle=bundle)
    for call in (client.list_runners, lambda: client.create_runner("a")):
        with pytest.raises(UnexpectedStatusError, match="it redirects to"):
            call()
    assert service.connections == []
    assert secure.targets == ["/api/v3/runners", "/api/v3/runners/a"]


def test_a_download_from_another_host_sends_no_key(connect, service, secure, bundle) -> None:
    service.replies = [reply(302, b"", Location=f"https://user:word@127.0.0.1:{secure.port}/m")]
    secure.replies = [reply(200, "kind: Namespace")]
    client = connect(service.url, ca_bundle=bundle)
    assert client.download_manifest("/m", runner="a") == "kind: Namespace"
    for request in (*service.requests, *secure.requests):
        assert {"authorization", "proxy-authorization", "cookie"}.isdisjoint(request.headers)


def test_a_download_does_not_continue_over_plain_http(connect, secure, service, bundle) -> None:
    service.replies = [reply(200, "kind: Namespace")]
    client = connect(secure.url, ca_bundle=bundle)
    with pytest.raises(InvalidResponseError, match="leads from https:// to plain http://"):
        client.download_manifest(f"{service.url}/m", runner="a")
    secure.replies = [reply(302, b"", Location=f"{service.url}/m")]
    with pytest.raises(InvalidResponseError, match="leads from https:// to plain http://"):
        client.download_manifest("/m", runner="a")
    assert service.connections == []


class _Proxy(BaseHTTPRequestHandler):
    """Connects every CONNECT to the service behind it."""

    def do_CONNECT(self) -> None:
        self.server.targets.append((self.path, dict(self.headers)))
        with socket.create_connection(("127.0.0.1", self.server.service_port)) as upstream:
            self.send_response(200)
            self.end_headers()
            downstream = self.connection
            while True:
                ready, _, _ = select.select([downstream, upstream], [], [], 10)
                if not ready:
                    break
                data = ready[0].recv(65536)
                if not data:
                    break
                (upstream if ready[0] is downstream else downstream).sendall(data)
        self.close_connection = True

    def do_GET(self) -> None:
        self.server.targets.append((self.path, dict(self.headers)))
        self.send_error(502)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def proxy(secure) -> Iterator[ThreadingHTTPServer]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Proxy) as server:
        server.targets = []
        server.service_port = secure.port
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_a_proxy_of_the_environment(connect, secure, bundle, proxy, key, monkeypatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"http://user:pass@127.0.0.1:{proxy.server_address[1]}")
    client = connect(f"https://{NAME}", ca_bundle=bundle)
    assert client.list_runners() == ()
    secure.replies = [reply(200, "kind: Namespace")]
    assert client.download_manifest("/m", runner="a") == "kind: Namespace"
    client.close()
    assert [target for target, _ in proxy.targets] == [f"{NAME}:443"] * 2
    for _, headers in proxy.targets:
        assert key not in str(headers)
        assert "Proxy-Authorization" in headers
    assert secure.requests[0].headers["authorization"] == f"UserKey {key}"
    assert "proxy-authorization" not in secure.requests[0].headers


def test_no_proxy_is_respected(connect, secure, bundle, proxy, monkeypatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.server_address[1]}")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    assert connect(secure.url, ca_bundle=bundle).list_runners() == ()
    assert proxy.targets == []


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
def test_plain_http_stays_on_the_machine(
    variable, connect, client, service, proxy, monkeypatch
) -> None:
    monkeypatch.setenv(variable, f"http://127.0.0.1:{proxy.server_address[1]}")
    service.replies = [reply(200, [])]
    assert client.list_runners() == ()
    assert proxy.targets == []


def test_a_proxy_that_refuses_the_connection(connect, proxy, delays, monkeypatch) -> None:
    monkeypatch.setattr(_Proxy, "do_CONNECT", _Proxy.do_GET)
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.server_address[1]}")
    with pytest.raises(ProxyRefusedError, match="through the proxy") as raised:
        connect(f"https://{NAME}").create_runner("a")
    assert "may have been made" not in str(raised.value)
    assert len(proxy.targets) == 1


def test_a_proxy_that_is_down(connect, delays, monkeypatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    monkeypatch.setenv("HTTPS_PROXY", f"http://user:pass@127.0.0.1:{port}")
    with pytest.raises(
        ConnectionFailedError,
        match=r"to https://runners\.test through the proxy failed",
    ) as raised:
        connect(f"https://{NAME}", max_retries=1).list_runners()
    assert "pass" not in str(raised.value)
    assert len(delays) == 1


@pytest.mark.parametrize("address", ["socks5://127.0.0.1:1", "http://", "foo://127.0.0.1:1"])
def test_an_invalid_proxy_address(address, connect, delays, monkeypatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", address)
    with pytest.raises(ProxyRefusedError, match="the proxy's address in the environment"):
        connect(f"https://{NAME}", max_retries=1).list_runners()
    assert delays == []


def test_a_proxy_with_an_endless_response(connect, service, monkeypatch) -> None:
    endless = Endless(b"HTTP/1.1 200 OK\r\n", repeat(b"x: y\r\n"))
    service.replies = [endless]
    monkeypatch.setenv("HTTPS_PROXY", service.url)
    with pytest.raises(KubiyaError) as raised:
        connect(f"https://{NAME}", max_retries=0).list_runners()
    assert str(raised.value).isprintable()
    assert endless.sent < 2**25


def test_an_unknown_host(connect) -> None:
    with pytest.raises(
        ConnectionFailedError,
        match=r"to https://runners\.invalid failed \(.*[Nn]ame.*\)",
    ):
        connect("https://runners.invalid", max_retries=0).list_runners()
