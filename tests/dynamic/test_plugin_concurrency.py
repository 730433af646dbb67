"""The plugin serves as many calls at once as the client has connections, instead of 4."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from pulumi.dynamic import Config, ConfigureRequest

from kubiya_pulumi.dynamic.plugin import increase_plugin_concurrency
from kubiya_pulumi.lifecycle import providers

TIMEOUT_SECONDS = 10.0


@pytest.fixture
def plugin() -> Iterator[ThreadPoolExecutor]:
    """The executor of a plugin, as in `pulumi.dynamic`."""
    with ThreadPoolExecutor(max_workers=4) as executor:
        yield executor


def run_at_once(plugin: ThreadPoolExecutor, count: int) -> list[Future[int]]:
    """Submit calls that wait until all of them run at the same time."""
    barrier = threading.Barrier(count)
    return [plugin.submit(barrier.wait, TIMEOUT_SECONDS) for _ in range(count)]


@pytest.mark.parametrize(
    ("configure", "expected"),
    [
        (lambda: increase_plugin_concurrency(20), 20),
        (lambda: providers.RunnerProvider().configure(ConfigureRequest(Config({}, "project"))), 32),
    ],
    ids=["the function", "a provider"],
)
def test_a_call_raises_the_number_of_concurrent_calls(
    configure: Callable[[], None],
    expected: int,
    plugin: ThreadPoolExecutor,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(providers, "forward_logs_to_stdout", lambda _: None)
    plugin.submit(configure).result(TIMEOUT_SECONDS)
    calls = run_at_once(plugin, expected)
    assert sorted(call.result(TIMEOUT_SECONDS) for call in calls) == list(range(expected))


def test_calls_that_wait_already_run_at_once_too(plugin: ThreadPoolExecutor) -> None:
    """The engine sends all deletes before the first of them configures the provider."""
    are_waiting = threading.Event()

    def configure() -> None:
        assert are_waiting.wait(TIMEOUT_SECONDS)
        increase_plugin_concurrency(20)

    plugin.submit(configure)
    calls = run_at_once(plugin, 20)
    are_waiting.set()
    assert sorted(call.result(TIMEOUT_SECONDS) for call in calls) == list(range(20))


def test_a_higher_limit_is_kept(plugin: ThreadPoolExecutor) -> None:
    plugin.submit(increase_plugin_concurrency, 8).result(TIMEOUT_SECONDS)
    plugin.submit(increase_plugin_concurrency, 2).result(TIMEOUT_SECONDS)
    assert len([call.result(TIMEOUT_SECONDS) for call in run_at_once(plugin, 8)]) == 8


def test_a_call_outside_of_an_executor_changes_nothing() -> None:
    increase_plugin_concurrency(20)
