"""Concurrent callers share a request, and none gets a response that is older than its call."""

import itertools
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait

import pytest

from kubiya_pulumi.api import NotFoundError, ServerError, shared_call
from kubiya_pulumi.api.shared_call import SharedCall


class Requests:
    """Requests that respond with their number once they are released."""

    def __init__(self) -> None:
        self.sent = threading.Semaphore(0)
        self.released = threading.Semaphore(0)
        self.count = 0
        self.error: Exception | None = None

    def send(self) -> int:
        self.count += 1
        number = self.count
        self.sent.release()
        assert self.released.acquire(timeout=30)
        if self.error is not None:
            raise self.error
        return number


@pytest.fixture
def requests() -> Requests:
    return Requests()


@pytest.fixture
def shared(requests: Requests, monkeypatch: pytest.MonkeyPatch) -> SharedCall[int]:
    monkeypatch.setattr(shared_call, "GATHER_SECONDS", 0)
    return SharedCall(requests.send)


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(32) as pool:
        yield pool


def test_callers_that_arrive_during_a_request_share_the_next_one(
    shared: SharedCall[int], requests: Requests, pool: ThreadPoolExecutor
) -> None:
    first = pool.submit(shared, None)
    assert requests.sent.acquire(timeout=30)
    others = [pool.submit(shared, None) for _ in range(20)]
    assert not wait(others, timeout=0.1).done
    assert requests.count == 1
    requests.released.release()
    assert first.result(30) == 1
    assert requests.sent.acquire(timeout=30)
    requests.released.release()
    assert {other.result(30) for other in others} == {2}
    assert requests.count == 2


def test_callers_that_arrive_together_share_one_request(
    shared: SharedCall[int],
    requests: Requests,
    pool: ThreadPoolExecutor,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(shared_call, "GATHER_SECONDS", 0.5)
    callers = [pool.submit(shared, None) for _ in range(20)]
    requests.released.release()
    assert {caller.result(30) for caller in callers} == {1}


def test_sequential_callers_share_nothing(shared: SharedCall[int], requests: Requests) -> None:
    requests.released.release(3)
    assert [shared(None) for _ in range(3)] == [1, 2, 3]


def test_each_caller_gets_an_error_of_its_own(
    shared: SharedCall[int], requests: Requests, pool: ThreadPoolExecutor
) -> None:
    requests.error = ServerError(500, None, "failed", "list_runners")
    calls = [pool.submit(shared, "first")]
    assert requests.sent.acquire(timeout=30)
    calls += [pool.submit(shared, name) for name in ("second", "third")]
    requests.released.release(2)
    errors = [call.exception(30) for call in calls]
    assert len({id(error) for error in errors}) == 3
    for name, error in zip(("first", "second", "third"), errors, strict=True):
        assert str(error).startswith(f'could not list the runners to find runner "{name}"')
    requests.error = None
    requests.released.release()
    assert shared(None) == requests.count


def test_a_request_is_reused_until_something_changes(
    shared: SharedCall[int], requests: Requests
) -> None:
    requests.released.release(10)
    assert [shared(None, reuse=True) for _ in range(3)] == [1, 1, 1]
    assert shared(None) == 2
    assert shared(None, reuse=True) == 2
    with shared.invalidated():
        assert shared(None, reuse=True) == 3
        assert shared(None, reuse=True) == 3
    assert shared(None, reuse=True) == 4


def test_a_change_that_fails_also_outdates_requests(
    shared: SharedCall[int], requests: Requests
) -> None:
    requests.released.release(2)
    assert shared(None, reuse=True) == 1
    with pytest.raises(NotFoundError), shared.invalidated():
        raise NotFoundError(404, None, "gone", "delete_runner")
    assert shared(None, reuse=True) == 2


def test_an_old_request_is_not_reused(
    shared: SharedCall[int], requests: Requests, monkeypatch: pytest.MonkeyPatch
) -> None:
    requests.released.release(2)
    assert shared(None, reuse=True) == 1
    monkeypatch.setattr(shared_call, "MAX_REUSE_SECONDS", 0)
    assert shared(None, reuse=True) == 2


def test_a_request_in_flight_is_reused_unless_it_is_invalidated(
    shared: SharedCall[int], requests: Requests, pool: ThreadPoolExecutor
) -> None:
    first = pool.submit(shared, None)
    assert requests.sent.acquire(timeout=30)
    second = pool.submit(shared, None, reuse=True)
    assert not wait([second], timeout=0.1).done
    with shared.invalidated():
        pass
    third = pool.submit(shared, None, reuse=True)
    assert not wait([third], timeout=0.1).done
    requests.released.release(2)
    assert [first.result(30), second.result(30), third.result(30)] == [1, 1, 2]


def test_a_failed_request_is_reused(shared: SharedCall[int], requests: Requests) -> None:
    """A list that is forbidden is requested once for all resources that a refresh reads."""
    requests.error = ServerError(500, None, "failed", "list_runners")
    requests.released.release()
    for name in ("first", "second"):
        with pytest.raises(ServerError, match=f'"{name}"'):
            shared(name, reuse=True)
    assert requests.count == 1


def test_an_interrupted_caller_blocks_no_other(
    shared: SharedCall[int], requests: Requests, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(_seconds: float) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(shared_call.time, "sleep", interrupt)
        with pytest.raises(KeyboardInterrupt):
            shared(None)
    requests.released.release()
    assert shared(None) == 1


class StoppedClock:
    """A clock at which time does not pass, except for processor time."""

    def __init__(self, processor_seconds: float) -> None:
        self.sleeps: list[float] = []
        self._times = itertools.count(0, processor_seconds)

    def monotonic(self) -> float:
        return 0.0

    def thread_time(self) -> float:
        return next(self._times)

    def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)


@pytest.mark.parametrize(
    ("processor_seconds", "interval"), [(0.001, 0.075), (0.004, 0.12), (1.0, 0.3)]
)
@pytest.mark.parametrize("callers", [1, 2])
def test_shared_requests_keep_an_interval_that_grows_with_their_processor_time(
    monkeypatch: pytest.MonkeyPatch, processor_seconds: float, interval: float, callers: int
) -> None:
    clock = StoppedClock(processor_seconds)
    monkeypatch.setattr(shared_call, "time", clock)
    shared = SharedCall(lambda: "response")
    assert shared(None) == "response"
    assert shared._latest is not None
    shared._latest.callers = callers
    clock.sleeps.clear()
    assert shared(None) == "response"
    gathered, *waited = clock.sleeps
    assert gathered == shared_call.GATHER_SECONDS
    assert waited == ([pytest.approx(interval)] if callers > 1 else [])
