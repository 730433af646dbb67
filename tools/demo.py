#!/usr/bin/env python3
"""The main job from start to end, on this machine: a runner as code, up and down again.

Everything is real but the Runners API, which the emulator stands in for. The cluster is
the one that KUBECONFIG names, or a control plane of its own. Each step prints the commands
that do the same by hand. Nothing of the user's is read or written: no stack, no login,
no setting, no file of the clone.

Runs inside `.venv`: `make demo`.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from secrets import token_urlsafe
from types import FrameType
from typing import Any

import requests
from cluster import ClusterError, cluster
from guard import Guard, ProcessDiedError, processes_with
from inventory import objects_of, present
from terminal import CommandError, color, output, run, show

ROOT = Path(__file__).resolve().parent.parent
RUNNER = "runner-prod"
"""The name of the runner in the program that the root `Pulumi.yaml` runs."""
STEPS = 7
WAIT_SECONDS = 60.0


class DemoError(Exception):
    """A step failed. The message is a sentence."""


def main() -> int:
    """Run the demo and return the command's exit status."""
    # `kill` is to clean up as Ctrl-C does.
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        with tempfile.TemporaryDirectory(prefix="kubiya-demo-") as folder:
            use_own_settings(Path(folder))
            try:
                with contextlib.ExitStack() as stack:
                    Demo(Path(folder), stack).run()
                check_processes()
            finally:
                end_processes()
    except KeyboardInterrupt:
        print("\ndemo: broken off, and sanitize up", file=sys.stderr)
        return 130
    except (
        DemoError,
        CommandError,
        ClusterError,
        ProcessDiedError,
        requests.RequestException,
    ) as error:
        print(f"\ndemo: {error}", file=sys.stderr)
        return 1
    print("\nNothing is left: no runner, no object, no process, no file.")
    return 0


def started_processes() -> list[int]:
    """What still runs of all that the demo has started, known by the home it was given."""
    return processes_with(f"PULUMI_HOME={os.environ['PULUMI_HOME']}")


def check_processes() -> None:
    """Look whether everything that the demo has started is over."""
    if left := started_processes():
        raise DemoError(f"processes were still running: {', '.join(map(str, left))}")


def end_processes() -> None:
    """End what an engine that came to a sudden end has left: its plugins go on without it."""
    for pid in started_processes():
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def use_own_settings(scratch: Path) -> None:
    """Leave the user's Pulumi alone: this process and all it starts get a home of their own."""
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


