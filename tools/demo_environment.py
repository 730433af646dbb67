"""The environment of the demo: settings, folders and processes of its own."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sys
from pathlib import Path
from secrets import token_urlsafe

from guard import processes_with

ROOT = Path(__file__).resolve().parent.parent


class DemoError(Exception):
    """A step failed. The message is a complete sentence."""


def started_processes() -> list[int]:
    """Return all running processes of the demo, identified by their PULUMI_HOME."""
    return processes_with(f"PULUMI_HOME={os.environ['PULUMI_HOME']}")


def check_processes() -> None:
    """Check that every process of the demo has ended.

    Raises:
        DemoError: a process is still running.
    """
    if pids := started_processes():
        raise DemoError(f"processes were still running: {', '.join(map(str, pids))}")


def end_processes() -> None:
    """Kill the remaining processes: plugins keep running if their engine was killed."""
    for pid in started_processes():
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def use_own_settings(scratch: Path) -> None:
    """Isolate this process and its children from the user's Pulumi, in a separate home."""
    for name in list(os.environ):
        if name.startswith(("KUBIYA_", "PULUMI_")):
            del os.environ[name]
    home, state, temporary = (scratch / name for name in ("home", "state", "tmp"))
    state.mkdir()
    temporary.mkdir()
    folders = [str(Path(sys.executable).parent), str(ROOT / ".tools" / "bin")]
    os.environ |= {
        "PATH": os.pathsep.join([*folders, os.environ.get("PATH", os.defpath)]),
        "NO_PROXY": "127.0.0.1,localhost",
        "TMPDIR": str(temporary),
        "KUBECACHEDIR": str(scratch / "kubectl"),
        "PULUMI_HOME": str(home),
        "PULUMI_BACKEND_URL": state.as_uri(),
        "PULUMI_CONFIG_PASSPHRASE": token_urlsafe(),
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
    }
    for program in ("pulumi", "kubectl", "kubiya-pulumi"):
        if not shutil.which(program):
            raise DemoError(f"{program} is not installed: run make setup tools")
