"""What the plugin learns of a call that `pulumi.dynamic` does not pass on: its end, its timeout."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import grpc
import pytest
from google.protobuf.struct_pb2 import Struct
from pulumi.dynamic import Config, ConfigureRequest

from kubiya_pulumi.dynamic.plugin import on_cancel, stored_input, timeout_of_call
from kubiya_pulumi.lifecycle import providers
from kubiya_pulumi.lifecycle.runner_health import RunnerHealthHandler

TIMEOUT_SECONDS = 10.0


class Servicer:
    """Receives calls, as the servicer of `pulumi.dynamic` does."""

    def Create(self, request: object) -> object:  # noqa: N802
        return request

    def Cancel(self, request: object) -> object:  # noqa: N802
        return request


@pytest.fixture
def plugin() -> Iterator[ThreadPoolExecutor]:
    """The executor of a plugin, as in `pulumi.dynamic`."""
    with ThreadPoolExecutor(max_workers=1) as executor:
        yield executor


def respond(state: object, behavior: object, request: object) -> object:
    """Run a call with the arguments that gRPC's server passes to the executor."""
    assert state is None
    assert callable(behavior)
    return behavior(request)


def test_only_cancel_is_reported_and_every_call_still_runs(plugin: ThreadPoolExecutor) -> None:
    cancelled = threading.Event()
    servicer = Servicer()
    plugin.submit(on_cancel, cancelled.set).result(TIMEOUT_SECONDS)
    created = plugin.submit(respond, None, servicer.Create, 1).result(TIMEOUT_SECONDS)
    assert (created, cancelled.is_set()) == (1, False)
    result = plugin.submit(respond, None, servicer.Cancel, request=2).result(TIMEOUT_SECONDS)
    assert (result, cancelled.is_set()) == (2, True)


def test_cancel_is_reported_while_every_thread_waits(plugin: ThreadPoolExecutor) -> None:
    cancelled = threading.Event()
    plugin.submit(on_cancel, cancelled.set).result(TIMEOUT_SECONDS)
    waiting = plugin.submit(cancelled.wait, TIMEOUT_SECONDS)
    plugin.submit(respond, None, Servicer().Cancel, 1)
    assert waiting.result(TIMEOUT_SECONDS) is True


def test_the_health_provider_ends_its_waits(
    plugin: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    handler = RunnerHealthHandler()
    monkeypatch.setattr(providers, "forward_logs_to_stdout", lambda _: None)
    monkeypatch.setattr(providers.RunnerHealthProvider, "handler", handler)
    request = ConfigureRequest(Config({}, "project"))
    plugin.submit(providers.RunnerHealthProvider().configure, request).result(TIMEOUT_SECONDS)
    plugin.submit(respond, None, Servicer().Cancel, 1)
    handler.cancellation.sleep(3600)


def test_nothing_changes_outside_of_an_executor() -> None:
    on_cancel(lambda: None)
    assert timeout_of_call() is None
    assert stored_input("pin") is None


class Context(grpc.ServicerContext):  # type: ignore[misc]
    """The context of a call."""


Context.__abstractmethods__ = frozenset()


@pytest.mark.parametrize(
    ("request_of_call", "expected"),
    [
        (SimpleNamespace(timeout=5.0), 5.0),
        (SimpleNamespace(timeout=0.0), None),
        (SimpleNamespace(timeout="5m"), None),
        (SimpleNamespace(), None),
        (None, None),
    ],
)
def test_the_timeout_of_a_call_is_that_of_its_request(
    request_of_call: object, expected: float | None
) -> None:
    def serve(request: object, context: object) -> float | None:
        assert (request, context) == (request_of_call, context)
        return timeout_of_call()

    assert serve(request_of_call, Context()) == expected


INPUTS = Struct()
INPUTS.update({"pin": "abc", "empty": "", "number": 1.0})


@pytest.mark.parametrize(
    ("request_of_call", "name", "expected"),
    [
        (SimpleNamespace(inputs=INPUTS), "pin", "abc"),
        (SimpleNamespace(inputs=INPUTS), "empty", None),
        (SimpleNamespace(inputs=INPUTS), "number", None),
        (SimpleNamespace(inputs=INPUTS), "missing", None),
        (SimpleNamespace(inputs=None), "pin", None),
        (SimpleNamespace(), "pin", None),
    ],
)
def test_the_stored_inputs_are_those_of_the_request(
    request_of_call: object, name: str, expected: str | None
) -> None:
    def serve(request: object, context: object) -> str | None:
        assert (request, context) == (request_of_call, context)
        return stored_input(name)

    assert serve(request_of_call, Context()) == expected
