"""The table in the client's docstring, each cell against a real server that counts the calls."""

import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterator

import pytest
import trustme

from kubiya_pulumi.api import NotFoundError, RunnersClient, ServerError, transport
from kubiya_pulumi.errors import KubiyaError
from tests.api.scripted_service import ScriptedService, cut, drop, raw, reply

RETRIES = 2
CALLS: dict[str, Callable[[RunnersClient], object]] = {
    "GET": lambda client: client.get_runner_health("a"),
    "PUT": lambda client: client.update_runner_description("a", "text"),
    "DELETE": lambda client: client.delete_runner("a"),
    "POST without a look": lambda client: client.create_runner("a"),
    "POST with a look": lambda client: client.create_runner("a", confirm_not_created=lambda: True),
}
AGAIN = dict.fromkeys(CALLS, 1 + RETRIES)
NEVER = dict.fromkeys(CALLS, 1)
CELLS = {
    ("again", "again"): AGAIN,
    ("again", "after a look"): {**AGAIN, "POST without a look": 1},
    ("never", "never"): NEVER,
}
"""The pairs of cells that a row may have, and the calls that each of `CALLS` then makes."""

over = threading.Event()


def hang(_handler) -> None:
    over.wait(30)


ANSWERS = {
    "429": [reply(429)],
    "the connection broke later": [drop, raw(b""), raw(b"HTTP/1.1 2")],
    "what came is not HTTP": [raw(b"hello\r\n\r\n"), raw(b"HTTP/9 200 OK\r\n\r\n")],
    "no answer in time": [hang],
    "the answer was cut off": [
        cut,
        raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel"),
        raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n0\r\n\r\n"),
    ],
    "500, 502, 503, 504": [reply(status) for status in (500, 502, 503, 504)],
    "every other status": [
        # The headers must not make a status one that is called again for.
        reply(status, "no", Retry_After="1", Location="/elsewhere")
        for status in (
            *(301, 302, 303, 304, 307, 308, 400, 401, 402, 403, 404, 405, 408, 409, 410),
            *(413, 418, 422, 425, 499, 501, 505, 507, 511, 520, 599, 600),
        )
    ],
    "the answer is too long": [reply(200, b" " * (2**20 + 1))],
    "the answer cannot be read": [
        reply(200, "<html>"),
        reply(200, "{}", Content_Encoding="br"),
        raw(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}"),
    ],
}
"""What a service does, by the row of the table."""

NOT_ANSWERED = {
    "no connection could be made",
    "the connection is not secure",
    "the proxy refused",
}


@pytest.fixture(scope="module")
def table() -> dict[str, tuple[str, str]]:
    """The rows in the docstring: what happened, and the cells under both columns."""
    cells = re.findall(r"^ +\| (.+?) +\| (.+?) +\| (.+?) +\|$", RunnersClient.__doc__ or "", re.M)
    heading, _, *rows = cells
    assert heading == ("what happened", "GET, PUT, DELETE", "POST")
    return {what: (others, post) for what, others, post in rows}


@pytest.fixture
def client(connect, service, monkeypatch) -> Iterator[RunnersClient]:
    monkeypatch.setattr(transport, "LONGEST_ANSWER", 2**20)
    over.clear()
    yield connect(service.url, max_retries=RETRIES)
    over.set()


def test_the_table_is_tested_row_by_row(table) -> None:
    assert table.keys() == ANSWERS.keys() | NOT_ANSWERED


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(("row", "answer"), [(row, a) for row in ANSWERS for a in ANSWERS[row]])
def test_a_service_that_answers(row, answer, call, table, client, connect, service, pauses) -> None:
    service.replies = [answer]
    if answer is hang:
        client = connect(service.url, max_retries=RETRIES, timeout_seconds=0.2)
    with pytest.raises(KubiyaError):
        CALLS[call](client)
    assert 1 + len(pauses) == CELLS[table[row]][call]
    # A service that hangs may notice a request only after the client has given up on it.
    assert answer is hang or len(service.requests) == 1 + len(pauses)


