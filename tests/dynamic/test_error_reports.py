"""An error of a call reaches the engine as its message alone."""

from __future__ import annotations

import grpc
import pytest

from kubiya_pulumi.dynamic.plugin import report_only


class Context(grpc.ServicerContext):  # type: ignore[misc]
    """The context of a call, as far as `pulumi.dynamic` uses it."""

    def __init__(self) -> None:
        self.aborted: list[tuple[object, str]] = []

    def abort(self, code: object, details: str) -> None:
        self.aborted.append((code, details))


Context.__abstractmethods__ = frozenset()  # `pulumi.dynamic` calls nothing else.


def serve(context: object, *, fails: bool) -> None:
    if fails:
        report_only("what failed")
    context.abort(grpc.StatusCode.UNKNOWN, "Traceback")  # type: ignore[attr-defined]


def test_the_message_replaces_the_traceback_of_this_call_alone() -> None:
    failing, other = Context(), Context()
    serve(failing, fails=True)
    serve(other, fails=False)
    assert failing.aborted == [(grpc.StatusCode.UNKNOWN, "what failed")]
    assert other.aborted == [(grpc.StatusCode.UNKNOWN, "Traceback")]


def test_nothing_changes_without_a_context_in_a_calling_frame(
    capsys: pytest.CaptureFixture[str],
) -> None:
    report_only("what failed")
    assert capsys.readouterr().out == ""
