"""Start processes that end together with the process that started them, even after `kill -9`.

`atexit` and signal handlers cannot guarantee this, so a small guard process does. It waits on a
pipe whose other end only the starting process holds. When that end closes, because of
`Guard.__exit__` or because the process died, the guard kills the whole group. This is the only
way to stop the group, so normal use also tests the important case, a crash.
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
    """A guarded process ended by itself. The message contains the last lines of its log."""


class Guard:
    """A group of processes that ends with this process or with the `with` block.

    Args:
        folder: an existing folder for the log file of each process, `NAME.log`.
        remove_folder: whether to remove the folder after all processes have ended.
    """

    def __init__(self, folder: Path, *, remove_folder: bool = False) -> None:
        self._folder = folder
        self._remove = remove_folder
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Self:
        remove = [str(self._folder)] if self._remove else []
        # -I -S: the guard needs only the standard library and starts faster without the rest.
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
        """Start a process in the group. Its output goes to `NAME.log`.

        Args:
            name: the name for errors and the log. An earlier process with this name is killed.
            command: the program and its arguments.
            env: the complete environment. Default: that of this process.

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
        """Return the log file of the process called `name`."""
        return self._folder / f"{name}.log"

    def check(self) -> None:
        """Check that every process is still running.

        Raises:
            ProcessDiedError: a process has ended.
        """
        for name, process in self._processes.items():
            if (status := process.poll()) is not None:
                how = f"exit status {status}" if status >= 0 else f"signal {-status}"
                raise ProcessDiedError(f"{name} ended with {how}; {self.tail(name)}")

    def tail(self, name: str) -> str:
        """Return the last lines of the log of the process called `name`, for an error message."""
        lines = self.log(name).read_text(errors="replace").splitlines()[-TAIL_LINES:]
        if not lines:
            return "its log is empty"
        return "\n".join(["the end of its log:", *(f"  {name}: {line}" for line in lines)])


def processes_with(setting: str) -> list[int]:
    """Return the ids of all processes that were started with a variable in their environment.

    Args:
        setting: the variable and its value: `NAME=value`.

    Returns:
        The process ids; an empty list on a system without `/proc`.
    """
    pids = []
    for environ in Path("/proc").glob("[0-9]*/environ"):
        # The process may have ended, or belong to another user.
        with contextlib.suppress(OSError):
            if setting.encode() in environ.read_bytes().split(b"\0"):
                pids.append(int(environ.parent.name))
    return pids


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    """Return a pipe that exists, for the type checker."""
    if pipe is None:
        raise TypeError("the process was started without this pipe")
    return pipe


def _guard(folders: list[str]) -> None:
    """Create a process group, wait until standard input closes, and kill the group."""
    # The leader only provides the id of the group. The guard itself must survive the kill.
    leader = subprocess.Popen(["sleep", "2147483647"], process_group=0)
    print(leader.pid, flush=True)
    sys.stdin.buffer.read()
    os.killpg(leader.pid, signal.SIGKILL)
    leader.wait()
    for folder in folders:
        # Processes that are being killed may still write for a moment.
        for _ in range(50):
            shutil.rmtree(folder, ignore_errors=True)
            if not Path(folder).exists():
                break
            time.sleep(0.1)


if __name__ == "__main__":
    _guard(sys.argv[1:])
