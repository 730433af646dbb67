"""The table in the client's docstring, each cell against a real server that counts the calls."""

import re
import socket
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubiya_pulumi.api import (
    AnswerCutOffError,
    ApiError,
    ConnectionFailedError,
    RunnersClient,
)
from kubiya_pulumi.api.answers import Answer
from kubiya_pulumi.api.transport import LONGEST_PAUSE, RULES, seconds_before
from tests.api.scripted_service import cut, drop, raw, reply

RETRIES_ALLOWED = 2
CALLS: dict[str, Callable[[RunnersClient], object]] = {
    "GET": lambda client: client.get_runner_health("a"),
    "PUT": lambda client: client.update_runner_description("a", "text"),
    "DELETE": lambda client: client.delete_runner("a"),
    "POST": lambda client: client.create_runner("a"),
}


@pytest.fixture
def client(connect, service) -> RunnersClient:
    return connect(service.url, max_retries=RETRIES_ALLOWED)


def _calls(method: str, *, again: bool) -> int:
    return 1 + RETRIES_ALLOWED if again and method != "POST" else 1


@pytest.mark.parametrize("method", CALLS)
@pytest.mark.parametrize(
    ("status", "again"),
    [
        *((status, True) for status in (429, 500, 502, 503, 504)),
        *((status, False) for status in (400, 401, 403, 405, 409, 410, 413, 418, 422, 501, 505)),
        *((status, False) for status in (301, 302, 303, 307, 308)),
    ],
)
def test_a_status(method, status, again, client, service, pauses) -> None:
    # The header must not make a status one that is called again for.
    service.replies = [reply(status, "no", Retry_After="1", Location="/elsewhere")]
    with pytest.raises(ApiError) as raised:
        CALLS[method](client)
    assert raised.value.status == status
    assert [request.method for request in service.requests] == [method] * _calls(
        method, again=again
    )
    assert len(pauses) == len(service.requests) - 1


@pytest.mark.parametrize("method", CALLS)
@pytest.mark.parametrize("how", [drop, raw(b"HTTP/1.1 2"), raw(b"hello\r\n\r\n")])
def test_a_connection_that_breaks_before_an_answer(method, how, client, service) -> None:
    service.replies = [how]
    with pytest.raises(ConnectionFailedError, match="broke before an answer came") as raised:
        CALLS[method](client)
    assert len(service.requests) == _calls(method, again=True)
    assert ("It may have been done" in str(raised.value)) == (method != "GET")


@pytest.mark.parametrize("method", CALLS)
def test_an_answer_that_breaks_off(method, client, service) -> None:
    service.replies = [cut]
    with pytest.raises(AnswerCutOffError, match="was cut off before its end"):
        CALLS[method](client)
    assert len(service.requests) == _calls(method, again=True)


@pytest.mark.parametrize("method", CALLS)
def test_an_answer_that_does_not_come_in_time(method, connect, service) -> None:
    done = threading.Event()
    service.replies = [lambda handler: done.wait(10)]
    client = connect(service.url, max_retries=RETRIES_ALLOWED, timeout_seconds=0.1)
    try:
        with pytest.raises(Exception, match=r"did not answer within 0\.1 seconds"):
            CALLS[method](client)
        assert len(service.requests) == _calls(method, again=True)
    finally:
        done.set()


@pytest.mark.parametrize("method", CALLS)
def test_no_connection_is_tried_again_for_every_method(method, connect, pauses) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    client = connect(f"http://127.0.0.1:{port}", max_retries=RETRIES_ALLOWED)
    with pytest.raises(ConnectionFailedError, match="Connection refused") as raised:
        CALLS[method](client)
    assert "It may have been done" not in str(raised.value)
    assert len(pauses) == RETRIES_ALLOWED


@pytest.mark.parametrize("how", [reply(503), reply(429), drop, cut])
def test_a_call_that_succeeds_at_last_is_a_success(how, client, service) -> None:
    service.replies = [how, how, reply(200, {"status": "healthy"})]
    assert client.get_runner_health("a").healthy
    assert len(service.requests) == 3


def test_no_retries(connect, service, pauses) -> None:
    service.replies = [reply(503)]
    with pytest.raises(ApiError):
        connect(service.url, max_retries=0).list_runners()
    assert (len(service.requests), pauses) == (1, [])


def test_the_last_answer_is_the_one_that_counts(client, service) -> None:
    service.replies = [reply(503, "first"), reply(503, "second"), reply(500, "third")]
    with pytest.raises(ApiError) as raised:
        client.list_runners()
    assert (raised.value.status, raised.value.message) == (500, "third")


def test_the_pauses_grow(connect, service, pauses) -> None:
    service.replies = [reply(503)]
    with pytest.raises(ApiError):
        connect(service.url, max_retries=9).list_runners()
    least = [0, 1, 2, 4, 8, 16, 32, LONGEST_PAUSE, LONGEST_PAUSE]
    assert [low <= pause <= low + 0.5 for pause, low in zip(pauses, least, strict=True)] == [
        True
    ] * 9


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("7", 7), (" 7 ", 7), ("59", 59), ("100000", LONGEST_PAUSE), ("9" * 5000, 0), ("-1", 0)],
)
def test_the_service_says_how_many_seconds_to_wait(
    header, seconds, client, service, pauses
) -> None:
    service.replies = [reply(429, Retry_After=header), reply(200, [])]
    client.list_runners()
    assert pauses == [seconds]


def test_the_service_says_until_when_to_wait(client, service, pauses) -> None:
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    late = format_datetime(datetime.now(UTC) + timedelta(days=30), usegmt=True)
    past = format_datetime(datetime.now(UTC) - timedelta(days=30), usegmt=True)
    service.replies = [reply(503, Retry_After=soon), reply(200, [])]
    client.list_runners()
    service.replies = [reply(503, Retry_After=late), reply(200, [])]
    client.list_runners()
    service.replies = [reply(503, Retry_After=past), reply(200, [])]
    client.list_runners()
    assert 0 < pauses[0] <= 30
    assert pauses[1:] == [LONGEST_PAUSE, 0]


@given(st.text())
def test_any_retry_after_is_a_bounded_pause(header: str) -> None:
    answer = Answer(operation="x", runner=None, status=503, body=b"", retry_after=header)
    assert 0 <= seconds_before(RULES, answer) <= LONGEST_PAUSE


def test_the_docstring_has_the_rules() -> None:
    statuses = re.findall(r"\| ([\d, ]+?) +\| again +\| never \|", RunnersClient.__doc__ or "")
    assert statuses == ["429, 500, 502, 503, 504"]
