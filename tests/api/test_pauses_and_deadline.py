"""How long the client waits between calls, and when it gives up."""

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
from kubiya_pulumi.api.retries import LONGEST_PAUSE, backoff_delay, parse_retry_after
from kubiya_pulumi.api.transport import LONGEST_OPERATION
from kubiya_pulumi.errors import KubiyaError
from tests.api.conftest import KEY
from tests.api.scripted_service import Handler, drop, reply


def test_the_pauses_grow_to_a_minute(connect, service, pauses) -> None:
    service.replies = [reply(503)]
    with pytest.raises(ApiError):
        connect(service.url, max_retries=20).list_runners()
    longest = [1, 2, 4, 8, 16, 32, LONGEST_PAUSE, LONGEST_PAUSE, LONGEST_PAUSE]
    assert pauses == longest, "the tenth would not fit into 300 seconds"
    assert len(service.requests) == len(pauses) + 1


@given(repetition=st.integers(0, 20), chance=st.floats(0, 1))
def test_a_pause_is_anything_from_nothing_to_the_longest(repetition: int, chance: float) -> None:
    asked: list[tuple[float, float]] = []

    def jitter(least: float, most: float) -> float:
        asked.append((least, most))
        return least + chance * (most - least)

    answer = Response(operation="x", runner=None, status=503, body=b"")
    pause = backoff_delay(repetition, answer, Clock(jitter=jitter))
    assert asked == [(0, min(60, 2**repetition))]
    assert pause == chance * asked[0][1]


@pytest.mark.parametrize(
    ("header", "pause"),
    [("7", 7), (" 7 ", 7), ("59", 59), ("250", 250), ("0", 1), ("-1", 1), ("soon", 1)],
)
def test_the_service_says_how_many_seconds_to_wait(header, pause, client, service, pauses) -> None:
    service.replies = [reply(429, Retry_After=header), reply(200, [])]
    client.list_runners()
    assert pauses == [pause]


def test_the_service_says_until_when_to_wait(client, service, pauses) -> None:
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    past = format_datetime(datetime.now(UTC) - timedelta(days=30), usegmt=True)
    service.replies = [reply(503, Retry_After=soon), reply(200, [])]
    client.list_runners()
    service.replies = [reply(503, Retry_After=past), reply(200, [])]
    client.list_runners()
    assert 60 < pauses[0] <= 90
    assert pauses[1:] == [1]


def test_a_wait_that_is_too_long_is_not_begun_but_told(client, service, pauses) -> None:
    service.replies = [reply(429, "slow down", Retry_After="3600")]
    with pytest.raises(RateLimitedError) as raised:
        client.list_runners()
    assert str(raised.value) == (
        "could not list the runners: the service answered 429: slow down. It asks to wait 3600 "
        "seconds. Wait a while, then try again; a narrower --parallel makes fewer requests at "
        "once."
    )
    assert raised.value.retry_after == 3600

    late = format_datetime(datetime.now(UTC) + timedelta(days=1), usegmt=True)
    service.replies = [reply(503, Retry_After=late)]
    with pytest.raises(ServerError, match=r"It asks to wait 86\d{3} seconds\."):
        client.create_runner("a", confirm_not_created=lambda: True)
    assert pauses == []
    assert len(service.requests) == 2


@given(st.text() | st.from_regex(r"[0-9]+"))
def test_any_retry_after_is_a_number_that_can_be_shown(header: str) -> None:
    assert 0 <= (parse_retry_after(header) or 0) <= 1e9


def test_what_was_waited_for_counts(client, service, pauses) -> None:
    service.replies = [
        reply(503, Retry_After="200"),
        reply(503, Retry_After="101"),
        reply(200, []),
    ]
    with pytest.raises(ServerError, match="It asks to wait 101 seconds"):
        client.list_runners()
    assert pauses == [200]


def test_a_longer_timeout_makes_the_deadline_longer(connect, service, pauses) -> None:
    service.replies = [reply(503, Retry_After="500"), reply(200, [])]
    assert connect(service.url, timeout_seconds=600).list_runners() == ()
    assert pauses == [500]


def test_all_paths_of_an_operation_have_one_deadline(client, service, pauses) -> None:
    service.replies = [
        reply(503, Retry_After="200"),
        reply(404),
        reply(503, Retry_After="200"),
    ]
    with pytest.raises(ServerError):
        client.describe_runner("a")
    assert pauses == [200]
    assert service.targets == ["/v1/runners/a/describe"] * 2 + ["/api/v1/runners/a/describe"]


