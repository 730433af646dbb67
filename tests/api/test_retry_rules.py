"""Each cell of the table in the client's docstring, with a real server that counts requests."""

import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterator

import pytest
import trustme

from kubiya_pulumi.api import NotFoundError, RunnersClient, ServerError, transport
from kubiya_pulumi.errors import KubiyaError
from tests.api.scripted_service import ScriptedService, drop, raw, reply, truncate

RETRIES = 2
CALLS: dict[str, Callable[[RunnersClient], object]] = {
    "GET": lambda client: client.get_runner_health("a"),
    "PUT": lambda client: client.update_runner_description("a", "text"),
    "DELETE": lambda client: client.delete_runner("a"),
    "POST without confirmation": lambda client: client.create_runner("a"),
    "POST with confirmation": lambda client: client.create_runner(
        "a", confirm_not_created=lambda: True
    ),
}
RETRIED = dict.fromkeys(CALLS, 1 + RETRIES)
NEVER = dict.fromkeys(CALLS, 1)
CELLS = {
    ("retried", "retried"): RETRIED,
    ("retried", "if confirmed"): {**RETRIED, "POST without confirmation": 1},
    ("never", "never"): NEVER,
}
"""The pairs of cells that a row may have, and the requests that each of `CALLS` then sends."""

over = threading.Event()


def hang(_handler) -> None:
    over.wait(30)


RESPONSES = {
    "status 429": [reply(429)],
    "the connection closed early": [drop, raw(b""), raw(b"HTTP/1.1 2")],
    "the response is not HTTP": [raw(b"hello\r\n\r\n"), raw(b"HTTP/9 200 OK\r\n\r\n")],
    "the response timed out": [hang],
    "the response is truncated": [
        truncate,
        raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel"),
        raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n0\r\n\r\n"),
    ],
    "status 500, 502, 503, 504": [reply(status) for status in (500, 502, 503, 504)],
    "any other status": [
        # These headers must not cause a retry.
        reply(status, "no", Retry_After="1", Location="/elsewhere")
        for status in (
            *(301, 302, 303, 304, 307, 308, 400, 401, 402, 403, 404, 405, 408, 409, 410),
            *(413, 418, 422, 425, 499, 501, 505, 507, 511, 520, 599, 600),
        )
    ],
    "the response is too large": [reply(200, b" " * (2**20 + 1))],
    "the response cannot be parsed": [
        reply(200, "<html>"),
        reply(200, "{}", Content_Encoding="br"),
        raw(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}"),
    ],
}
"""The replies of a service, by the row of the table."""

WITHOUT_RESPONSE = {
    "the connection failed",
    "the connection is not secure",
    "the proxy refused the connection",
}


@pytest.fixture(scope="module")
def table() -> dict[str, tuple[str, str]]:
    """The rows of the docstring: the outcome, and the cells of both columns."""
    cells = re.findall(r"^ *\| (.+?) +\| (.+?) +\| (.+?) +\|$", RunnersClient.__doc__ or "", re.M)
    heading, _, *rows = cells
    assert heading == ("outcome", "GET, PUT, DELETE", "POST")
    return {outcome: (others, post) for outcome, others, post in rows}


@pytest.fixture
def client(connect, service, monkeypatch) -> Iterator[RunnersClient]:
    monkeypatch.setattr(transport, "MAX_RESPONSE_BYTES", 2**20)
    over.clear()
    yield connect(service.url, max_retries=RETRIES)
    over.set()


def test_every_row_of_the_table_is_tested(table) -> None:
    assert table.keys() == RESPONSES.keys() | WITHOUT_RESPONSE


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(
    ("row", "response"), [(row, response) for row in RESPONSES for response in RESPONSES[row]]
)
def test_a_response(row, response, call, table, client, connect, service, delays) -> None:
    service.replies = [response]
    if response is hang:
        client = connect(service.url, max_retries=RETRIES, timeout_seconds=0.2)
    with pytest.raises(KubiyaError):
        CALLS[call](client)
    assert 1 + len(delays) == CELLS[table[row]][call]
    # A service that hangs may record a request only after the client has closed it.
    assert response is hang or len(service.requests) == 1 + len(delays)


