"""Hypothesis strategies for faults of the Runners API, which the emulator simulates."""

from __future__ import annotations

import time
from typing import Any

from hypothesis import strategies as st

from kubiya_pulumi.emulator import Emulator

FaultArguments = dict[str, Any]
"""The arguments of `emulator.faults.add`."""

CHANGES = ("createRunner", "updateRunnerDescription", "deleteRunner")
OPERATIONS = ("*", "listRunners", "describeRunner", "getRunnerManifest", *CHANGES, *CHANGES)
"""The operations that fail: changes, whose failure is the hardest to handle, twice as often."""
SETTLE_SECONDS = 30.0
"""The timeout for calls that still run although their client has given up."""

_when = {"when": st.sampled_from(("before", "after"))}


def _fault(kind: str, **settings: st.SearchStrategy[Any]) -> st.SearchStrategy[FaultArguments]:
    return st.fixed_dictionaries(
        {
            "kind": st.just(kind),
            "operation": st.sampled_from(OPERATIONS),
            "nth": st.sampled_from((1, 1, 1, 2, 3)),
            "count": st.integers(1, 3),
            **settings,
        }
    )


def fault_lists(timeout_seconds: float) -> st.SearchStrategy[list[FaultArguments]]:
    """Return a strategy for up to 3 faults, for a client with this timeout for a response."""
    longer = st.just(timeout_seconds * 1.5)
    faults = (
        _fault("status", status=st.sampled_from((500, 502, 503, 504)), **_when),
        _fault("status", status=st.just(429), retry_after=st.sampled_from(("0", "1"))),
        _fault("status", status=st.sampled_from((401, 403))),
        _fault("status", status=st.sampled_from((404, 405))),
        _fault("reset", **_when),
        _fault("cut"),
        _fault("drip", seconds=st.just(0.001)),
        _fault("hang", seconds=longer, **_when),
        _fault("html", **_when),
        _fault("wrong_shape", **_when),
        _fault("redirect", location=st.just("https://elsewhere.example/api"), **_when),
    )
    return st.lists(st.one_of(faults), max_size=3)


def settle(emulator: Emulator) -> None:
    """Remove all faults, and wait for the calls that still run."""
    emulator.faults.clear()
    deadline = time.monotonic() + SETTLE_SECONDS
    while emulator.faults.hanging:
        assert time.monotonic() < deadline, "a call never ends"
        time.sleep(0.01)
