"""An emulator, stacks that use it, and what was called since last asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Protocol

import pytest

from kubiya_pulumi.emulator import Emulator
from tests.harness.engine import Stack

Calls = Callable[[], list[str]]
"""Gives the operations that were called since it was last asked, in order."""


class MakeStack(Protocol):
    """Makes a stack of a program; its settings are those of `Stack`."""

    def __call__(
        self,
        program: Path | str,
        name: str = "dev",
        *,
        config: Mapping[str, str] | None = None,
        secrets: Mapping[str, str] | None = None,
        env: Mapping[str, str] | None = None,
    ) -> Stack: ...


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    """A Runners API in its documented form, without a runner, and with one valid key."""
    with Emulator() as running:
        running.configure(api_key=running.api_key)
        yield running


@pytest.fixture
def bare_stack() -> Iterator[MakeStack]:
    """Stacks without any setting but those that are given."""
    with ExitStack() as stacks:
        yield lambda program, name="dev", **settings: stacks.enter_context(
            Stack(program, name, **settings)
        )


@pytest.fixture
def stack(emulator: Emulator, bare_stack: MakeStack) -> MakeStack:
    """Stacks whose Runners API is the emulator. A call that fails is not repeated."""
    own = {"kubiya:baseUrl": emulator.url, "kubiya:maxRetries": "0"}

    def make(
        program: Path | str,
        name: str = "dev",
        *,
        config: Mapping[str, str] | None = None,
        secrets: Mapping[str, str] | None = None,
        env: Mapping[str, str] | None = None,
    ) -> Stack:
        return bare_stack(
            program,
            name,
            config={**own, **(config or {})},
            secrets={"kubiya:apiKey": emulator.api_key, **(secrets or {})},
            env=env,
        )

    return make


@pytest.fixture
def calls(emulator: Emulator) -> Calls:
    """See `Calls`."""

    def since_last_asked() -> list[str]:
        seen = [call.operation or f"{call.method} {call.path}" for call in emulator.calls]
        emulator.clear_calls()
        return seen

    return since_last_asked
