"""A look at the health with an end of its own: one call, and no longer than it is given."""

import threading

import pytest

from kubiya_pulumi.api import ResponseTimeoutError, ServerError
from tests.api.scripted_service import reply


def test_it_is_made_once(connect, service, pauses):
    client = connect(service.url, max_retries=3)
    service.replies = [reply(503)]
    with pytest.raises(ServerError):
        client.get_runner_health("a", total_timeout_seconds=10)
    assert len(service.requests) == 1
    assert pauses == []


def test_an_answer_in_time_is_the_answer(client, service):
    service.replies = [reply(data={"status": "healthy", "checks": []})]
    assert client.get_runner_health("a", total_timeout_seconds=10).healthy


def test_an_answer_that_does_not_come_ends_it(client, service):
    over = threading.Event()
    service.replies = [lambda _handler: over.wait(30)]
    try:
        with pytest.raises(ResponseTimeoutError, match=r"within 0\.2 seconds"):
            client.get_runner_health("a", total_timeout_seconds=0.2)
    finally:
        over.set()


def test_an_answer_that_trickles_ends_it(client, service):
    over = threading.Event()
    sent = []

    def trickle(handler):
        handler.send_response(200)
        handler.send_header("Content-Length", "1000")
        handler.end_headers()
        for _ in range(1000):
            if over.wait(0.05):
                return
            sent.append(1)
            handler.wfile.write(b" ")

    service.replies = [trickle]
    try:
        with pytest.raises(ResponseTimeoutError):
            client.get_runner_health("a", total_timeout_seconds=0.3)
    finally:
        over.set()
    assert len(sent) < 500
