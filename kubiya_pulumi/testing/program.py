"""Run a Pulumi program with mocks, without the engine."""

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

MAX_SETTLE_SECONDS = 5.0
"""How long the pending tasks of a failed program may run before its event loop is closed."""


@dataclass(frozen=True)
class ProgramResult:
    """The exports of a program."""

    outputs: dict[str, Any]
    """The exports by name, as plain values. A preview omits those that are unknown."""
    secrets: frozenset[str]
    """The names of the secret exports."""


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
    """Run a program until all of its resources and outputs are complete.

    Runs do not share state: each one has its own event loop and Pulumi settings, and re-imports the
    modules of its folder. Runs must not overlap, because the folder of a program becomes the
    working directory of the process.

    Args:
        program: a folder or file as in `Pulumi.yaml`, or a function that declares resources.
        mocks: the mocks that replace the engine: `kubiya_pulumi.testing.Mocks`, or others.
        project: the name of the project. Default: `project`.
        stack: the name of the stack. Default: `stack`.
        organization: the name of the organization. Default: `organization`.
        config: the stack's configuration, such as `{"project:replicas": "3"}`; structured values
            as JSON. A key without a colon belongs to the project. Default: None, empty.
        secrets: the secret part of the configuration. Default: None, empty.
        preview: run the program as in the preview of a new stack: nothing is created, and values
            that only an update can know are unknown. Default: False.

    Returns:
        The exports of the program.

    Raises:
        Exception: the first exception that the program or one of its resources raised.
    """
    # Resolve the path before the working directory changes.
    program = program if callable(program) else Path(program).resolve()

    async def main() -> ProgramResult:
        pulumi.runtime.set_mocks(mocks, project, stack, preview, organization=organization)
        set_root_resource(None)  # type: ignore[arg-type] # the program creates its own
        _configure(project, config or {}, secrets or {})
        roots: list[Any] = []

        def declare() -> None:
            roots.append(pulumi.runtime.get_root_resource())
            _execute(program)

        with _executor() as executor:
            loop = asyncio.get_running_loop()
            loop.set_default_executor(executor)
            # One failure makes many outputs fail; only the first exception is raised.
            loop.set_exception_handler(lambda _loop, _context: None)
            try:
                await pulumi.runtime.run_in_stack(declare)
            finally:
                await _wait_for_pending_tasks()
            return await _resolve_exports(roots[0].outputs)

    # Pulumi keeps its settings in the context of a thread, so each run gets a new thread.
    with _program_folder(program), ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, main()).result()


def _configure(project: str, config: Mapping[str, str], secrets: Mapping[str, str]) -> None:
    def qualify(settings: Mapping[str, str]) -> dict[str, str]:
        return {key if ":" in key else f"{project}:{key}": value for key, value in settings.items()}

    secret = qualify(secrets)
    pulumi.runtime.set_all_config({**qualify(config), **secret}, list(secret))


def _execute(program: Path | Callable[[], object]) -> None:
    if callable(program):
        program()
        return
    file = program / "__main__.py" if program.is_dir() else program
    runpy.run_path(str(file), run_name="__main__")


@contextlib.contextmanager
def _program_folder(program: Path | Callable[[], object]) -> Iterator[None]:
    """Run the block in the program's folder, and then forget the modules imported from it."""
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
    """Provide the only thread of Pulumi's mocks, and close the event loop that they leave open."""

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


async def _wait_for_pending_tasks() -> None:
    """Wait for the pending tasks of a failed program before its event loop is closed."""
    if others := asyncio.all_tasks() - {asyncio.current_task()}:
        await asyncio.wait(others, timeout=MAX_SETTLE_SECONDS)
    SETTINGS.outputs.clear()


async def _resolve_exports(exports: Mapping[str, Any]) -> ProgramResult:
    outputs, secrets = {}, set()
    for name, value in exports.items():
        output = pulumi.Output.from_input(value)
        if await output.is_known():
            outputs[name] = await output.future()
        if await output.is_secret():
            secrets.add(name)
    return ProgramResult(outputs, frozenset(secrets))
