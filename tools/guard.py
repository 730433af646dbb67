"""Processes that end when the one that started them does, however that ends, `kill -9` included.

`atexit` and signal handlers cannot promise that, so a small guard process does. It waits
on a pipe whose other end only the starting process holds. When that end closes, by
`Guard.__exit__` or by death, the guard kills the whole group. There is no second way to
stop, so the way that matters most is the one that is used every day.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Self

TAIL_LINES = 15


class ProcessDiedError(RuntimeError):
    """A guarded process ended by itself. The message has the last lines of its log."""


class Guard:
    """A group of processes that ends with this process, or on leaving the context.

    Args:
        folder: keeps one log file for each process, `NAME.log`. It must exist.
        remove_folder: whether the folder is removed when everything has ended.
    """

    def __init__(self, folder: Path, *, remove_folder: bool = False) -> None:
        self._folder = folder
        self._remove = remove_folder
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Self:
        remove = [str(self._folder)] if self._remove else []
        # -I -S: the guard needs nothing but the standard library, and so starts fast.
        self._guard = subprocess.Popen(
            [sys.executable, "-I", "-S", __file__, *remove],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            process_group=0,
        )
        self._group = int(_pipe(self._guard.stdout).readline())
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        _pipe(self._guard.stdin).close()
        for process in self._processes.values():
            process.wait()
        self._guard.wait()
        _pipe(self._guard.stdout).close()

    def start(self, name: str, *command: str, env: Mapping[str, str] | None = None) -> None:
        """Start a process of the group, its output in `NAME.log`.

        Args:
            name: what errors call it. A process that has the name already is killed first.
            command: program and arguments.
            env: its whole environment; default: that of this process.

        Raises:
            OSError: the program cannot be started.
        """
        if earlier := self._processes.pop(name, None):
            earlier.kill()
            earlier.wait()
        with self.log(name).open("wb") as log:
            self._processes[name] = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=env,
                process_group=self._group,
            )

    def log(self, name: str) -> Path:
        """The log file of the process called `name`."""
        return self._folder / f"{name}.log"

    def check(self) -> None:
        """Look whether every process is still running.

        Raises:
            ProcessDiedError: one is not.
        """
        for name, process in self._processes.items():
            if (status := process.poll()) is not None:
                how = f"exit status {status}" if status >= 0 else f"signal {-status}"
                raise ProcessDiedError(f"{name} ended with {how}; {self.tail(name)}")

    def tail(self, name: str) -> str:
        """The end of the log of the process called `name`, as text for an error message."""
        lines = self.log(name).read_text(errors="replace").splitlines()[-TAIL_LINES:]
        if not lines:
            return "its log is empty"
        return "\n".join(["the end of its log:", *(f"  {name}: {line}" for line in lines)])


def processes_with(setting: str) -> list[int]:
    """The processes that were started with a setting, such as `NAME=value`, in their environment.

    Empty where the system does not tell (it has no `/proc`).
    """
    found = []
    for environ in Path("/proc").glob("[0-9]*/environ"):
        # It may have ended, or belong to somebody else.
        with contextlib.suppress(OSError):
            if setting.encode() in environ.read_bytes().split(b"\0"):
                found.append(int(environ.parent.name))
    return found


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    """Tell the type checker that a pipe that was asked for is there."""
    if pipe is None:
        raise TypeError("the process was started without this pipe")
    return pipe


def _guard(folders: list[str]) -> None:
    """Lead a process group, wait for the other end of standard input to close, and kill it."""
    # The leader only lends the group its number: the guard itself must survive the kill.
    leader = subprocess.Popen(["sleep", "2147483647"], process_group=0)
    print(leader.pid, flush=True)
    sys.stdin.buffer.read()
    os.killpg(leader.pid, signal.SIGKILL)
    leader.wait()
    for folder in folders:
        # The dying may write for a moment longer.
        for _ in range(50):
            shutil.rmtree(folder, ignore_errors=True)
            if not Path(folder).exists():
                break
            time.sleep(0.1)


if __name__ == "__main__":
    _guard(sys.argv[1:])
