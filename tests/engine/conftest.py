"""Fixtures: an emulator, stacks that use it, and the operations that they called."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Protocol

import pytest

from kubiya_pulumi.emulator import Emulator
from tests.harness.engine import Stack

Calls = Callable[[], list[str]]
"""Returns the operations since the previous call of this function, in order."""


class MakeStack(Protocol):
    """Creates a stack of a program. For the arguments see `Stack`."""

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
    """A Runners API in its documented form, without runners, with one valid key."""
    with Emulator() as running:
        running.configure(api_key=running.api_key)
        yield running


@pytest.fixture
def bare_stack() -> Iterator[MakeStack]:
    """Creates stacks that have only the given settings."""
    with ExitStack() as stacks:
        yield lambda program, name="dev", **settings: stacks.enter_context(
            Stack(program, name, **settings)
        )


@pytest.fixture
def stack(emulator: Emulator, bare_stack: MakeStack) -> MakeStack:
    """Creates stacks that use the emulator. They do not retry failed requests."""
    defaults = {"kubiya:baseUrl": emulator.url, "kubiya:maxRetries": "0"}

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
            config={**defaults, **(config or {})},
            secrets={"kubiya:apiKey": emulator.api_key, **(secrets or {})},
            env=env,
        )

    return make


@pytest.fixture
def calls(emulator: Emulator) -> Calls:
    """See `Calls`."""

    def new_calls() -> list[str]:
        operations = [call.operation or f"{call.method} {call.path}" for call in emulator.calls]
        emulator.clear_calls()
        return operations

    return new_calls