@pytest.mark.parametrize("call", CALLS)
def test_no_connection(call, table, connect, pauses) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    client = connect(f"http://127.0.0.1:{port}", max_retries=RETRIES)
    with pytest.raises(KubiyaError, match="Connection refused") as raised:
        CALLS[call](client)
    assert not raised.value.outcome_unknown
    assert 1 + len(pauses) == CELLS[table["no connection could be made"]][call]


@pytest.mark.parametrize("call", CALLS)
def test_no_trust(call, table, connect, pauses) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    with ScriptedService(context) as service:
        with pytest.raises(KubiyaError, match="not secure"):
            CALLS[call](connect(service.url, max_retries=RETRIES))
        assert service.requests == []
    assert 1 + len(pauses) == CELLS[table["the connection is not secure"]][call]


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("status", [403, 407, 503])
def test_a_proxy_that_refuses(status, call, table, connect, service, monkeypatch) -> None:
    service.replies = [reply(status)]
    monkeypatch.setenv("HTTPS_PROXY", service.url)
    with pytest.raises(KubiyaError, match="through the proxy"):
        CALLS[call](connect("https://runners.test", max_retries=RETRIES))
    assert [request.method for request in service.requests] == ["CONNECT"] * CELLS[
        table["the proxy refused"]
    ][call]


def test_a_handshake_that_breaks_off_is_a_connection_that_broke(connect, service, pauses) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=lambda: [server.accept()[0].close() for _ in range(3)])
        thread.start()
        client = connect(f"https://127.0.0.1:{server.getsockname()[1]}", max_retries=RETRIES)
        with pytest.raises(KubiyaError, match="broke before an answer came"):
            client.list_runners()
        thread.join(10)
    assert len(pauses) == RETRIES


@pytest.mark.parametrize("how", [reply(503), reply(429), drop, cut])
def test_a_call_that_succeeds_at_last_is_a_success(how, client, service) -> None:
    service.replies = [how, how, reply(200, {"status": "healthy"})]
    assert client.get_runner_health("a").healthy
    assert len(service.requests) == 3


def test_no_retries(connect, service, pauses) -> None:
    service.replies = [reply(503)]
    with pytest.raises(ServerError):
        connect(service.url, max_retries=0).list_runners()
    assert (len(service.requests), pauses) == (1, [])


def test_the_last_answer_is_the_one_that_counts(client, service) -> None:
    service.replies = [reply(503, "first"), reply(503, "second"), reply(500, "third")]
    with pytest.raises(ServerError) as raised:
        client.list_runners()
    assert (raised.value.status, raised.value.message) == (500, "third")


def test_the_look_comes_after_the_pause_and_before_the_call(client, service, pauses) -> None:
    seen = []

    def look() -> bool:
        seen.append((len(service.requests), len(pauses)))
        return True

    service.replies = [drop, cut, reply(200, {"name": "a"})]
    assert client.create_runner("a", confirm_not_created=look).name == "a"
    assert seen == [(1, 1), (2, 2)]
    assert len(service.requests) == 3


def _fails() -> bool:
    raise NotFoundError(404, None, "no", "list_runners")


@pytest.mark.parametrize("look", [lambda: False, _fails])
def test_a_look_that_does_not_say_so_leaves_the_doubt(look, client, service) -> None:
    service.replies = [reply(502, "bad gateway")]
    with pytest.raises(ServerError, match="It may have been done") as raised:
        client.create_runner("a", confirm_not_created=look)
    assert raised.value.status == 502
    assert raised.value.outcome_unknown
    assert len(service.requests) == 1


def test_no_look_where_nothing_was_done_for_sure(client, service) -> None:
    service.replies = [reply(429), reply(200, {"name": "a"})]
    assert client.create_runner("a", confirm_not_created=_fails).name == "a"


def test_a_mistake_in_the_look_is_not_hidden(client, service) -> None:
    service.replies = [drop]
    with pytest.raises(ZeroDivisionError):
        client.create_runner("a", confirm_not_created=lambda: bool(1 / 0))
