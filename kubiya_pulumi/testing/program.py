"""Running a program under mocks, without the engine."""

from __future__ import annotations

import asyncio
import contextlib
import runpy
import sys
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

import pulumi
from pulumi.runtime.settings import SETTINGS, set_root_resource

Program = str | PathLike[str] | Callable[[], object]
"""A folder with a `__main__.py`, another Python file, or a function that declares resources."""

LONGEST_END_SECONDS = 5.0
"""How long a program that failed may go on with what it has begun."""


@dataclass(frozen=True)
class ProgramResult:
    """What a program exported."""

    outputs: dict[str, Any]
    """The exports by name, as plain values; those that a preview does not know are left out."""
    secrets: frozenset[str]
    """Names of the exports that are secret."""


def run_program(
    program: Program,
    mocks: pulumi.runtime.Mocks,
    *,
    project: str = "project",
    stack: str = "stack",
    organization: str = "organization",
    config: Mapping[str, str] | None = None,
    secrets: Mapping[str, str] | None = None,
    preview: bool = False,
) -> ProgramResult:
    """Run a program to its end, all resources and outputs included.

    Each run stands alone: it has an event loop and Pulumi settings of its own, and what it
    imports from its folder is imported anew by the next one. Runs must not overlap, for a
    program of a folder has that as the process's working directory.

    Args:
        program: what to run: a folder or file as in `Pulumi.yaml`, or a function.
        mocks: what stands in for the engine: `kubiya_pulumi.testing.Mocks`, or others.
        project: name of the project, to which settings without a colon belong.
        stack: name of the stack.
        organization: name of the organization.
        config: the stack's settings, such as `{"project:replicas": "3"}`; structured ones in
            JSON. A name without a colon belongs to the project.
        secrets: settings that are secret.
        preview: run as in a preview of the first update: nothing is created, and what would
            only be known afterwards is not known.

    Raises:
        Exception: whatever the program or a resource raises, first of all.
    """
    # Once, before the working directory is another one.
    program = program if callable(program) else Path(program).resolve()

    async def main() -> ProgramResult:
        pulumi.runtime.set_mocks(mocks, project, stack, preview, organization=organization)
        set_root_resource(None)  # type: ignore[arg-type] # a program makes its own
        _configure(project, config or {}, secrets or {})
        roots: list[Any] = []

        def declare() -> None:
            roots.append(pulumi.runtime.get_root_resource())
            _execute(program)

        with _executor() as executor:
            loop = asyncio.get_running_loop()
            loop.set_default_executor(executor)
            # One failure takes many outputs down with it; the first error is the one to raise.
            loop.set_exception_handler(lambda _loop, _context: None)
            try:
                await pulumi.runtime.run_in_stack(declare)
            finally:
                await _settled()
            return await _resolved(roots[0].outputs)

    # A thread of its own, because Pulumi keeps its settings in the thread's context.
    with _imports_undone(program), ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, main()).result()


def _configure(project: str, config: Mapping[str, str], secrets: Mapping[str, str]) -> None:
    def full(settings: Mapping[str, str]) -> dict[str, str]:
        return {
            name if ":" in name else f"{project}:{name}": value for name, value in settings.items()
        }

    secret = full(secrets)
    pulumi.runtime.set_all_config({**full(config), **secret}, list(secret))


def _execute(program: Path | Callable[[], object]) -> None:
    if callable(program):
        program()
        return
    file = program / "__main__.py" if program.is_dir() else program
    runpy.run_path(str(file), run_name="__main__")


@contextlib.contextmanager
def _imports_undone(program: Path | Callable[[], object]) -> Iterator[None]:
    """Let a program import from its folder and read files there, as the engine does."""
    if callable(program):
        yield
        return
    folder = program if program.is_dir() else program.parent
    modules = set(sys.modules)
    sys.path.insert(0, str(folder))
    try:
        with contextlib.chdir(folder):
            yield
    finally:
        sys.path.remove(str(folder))
        for name in set(sys.modules) - modules:
            file = getattr(sys.modules[name], "__file__", None)
            if file and Path(file).is_relative_to(folder):
                del sys.modules[name]


@contextlib.contextmanager
def _executor() -> Iterator[ThreadPoolExecutor]:
    """The one thread of Pulumi's mocks. They give it an event loop, and leave that open."""

    def close_loop() -> None:
        loop = asyncio.get_event_loop()
        asyncio.set_event_loop(None)
        loop.close()

    with ThreadPoolExecutor(
        1, initializer=lambda: asyncio.set_event_loop(asyncio.new_event_loop())
    ) as executor:
        try:
            yield executor
        finally:
            executor.submit(close_loop)


async def _settled() -> None:
    """Let what a failed program has begun come to its end, before its event loop is closed."""
    if others := asyncio.all_tasks() - {asyncio.current_task()}:
        await asyncio.wait(others, timeout=LONGEST_END_SECONDS)
    SETTINGS.outputs.clear()


async def _resolved(exports: Mapping[str, Any]) -> ProgramResult:
    outputs, secrets = {}, set()
    for name, value in exports.items():
        output = pulumi.Output.from_input(value)
        if await output.is_known():
            outputs[name] = await output.future()
        if await output.is_secret():
            secrets.add(name)
    return ProgramResult(outputs, frozenset(secrets))
