"""How long the client waits before a retry, and when it stops retrying."""

import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubiya_pulumi.api import (
    ApiError,
    Clock,
    Connection,
    RateLimitedError,
    ResponseTimeoutError,
    RunnersClient,
    ServerError,
)
from kubiya_pulumi.api.responses import Response
from kubiya_pulumi.api.retries import BACKOFF_CAP, backoff_delay, parse_retry_after
from kubiya_pulumi.api.transport import OPERATION_TIMEOUT
from kubiya_pulumi.errors import KubiyaError
from tests.api.conftest import KEY
from tests.api.scripted_service import Handler, drop, reply


def test_the_delays_double_up_to_a_minute(connect, service, delays) -> None:
    service.replies = [reply(503)]
    with pytest.raises(ApiError):
        connect(service.url, max_retries=20).list_runners()
    maximum = [1, 2, 4, 8, 16, 32, BACKOFF_CAP, BACKOFF_CAP, BACKOFF_CAP]
    assert delays == maximum, "a tenth delay does not fit into 300 seconds"
    assert len(service.requests) == len(delays) + 1


@given(attempt=st.integers(0, 20), fraction=st.floats(0, 1))
def test_a_delay_is_random_between_0_and_its_maximum(attempt: int, fraction: float) -> None:
    bounds: list[tuple[float, float]] = []

    def jitter(low: float, high: float) -> float:
        bounds.append((low, high))
        return low + fraction * (high - low)

    response = Response(operation="x", runner=None, status=503, body=b"")
    delay = backoff_delay(attempt, response, Clock(jitter=jitter))
    assert bounds == [(0, min(60, 2**attempt))]
    assert delay == fraction * bounds[0][1]


@pytest.mark.parametrize(
    ("header", "delay"),
    [("7", 7), (" 7 ", 7), ("59", 59), ("250", 250), ("0", 1), ("-1", 1), ("soon", 1)],
)
def test_retry_after_in_seconds(header, delay, client, service, delays) -> None:
    service.replies = [reply(429, Retry_After=header), reply(200, [])]
    client.list_runners()
    assert delays == [delay]


def test_retry_after_as_a_date(client, service, delays) -> None:
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    past = format_datetime(datetime.now(UTC) - timedelta(days=30), usegmt=True)
    service.replies = [reply(503, Retry_After=soon), reply(200, [])]
    client.list_runners()
    service.replies = [reply(503, Retry_After=past), reply(200, [])]
    client.list_runners()
    assert 60 < delays[0] <= 90
    assert delays[1:] == [1]


def test_a_retry_after_beyond_the_deadline_is_reported_at_once(client, service, delays) -> None:
    service.replies = [reply(429, "slow down", Retry_After="3600")]
    with pytest.raises(RateLimitedError) as raised:
        client.list_runners()
    assert str(raised.value) == (
        "could not list the runners: the service returned 429: slow down. Retry after 3600 "
        "seconds. A lower --parallel sends fewer requests at once."
    )
    assert raised.value.retry_after == 3600

    late = format_datetime(datetime.now(UTC) + timedelta(days=1), usegmt=True)
    service.replies = [reply(503, Retry_After=late)]
    with pytest.raises(ServerError, match=r"Retry after 86\d{3} seconds\."):
        client.create_runner("a", confirm_not_created=lambda: True)
    assert delays == []
    assert len(service.requests) == 2


@given(st.text() | st.from_regex(r"[0-9]+"))
def test_any_retry_after_is_a_finite_number(header: str) -> None:
    assert 0 <= (parse_retry_after(header) or 0) <= 1e9


def test_delays_count_towards_the_deadline(client, service, delays) -> None:
    service.replies = [
        reply(503, Retry_After="200"),
        reply(503, Retry_After="101"),
        reply(200, []),
    ]
    with pytest.raises(ServerError, match="Retry after 101 seconds"):
        client.list_runners()
    assert delays == [200]


def test_a_longer_timeout_extends_the_deadline(connect, service, delays) -> None:
    service.replies = [reply(503, Retry_After="500"), reply(200, [])]
    assert connect(service.url, timeout_seconds=600).list_runners() == ()
    assert delays == [500]


def test_all_paths_of_an_operation_share_a_deadline(client, service, delays) -> None:
    service.replies = [
        reply(503, Retry_After="200"),
        reply(404),
        reply(503, Retry_After="200"),
    ]
    with pytest.raises(ServerError):
        client.describe_runner("a")
    assert delays == [200]
    assert service.targets == ["/v1/runners/a/describe"] * 2 + ["/api/v1/runners/a/describe"]


