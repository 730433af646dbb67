"""`total_timeout_seconds`: the health is requested once, within this time."""

import threading

import pytest

from kubiya_pulumi.api import ResponseTimeoutError, ServerError
from tests.api.scripted_service import reply


def test_the_request_is_sent_once(connect, service, delays):
    client = connect(service.url, max_retries=3)
    service.replies = [reply(503)]
    with pytest.raises(ServerError):
        client.get_runner_health("a", total_timeout_seconds=10)
    assert len(service.requests) == 1
    assert delays == []


def test_a_response_in_time_is_returned(client, service):
    service.replies = [reply(data={"status": "healthy", "checks": []})]
    assert client.get_runner_health("a", total_timeout_seconds=10).healthy


def test_a_missing_response_times_out(client, service):
    over = threading.Event()
    service.replies = [lambda _handler: over.wait(30)]
    try:
        with pytest.raises(ResponseTimeoutError, match=r"within 0\.2 seconds"):
            client.get_runner_health("a", total_timeout_seconds=0.2)
    finally:
        over.set()


def test_a_slow_response_times_out(client, service):
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
