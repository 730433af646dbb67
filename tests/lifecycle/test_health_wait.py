"""The wait for a healthy runner, with a clock that does not sleep."""

import logging

import pytest

from kubiya_pulumi.api import (
    Clock,
    ConnectionFailedError,
    ForbiddenError,
    InvalidResponseError,
    NotFoundError,
    RateLimitedError,
    ResponseTimeoutError,
    RunnerHealth,
    ServerError,
    TlsError,
    TruncatedResponseError,
    UnauthorizedError,
)
from kubiya_pulumi.lifecycle.errors import HealthMissingError, NotHealthyError
from kubiya_pulumi.lifecycle.health_wait import (
    MAX_DELAY,
    MIN_REQUEST_SECONDS,
    poll_delays,
    wait_until_healthy,
)

CALL = ("get_runner_health", "r")


class FakeTime:
    """A time that advances only when the code under test sleeps."""

    def __init__(self):
        self.now = 1000.0
        self.clock = Clock(now=lambda: self.now, sleep=self._sleep, jitter=lambda _low, high: high)

    def _sleep(self, seconds):
        self.now += seconds


def health(status="healthy", **checks):
    return RunnerHealth.from_dict(
        {
            "status": status,
            "checks": [
                {"name": name.replace("_", "-"), "status": value} for name, value in checks.items()
            ],
        }
    )


def health_source(*responses):
    """Return a function that returns the responses in order and repeats the last one."""
    remaining = list(responses)
    received = []

    def get_health(seconds):
        assert seconds > 0
        response = remaining.pop(0) if len(remaining) > 1 else remaining[0]
        received.append(response)
        if isinstance(response, Exception):
            raise response
        return response

    get_health.received = received
    return get_health


def wait(get_health, *, checks=(), timeout_seconds=600, time=None):
    return wait_until_healthy(
        get_health,
        runner="r",
        required_checks=checks,
        timeout_seconds=timeout_seconds,
        clock=(time or FakeTime()).clock,
    )


def test_a_healthy_runner_is_requested_once():
    get_health = health_source(health())
    assert wait(get_health).status == "healthy"
    assert len(get_health.received) == 1


def test_the_wait_ends_with_the_first_healthy_response():
    get_health = health_source(health("unhealthy"), health("starting"), health())
    assert wait(get_health).healthy
    assert len(get_health.received) == 3


