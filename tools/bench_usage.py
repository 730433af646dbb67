"""What an engine's command uses: the traffic that reaches the API, and the memory of processes."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from unittest import mock

from background import repeated
from starlette.types import Receive, Scope, Send

from kubiya_pulumi.emulator.app import Application
from tests.harness.engine import Stack

SAMPLE_SECONDS = 0.5
PROCESSES = {
    "program": b"pulumi-language-python-exec",
    "plugin": b"pulumi.dynamic",
}
"""A part of the command line that identifies each process."""
PEAK = re.compile(r"^VmHWM:\s+(\d+) kB", re.MULTILINE)


@dataclass
class Traffic:
    """The connections and the concurrency of the requests that an emulator receives."""

    connections: set[tuple[str, int]] = field(default_factory=set)
    """The address and port of each client."""
    max_concurrent: int = 0
    """The largest number of requests that were in progress at the same time."""
    _in_progress: int = 0

    def clear(self) -> None:
        """Start counting from zero."""
        self.connections = set()
        self.max_concurrent = 0

    @contextlib.contextmanager
    def recorded(self) -> Iterator[None]:
        """Count the requests of every emulator of this process while the block runs."""
        handle = Application.__call__

        async def counted(app: Application, scope: Scope, receive: Receive, send: Send) -> None:
            self.connections.add(tuple(scope["client"]))
            self._in_progress += 1
            self.max_concurrent = max(self.max_concurrent, self._in_progress)
            try:
                await handle(app, scope, receive, send)
            finally:
                self._in_progress -= 1

        with mock.patch.object(Application, "__call__", counted):
            yield


@contextlib.contextmanager
def peak_memory(stack: Stack) -> Iterator[dict[str, int]]:
    """Sample the peak resident memory of a stack's program and plugin while the block runs.

    Yields:
        The largest number of bytes so far, by the name of the process.
    """
    peaks: dict[str, int] = {}

    def sample() -> None:
        for pid in stack.processes():
            # The process may end at any time.
            with contextlib.suppress(OSError):
                command = Path(f"/proc/{pid}/cmdline").read_bytes()
                found = PEAK.search(Path(f"/proc/{pid}/status").read_text())
                for name, part in PROCESSES.items():
                    if found and part in command:
                        peaks[name] = max(peaks.get(name, 0), int(found[1]) * 1024)

    with repeated(sample, SAMPLE_SECONDS):
        yield peaks