def test_all_redirects_of_a_download_share_a_deadline(client, service, delays) -> None:
    service.replies = [
        reply(503, Retry_After="200"),
        reply(302, Location="/n"),
        reply(503, Retry_After="200"),
    ]
    with pytest.raises(ServerError):
        client.download_manifest("/m", runner="a")
    assert delays == [200]
    assert service.targets == ["/m", "/m", "/n"]


class ManualTime:
    """Time that passes only when a test advances it."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> float:
        return self.seconds

    def advance(self, seconds: float) -> None:
        self.seconds += seconds


@pytest.fixture
def time() -> ManualTime:
    return ManualTime()


@pytest.fixture
def patient(time, service) -> Iterator[RunnersClient]:
    connection = Connection(api_key=KEY, base_url=service.url, timeout_seconds=30, max_retries=20)
    clock = Clock(now=time.now, sleep=time.advance, jitter=lambda low, _: low)
    with RunnersClient(connection, clock=clock) as client:
        yield client


def test_no_request_is_sent_after_the_deadline(patient, time, service) -> None:
    def drop_late(handler: Handler) -> None:
        time.advance(OPERATION_TIMEOUT / 3)
        drop(handler)

    service.replies = [drop_late]
    with pytest.raises(KubiyaError):
        patient.list_runners()
    assert len(service.requests) == 3


def test_no_request_is_sent_after_a_confirmation_that_took_too_long(patient, time, service) -> None:
    def confirm() -> bool:
        time.advance(OPERATION_TIMEOUT)
        return True

    service.replies = [reply(502)]
    with pytest.raises(ServerError, match="502"):
        patient.create_runner("a", confirm_not_created=confirm)
    assert len(service.requests) == 1


def test_no_request_is_sent_for_an_expired_operation(patient, time, service) -> None:
    transport = patient._transport
    limits = transport.limits()
    time.advance(OPERATION_TIMEOUT)
    with pytest.raises(
        ResponseTimeoutError,
        match="the time limit of 300 seconds expired before",
    ) as raised:
        transport.call("list_runners", "GET", "/", limits=limits)
    assert not raised.value.outcome_unknown
    assert service.requests == []


HEAD = b"HTTP/1.1 200 OK\r\n"
SLOW_RESPONSES: dict[str, tuple[bytes, bytes]] = {
    "a status line": (b"HTTP/1.1 200 ", b"O"),
    "a header": (HEAD + b"X-Header: ", b"x"),
    "the headers": (HEAD, b"X-Header: x\r\n"),
    "the interim responses": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "a body": (HEAD + b"Content-Length: 9999\r\n\r\n", b" "),
    "a body without a length": (HEAD + b"\r\n", b" "),
    "the chunks": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
    "a chunk's length": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"0"),
    "the trailers": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", b"x: y\r\n"),
}


@pytest.mark.parametrize("call", ["list_runners", "create_runner"])
@pytest.mark.parametrize("part", SLOW_RESPONSES)
def test_a_slow_response_ends_at_the_deadline(part, call, patient, time, service) -> None:
    """Each piece arrives within the timeout, ten seconds after the previous one."""
    start, piece = SLOW_RESPONSES[part]
    was_read = threading.Semaphore(0)
    sent: list[int] = []
    real_now = time.now

    def respond(handler: Handler) -> None:
        handler.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        handler.close_connection = True
        handler.wfile.write(start)
        for number in range(1000):
            time.advance(10)
            sent.append(number)
            handler.wfile.write(piece)
            # The client reads the clock before each read: then it has read the piece.
            if not was_read.acquire(timeout=30):
                return

    def now() -> float:
        was_read.release()
        return real_now()

    service.replies = [respond]
    object.__setattr__(patient._transport._clock, "now", now)
    arguments: tuple[str, ...] = ("a",) if call == "create_runner" else ()
    with pytest.raises(ResponseTimeoutError, match="did not respond within 300 seconds") as raised:
        getattr(patient, call)(*arguments)
    assert raised.value.outcome_unknown
    assert len(service.requests) == 1
    assert len(sent) <= 60


def test_the_timeout_applies_to_each_part_of_a_response(connect, service) -> None:
    over = threading.Event()

    def hang(handler: Handler) -> None:
        handler.wfile.write(HEAD + b"Content-Length: 9\r\n\r\n{")
        over.wait(30)

    service.replies = [hang]
    try:
        with pytest.raises(ResponseTimeoutError, match=r"did not respond within 0\.2 seconds"):
            connect(service.url, timeout_seconds=0.2, max_retries=0).list_runners()
    finally:
        over.set()