class Demo:
    """The steps, in order.

    Args:
        scratch: folder for everything that is written.
        stack: ends what is started.
    """

    def __init__(self, scratch: Path, stack: contextlib.ExitStack) -> None:
        self._scratch, self._stack = scratch, stack
        self._guard = stack.enter_context(Guard(scratch))
        self._project = scratch / "project"
        self._headers = {"Authorization": f"UserKey {token_urlsafe()}"}
        self._step = 0

    def run(self) -> None:
        """Run every step; a failure after `pulumi up` began takes back what was made."""
        self._start_cluster()
        self._start_api()
        self._make_stack()
        try:
            self._up()
            objects = self._show()
            self._preview()
        except BaseException:
            self._clean_up()
            raise
        self._destroy(objects)

    def _start_cluster(self) -> None:
        self._cluster_is_theirs = bool(os.environ.get("KUBECONFIG"))
        if self._cluster_is_theirs:
            self._announce("The cluster that KUBECONFIG names")
        else:
            self._announce("A Kubernetes API server on loopback")
            show("tools/cluster.py", "run")
        kubeconfig = self._stack.enter_context(cluster())
        os.environ["KUBECONFIG"] = str(kubeconfig)
        print(f"\n  $ export KUBECONFIG={kubeconfig}")
        show("kubectl", "get", "nodes")
        run("kubectl", "get", "nodes")

    def _start_api(self) -> None:
        command = ["kubiya-pulumi", "emulator", "--follow-cluster", os.environ["KUBECONFIG"]]
        self._announce("A Runners API on loopback")
        show(*command)
        self._guard.start("emulator", *command)
        url = None
        deadline = time.monotonic() + WAIT_SECONDS
        while not url:
            url = re.search(
                r"on (http://127\.0\.0\.1:\d+)", self._guard.log("emulator").read_text()
            )
            self._guard.check()
            if time.monotonic() > deadline:
                raise DemoError(f"the emulator did not start; {self._guard.tail('emulator')}")
            time.sleep(0.05)
        self._url = url[1]
        print(f"It answers at {self._url}.")
        if self._cluster_is_theirs:
            self._refuse_to_take_over()

    def _refuse_to_take_over(self) -> None:
        """Server-side apply takes over what is there, and the end of the demo would delete it."""
        self._call("POST", f"/api/v3/runners/{RUNNER}")
        text = self._call("GET", f"/v1/runners/{RUNNER}/manifest").json()["manifest_content"]
        self._call("DELETE", f"/api/v3/runners/{RUNNER}")
        file = self._scratch / "manifest.yaml"
        file.write_text(text)
        if there := present(file):
            raise DemoError(
                f"the cluster in KUBECONFIG already has {', '.join(there)}, which the demo "
                "would take over and then delete: name another cluster, or unset KUBECONFIG"
            )

    def _make_stack(self) -> None:
        self._announce("A stack of the program in examples/runner")
        # A copy, since a stack's settings are kept beside its Pulumi.yaml.
        self._project.mkdir()
        shutil.copy(ROOT / "Pulumi.yaml", self._project)
        ignored = shutil.ignore_patterns("Pulumi.*.yaml", "__pycache__")
        shutil.copytree(ROOT / "examples", self._project / "examples", ignore=ignored)
        self._pulumi("stack", "init", "demo")
        self._pulumi("config", "set", "kubiya:baseUrl", self._url)
        key = self._headers["Authorization"].removeprefix("UserKey ")
        self._pulumi("config", "set", "--secret", "kubiya:apiKey", stdin=key)

    def _up(self) -> None:
        self._announce("The runner, and its objects in the cluster")
        self._pulumi("up", "--yes")

    def _show(self) -> Path:
        """Show what was created, and return a file that names the objects in the cluster."""
        self._announce("What was created: the runner at the API, and its objects in the cluster")
        self._get("/api/v3/runners")
        self._get(f"/v1/runners/{RUNNER}/describe")
        health = f"/api/v3/runners/{RUNNER}/health"
        self._wait_for("healthy", lambda: self._call("GET", health).json().get("status"))
        self._get(health)
        state = json.loads(output("pulumi", "stack", "export", cwd=self._project))
        objects = objects_of(state)
        if not objects:
            raise DemoError("pulumi up has put nothing into the cluster")
        file = self._scratch / "objects.json"
        file.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}))
        show("kubectl", "get", hint="each object of the stack")
        run("kubectl", "get", "-f", str(file))
        return file

    def _preview(self) -> None:
        self._announce("A second time: nothing to do")
        self._pulumi("preview", "--expect-no-changes")

    def _destroy(self, objects: Path) -> None:
        self._announce("Away with it")
        self._pulumi("destroy", "--yes", "--skip-preview")
        self._get("/api/v3/runners")
        if runners := self._call("GET", "/api/v3/runners").json():
            raise DemoError(f"the API still has {len(runners)} runner(s) after pulumi destroy")
        if left := present(objects):
            raise DemoError(f"the cluster still has {', '.join(left)} after pulumi destroy")

    def _clean_up(self) -> None:
        # An engine that came to a sudden end has left its lock behind.
        with contextlib.suppress(CommandError):
            output("pulumi", "cancel", "--yes", cwd=self._project)
        try:
            output("pulumi", "destroy", "--yes", "--non-interactive", cwd=self._project)
        except CommandError as error:
            # A control plane of the demo's own is about to go, with all that is in it.
            if self._cluster_is_theirs:
                print(f"demo: objects may be left in the cluster: {error}", file=sys.stderr)

    def _announce(self, title: str) -> None:
        self._step += 1
        print(f"\n{self._step}/{STEPS}  {title}", flush=True)

    def _call(self, method: str, path: str) -> requests.Response:
        response = requests.request(method, self._url + path, headers=self._headers, timeout=30)
        if not response.ok:
            raise DemoError(f"{method} {path} was answered with {response.status_code}")
        return response

    def _get(self, path: str) -> None:
        print(f'\n  $ curl -H "Authorization: UserKey $KUBIYA_API_KEY" {self._url}{path}')
        print(json.dumps(self._call("GET", path).json(), indent=2), flush=True)

    def _wait_for(self, wanted: str, ask: Callable[[], Any]) -> None:
        deadline = time.monotonic() + WAIT_SECONDS
        while (answer := ask()) != wanted:
            if time.monotonic() > deadline:
                raise DemoError(f"the runner is {answer}, not {wanted}, after {WAIT_SECONDS:.0f} s")
            time.sleep(0.2)

    def _pulumi(self, *args: str, stdin: str = "") -> None:
        """Show a command of Pulumi, and run it on the demo's project."""
        show("pulumi", *args, hint="the key is read from standard input" if stdin else "")
        flags = ("--non-interactive", f"--color={color()}")
        run("pulumi", *args, *flags, cwd=self._project, stdin=stdin)


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