@pytest.mark.parametrize("call", CALLS)
def test_no_connection(call, table, connect, delays) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    client = connect(f"http://127.0.0.1:{port}", max_retries=RETRIES)
    with pytest.raises(KubiyaError, match="Connection refused") as raised:
        CALLS[call](client)
    assert not raised.value.outcome_unknown
    assert 1 + len(delays) == CELLS[table["the connection failed"]][call]


@pytest.mark.parametrize("call", CALLS)
def test_an_untrusted_certificate(call, table, connect, delays) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    with ScriptedService(context) as service:
        with pytest.raises(KubiyaError, match="not secure"):
            CALLS[call](connect(service.url, max_retries=RETRIES))
        assert service.requests == []
    assert 1 + len(delays) == CELLS[table["the connection is not secure"]][call]


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("status", [403, 407, 503])
def test_a_proxy_that_refuses_the_connection(
    status, call, table, connect, service, monkeypatch
) -> None:
    service.replies = [reply(status)]
    monkeypatch.setenv("HTTPS_PROXY", service.url)
    with pytest.raises(KubiyaError, match="through the proxy"):
        CALLS[call](connect("https://runners.test", max_retries=RETRIES))
    assert [request.method for request in service.requests] == ["CONNECT"] * CELLS[
        table["the proxy refused the connection"]
    ][call]


def test_an_interrupted_handshake_is_a_closed_connection(connect, service, delays) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=lambda: [server.accept()[0].close() for _ in range(3)])
        thread.start()
        client = connect(f"https://127.0.0.1:{server.getsockname()[1]}", max_retries=RETRIES)
        with pytest.raises(KubiyaError, match="closed before a response arrived"):
            client.list_runners()
        thread.join(10)
    assert len(delays) == RETRIES


@pytest.mark.parametrize("failure", [reply(503), reply(429), drop, truncate])
def test_a_retry_that_succeeds_is_a_success(failure, client, service) -> None:
    service.replies = [failure, failure, reply(200, {"status": "healthy"})]
    assert client.get_runner_health("a").healthy
    assert len(service.requests) == 3


def test_no_retries(connect, service, delays) -> None:
    service.replies = [reply(503)]
    with pytest.raises(ServerError):
        connect(service.url, max_retries=0).list_runners()
    assert (len(service.requests), delays) == (1, [])


def test_the_last_response_is_raised(client, service) -> None:
    service.replies = [reply(503, "first"), reply(503, "second"), reply(500, "third")]
    with pytest.raises(ServerError) as raised:
        client.list_runners()
    assert (raised.value.status, raised.value.message) == (500, "third")


def test_the_confirmation_comes_between_the_delay_and_the_retry(client, service, delays) -> None:
    states = []

    def confirm() -> bool:
        states.append((len(service.requests), len(delays)))
        return True

    service.replies = [drop, truncate, reply(200, {"name": "a"})]
    assert client.create_runner("a", confirm_not_created=confirm).name == "a"
    assert states == [(1, 1), (2, 2)]
    assert len(service.requests) == 3


def _fails() -> bool:
    raise NotFoundError(404, None, "no", "list_runners")


@pytest.mark.parametrize("confirm", [lambda: False, _fails])
def test_a_create_without_confirmation_is_not_retried(confirm, client, service) -> None:
    service.replies = [reply(502, "bad gateway")]
    with pytest.raises(ServerError, match="The change may have been made") as raised:
        client.create_runner("a", confirm_not_created=confirm)
    assert raised.value.status == 502
    assert raised.value.outcome_unknown
    assert len(service.requests) == 1


def test_no_confirmation_where_the_request_was_not_processed(client, service) -> None:
    service.replies = [reply(429), reply(200, {"name": "a"})]
    assert client.create_runner("a", confirm_not_created=_fails).name == "a"


def test_an_exception_of_the_confirmation_is_raised(client, service) -> None:
    service.replies = [drop]
    with pytest.raises(ZeroDivisionError):
        client.create_runner("a", confirm_not_created=lambda: bool(1 / 0))