def test_all_redirects_of_a_download_have_one_deadline(client, service, pauses) -> None:
    service.replies = [
        reply(503, Retry_After="200"),
        reply(302, Location="/n"),
        reply(503, Retry_After="200"),
    ]
    with pytest.raises(ServerError):
        client.download_manifest("/m", runner="a")
    assert pauses == [200]
    assert service.targets == ["/m", "/m", "/n"]


class Slow:
    """A clock on which time passes only as a test says."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> float:
        return self.seconds

    def pass_(self, seconds: float) -> None:
        self.seconds += seconds


@pytest.fixture
def slow() -> Slow:
    return Slow()


@pytest.fixture
def patient(slow, service) -> Iterator[RunnersClient]:
    connection = Connection(api_key=KEY, base_url=service.url, timeout_seconds=30, max_retries=20)
    clock = Clock(now=slow.now, sleep=slow.pass_, jitter=lambda least, _: least)
    with RunnersClient(connection, clock=clock) as client:
        yield client


def test_no_call_begins_after_the_deadline(patient, slow, service) -> None:
    def late(handler: Handler) -> None:
        slow.pass_(LONGEST_OPERATION / 3)
        drop(handler)

    service.replies = [late]
    with pytest.raises(KubiyaError):
        patient.list_runners()
    assert len(service.requests) == 3


def test_no_call_begins_after_a_look_that_took_too_long(patient, slow, service) -> None:
    def look() -> bool:
        slow.pass_(LONGEST_OPERATION)
        return True

    service.replies = [reply(502)]
    with pytest.raises(ServerError, match="502"):
        patient.create_runner("a", confirm_not_created=look)
    assert len(service.requests) == 1


def test_no_call_is_made_for_an_operation_that_is_over(patient, slow, service) -> None:
    transport = patient._transport
    deadline = transport.deadline()
    slow.pass_(LONGEST_OPERATION)
    with pytest.raises(
        ResponseTimeoutError, match="the 300 seconds that it may take in all"
    ) as over:
        transport.call("list_runners", "GET", "/", deadline=deadline)
    assert not over.value.outcome_unknown
    assert service.requests == []


HEAD = b"HTTP/1.1 200 OK\r\n"
DRIPS: dict[str, tuple[bytes, bytes]] = {
    "a status line": (b"HTTP/1.1 200 ", b"O"),
    "a header": (HEAD + b"X-Header: ", b"x"),
    "the headers": (HEAD, b"X-Header: x\r\n"),
    "the interim answers": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "a body": (HEAD + b"Content-Length: 9999\r\n\r\n", b" "),
    "a body without a length": (HEAD + b"\r\n", b" "),
    "the chunks": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
    "the length of a chunk": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"0"),
    "the trailers": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", b"x: y\r\n"),
}


@pytest.mark.parametrize("call", ["list_runners", "create_runner"])
@pytest.mark.parametrize("drip", DRIPS)
def test_an_answer_that_drips_ends_with_the_deadline(drip, call, patient, slow, service) -> None:
    """Each drop comes well in time, and ten seconds after the one before."""
    beginning, drop_ = DRIPS[drip]
    taken = threading.Semaphore(0)
    drops: list[int] = []
    real_now = slow.now

    def answer(handler: Handler) -> None:
        handler.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        handler.close_connection = True
        handler.wfile.write(beginning)
        for number in range(1000):
            slow.pass_(10)
            drops.append(number)
            handler.wfile.write(drop_)
            # The client asks what time it is before each read: then it has taken the drop.
            if not taken.acquire(timeout=30):
                return

    def now() -> float:
        taken.release()
        return real_now()

    service.replies = [answer]
    object.__setattr__(patient._transport._clock, "now", now)
    arguments: tuple[str, ...] = ("a",) if call == "create_runner" else ()
    with pytest.raises(ResponseTimeoutError, match="did not answer within 300 seconds") as raised:
        getattr(patient, call)(*arguments)
    assert raised.value.outcome_unknown
    assert len(service.requests) == 1
    assert len(drops) <= 60


def test_the_timeout_is_for_each_part_of_an_answer(connect, service) -> None:
    over = threading.Event()

    def stop(handler: Handler) -> None:
        handler.wfile.write(HEAD + b"Content-Length: 9\r\n\r\n{")
        over.wait(30)

    service.replies = [stop]
    try:
        with pytest.raises(ResponseTimeoutError, match=r"did not answer within 0\.2 seconds"):
            connect(service.url, timeout_seconds=0.2, max_retries=0).list_runners()
    finally:
        over.set()