@pytest.mark.parametrize(
    "error",
    [
        ServerError(500, None, "x", *CALL),
        ServerError(503, None, "x", *CALL),
        RateLimitedError(429, None, "x", *CALL),
        ConnectionFailedError(*CALL, "x"),
        ResponseTimeoutError(*CALL, "x"),
        TruncatedResponseError(*CALL, "x"),
        HealthMissingError("x"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_temporary_error_does_not_end_the_wait(error):
    assert wait(health_source(error, error, health())).healthy


@pytest.mark.parametrize(
    "error",
    [
        UnauthorizedError(401, None, "x", *CALL),
        ForbiddenError(403, None, "x", *CALL),
        NotFoundError(404, None, "x", *CALL),
        TlsError(*CALL, "x"),
        InvalidResponseError(*CALL, "x"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_permanent_error_ends_the_wait_at_once(error):
    get_health = health_source(health("starting"), error, health())
    with pytest.raises(type(error)):
        wait(get_health)
    assert len(get_health.received) == 2


def test_the_timeout_limits_the_whole_wait():
    time = FakeTime()
    started_at = time.now
    with pytest.raises(NotHealthyError, match=r'runner "r" is not healthy after \d+ s'):
        wait(health_source(health("unhealthy")), timeout_seconds=60, time=time)
    assert time.now - started_at == pytest.approx(60)


def test_a_timeout_of_zero_still_sends_one_request():
    get_health = health_source(health("unhealthy"))
    with pytest.raises(NotHealthyError):
        wait(get_health, timeout_seconds=0)
    assert len(get_health.received) == 1
    assert wait(health_source(health()), timeout_seconds=0).healthy


def test_the_last_request_is_sent_at_the_deadline():
    time = FakeTime()

    def get_health(_seconds):
        return health("healthy" if time.now >= 1060 else "unhealthy")

    assert wait(get_health, timeout_seconds=60, time=time).healthy


def test_a_request_may_take_the_remaining_time():
    time, allowances = FakeTime(), []

    def get_health(seconds):
        allowances.append((time.now - 1000 + seconds, seconds))
        return health("unhealthy")

    with pytest.raises(NotHealthyError):
        wait(get_health, timeout_seconds=60, time=time)
    assert all(end == pytest.approx(60) for end, _ in allowances[:-1])
    assert allowances[-1][1] == MIN_REQUEST_SECONDS


def test_a_timeout_error_names_each_failing_check_with_its_error():
    unhealthy = RunnerHealth.from_dict(
        {
            "status": "unhealthy",
            "checks": [
                {"name": "agent-manager", "status": "healthy"},
                {"name": "tool-manager", "status": "unhealthy", "error": "no NATS"},
                {"name": "workflow-engine", "status": "starting"},
            ],
        }
    )
    with pytest.raises(NotHealthyError) as caught:
        wait(health_source(unhealthy), timeout_seconds=10)
    text = str(caught.value)
    assert 'check "tool-manager" is unhealthy (no NATS)' in text
    assert 'check "workflow-engine" is starting' in text
    assert "agent-manager" not in text


@pytest.mark.parametrize(
    ("response", "problem"),
    [
        ({"status": "starting"}, 'the reported status is "starting".'),
        ({"health": "false"}, 'the reported health is "false".'),
        ({"status": "healthy", "health": "false"}, 'the reported health is "false".'),
        ({"status": "degraded", "health": "ok"}, 'the reported status is "degraded".'),
        (
            {"status": "degraded", "health": "false"},
            'the reported status is "degraded"; the reported health is "false".',
        ),
        (
            {"health": "false", "checks": [{"name": "a", "status": "down"}]},
            'check "a" is down; the reported health is "false".',
        ),
        ({"health": "ok", "checks": [{"name": "a"}]}, 'check "a" is without a status.'),
        ({"checks": [{"name": "a", "status": "ok"}]}, "the service reports no status."),
        ({}, "the service reports no status."),
    ],
)
def test_a_timeout_error_names_every_report_of_a_problem_and_no_other(response, problem):
    with pytest.raises(NotHealthyError) as caught:
        wait(health_source(RunnerHealth.from_dict(response)), timeout_seconds=1)
    assert f" s: {problem} Inspect its pods" in str(caught.value)


def test_a_timeout_error_after_failed_requests_contains_their_error():
    error = ServerError(503, None, "under maintenance", *CALL)
    with pytest.raises(NotHealthyError, match="under maintenance"):
        wait(health_source(error), timeout_seconds=5)


def test_the_wait_considers_only_the_required_checks():
    response = health("unhealthy", tool_manager="ok", agent_manager="unhealthy")
    assert wait(health_source(response), checks=["tool-manager"]) == response
    assert wait(health_source(response), checks=["tool_manager"]) == response
    with pytest.raises(NotHealthyError, match='check "agent-manager" is unhealthy'):
        wait(health_source(response), checks=["tool-manager", "agent-manager"], timeout_seconds=1)


def test_a_required_check_that_does_not_exist_is_not_healthy():
    with pytest.raises(NotHealthyError, match='check "nosuch" does not exist'):
        wait(health_source(health()), checks=["nosuch"], timeout_seconds=1)


def test_poll_delays_grow_to_their_maximum():
    delays = poll_delays(FakeTime().clock)
    first_delays = [next(delays) for _ in range(20)]
    assert first_delays == sorted(first_delays)
    assert first_delays[0] < 1
    assert first_delays[-1] == MAX_DELAY


def test_poll_delays_differ_between_waits():
    first, second = poll_delays(Clock()), poll_delays(Clock())
    assert [next(first) for _ in range(5)] != [next(second) for _ in range(5)]


def test_a_long_wait_logs_its_progress_regularly(caplog):
    caplog.set_level(logging.INFO, logger="kubiya_pulumi.lifecycle")
    check = {"name": "tool-manager", "status": "unhealthy", "error": "no NATS"}
    unhealthy = RunnerHealth.from_dict({"status": "unhealthy", "checks": [check]})
    with pytest.raises(NotHealthyError):
        wait(health_source(unhealthy), timeout_seconds=120)
    messages = [record.getMessage() for record in caplog.records]
    assert 4 <= len(messages) <= 8
    assert all('runner "r" is not healthy yet' in message for message in messages)
    assert all("no NATS" in message for message in messages)


def test_no_request_is_sent_before_retry_after():
    time = FakeTime()
    sent_at = []
    rate_limited = RateLimitedError(429, None, "slow down", *CALL, 30)

    def get_health(_seconds):
        sent_at.append(time.now - 1000)
        if len(sent_at) < 4:
            raise rate_limited
        return health()

    wait_until_healthy(get_health, runner="r", timeout_seconds=600, clock=time.clock)
    assert sent_at == [0, 30, 60, 90]


def test_the_wait_ends_if_retry_after_exceeds_the_timeout():
    time = FakeTime()
    get_health = health_source(ServerError(503, None, "down", *CALL, 30))
    with pytest.raises(NotHealthyError, match="Retry after 30 seconds"):
        wait_until_healthy(get_health, runner="r", timeout_seconds=45, clock=time.clock)
    assert len(get_health.received) == 2
    assert time.now == 1030
