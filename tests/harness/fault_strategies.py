"""What can go wrong on the way to the Runners API, at random: faults of the emulator."""

from __future__ import annotations

import time
from typing import Any

from hypothesis import strategies as st

from kubiya_pulumi.emulator import Emulator

Trouble = dict[str, Any]
"""The arguments of `emulator.faults.add`."""

CHANGES = ("createRunner", "updateRunnerDescription", "deleteRunner")
OPERATIONS = ("*", "listRunners", "describeRunner", "getRunnerManifest", *CHANGES, *CHANGES)
"""What is hit: changes, where most is at stake, twice as often as the others."""
SECONDS = 30.0
"""The longest wait for a call that nobody waits for any more."""

_moments = {"when": st.sampled_from(("before", "after"))}


def _kind(kind: str, **settings: st.SearchStrategy[Any]) -> st.SearchStrategy[Trouble]:
    return st.fixed_dictionaries(
        {
            "kind": st.just(kind),
            "operation": st.sampled_from(OPERATIONS),
            "nth": st.sampled_from((1, 1, 1, 2, 3)),
            "count": st.integers(1, 3),
            **settings,
        }
    )


def troubles(timeout_seconds: float) -> st.SearchStrategy[list[Trouble]]:
    """Some of all faults, for a client that waits that long for an answer."""
    longer = st.just(timeout_seconds * 1.5)
    kinds = (
        _kind("status", status=st.sampled_from((500, 502, 503, 504)), **_moments),
        _kind("status", status=st.just(429), retry_after=st.sampled_from(("0", "1"))),
        _kind("status", status=st.sampled_from((401, 403))),
        _kind("status", status=st.sampled_from((404, 405))),
        _kind("reset", **_moments),
        _kind("cut"),
        _kind("drip", seconds=st.just(0.001)),
        _kind("hang", seconds=longer, **_moments),
        _kind("html", **_moments),
        _kind("wrong_shape", **_moments),
        _kind("redirect", location=st.just("https://elsewhere.example/api"), **_moments),
    )
    return st.lists(st.one_of(kinds), max_size=3)


def settle(emulator: Emulator) -> None:
    """Take the faults away, and wait for what is still being done for nobody."""
    emulator.faults.clear()
    ends = time.monotonic() + SECONDS
    while emulator.faults.hanging:
        assert time.monotonic() < ends, "a call hangs for ever"
        time.sleep(0.01)
