#!/usr/bin/env python3
"""Show the main use case on this machine: create a runner as code, and destroy it.

Everything is real except the Runners API, which is emulated. The cluster is the one of
KUBECONFIG, or a new control plane. Each step prints the commands that do the same by hand. The
demo neither reads nor changes the user's stacks, logins and settings, nor the files of the clone.

    tools/demo.py              ten steps, each with its commands and what they show
    tools/demo.py --verbose    the complete output of each command

Run it inside `.venv`: `make demo`.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from types import FrameType
from typing import Any

from cluster import ClusterError, cluster
from demo_environment import (
    ROOT,
    DemoError,
    check_processes,
    end_processes,
    use_own_settings,
)
from demo_service import RunnersService
from guard import Guard, ProcessDiedError
from inventory import existing_objects, objects_of
from terminal import CommandError, color, output, result_lines, run, show

RUNNER = "runner-prod"
"""The name of the runner in the program of the root `Pulumi.yaml`."""
STEPS = 10


def main() -> int:
    """Run the demo and return the exit status."""
    parser = argparse.ArgumentParser(description="Create a runner as code, and destroy it.")
    parser.add_argument(
        "--verbose", action="store_true", help="show the complete output of each command"
    )
    options = parser.parse_args()
    start = time.monotonic()
    # Clean up after `kill` as after Ctrl-C.
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        with tempfile.TemporaryDirectory(prefix="kubiya-demo-") as folder:
            use_own_settings(Path(folder))
            try:
                with contextlib.ExitStack() as stack:
                    Demo(Path(folder), stack, verbose=options.verbose).run()
                check_processes()
            finally:
                end_processes()
    except KeyboardInterrupt:
        print("\ndemo: interrupted and cleaned up", file=sys.stderr)
        return 130
    except (DemoError, CommandError, ClusterError, ProcessDiedError) as error:
        print(f"\ndemo: {error}", file=sys.stderr)
        return 1
    print(f"\nThe demo took {time.monotonic() - start:.0f} s.")
    print("Everything is removed: the runner, its objects, all processes and files.")
    return 0


class Demo:
    """The steps of the demo, in order.

    Args:
        scratch: the folder for all files.
        stack: stops everything that the demo starts.
        verbose: whether to show the complete output of each command.
    """

    def __init__(self, scratch: Path, stack: contextlib.ExitStack, *, verbose: bool) -> None:
        self._verbose = verbose
        self._scratch, self._stack = scratch, stack
        self._service = RunnersService(stack.enter_context(Guard(scratch)))
        self._project = scratch / "project"
        self._step = 0

    def run(self) -> None:
        """Run every step. If one fails after `pulumi up` started, destroy what was created."""
        self._start_cluster()
        self._start_api()
        self._create_stack()
        self._preview()
        try:
            self._up()
            self._show_runner()
            objects = self._show_objects()
            self._review()
            self._preview_without_changes()
        except BaseException:
            self._clean_up()
            raise
        self._destroy(objects)

    def _start_cluster(self) -> None:
        self._uses_existing_cluster = bool(os.environ.get("KUBECONFIG"))
        if self._uses_existing_cluster:
            self._announce("Use the cluster of KUBECONFIG")
        else:
            self._announce("Start a Kubernetes API server on loopback")
            show("tools/cluster.py", "run")
        kubeconfig = self._stack.enter_context(cluster())
        os.environ["KUBECONFIG"] = str(kubeconfig)
        print(f"\n  $ export KUBECONFIG={kubeconfig}")
        show("kubectl", "get", "nodes")
        run("kubectl", "get", "nodes")

    def _start_api(self) -> None:
        command = ["kubiya-pulumi", "emulator", "--follow-cluster", os.environ["KUBECONFIG"]]
        if self._uses_existing_cluster:
            # Its nodes may be real and run the pods.
            command += ["--images", "pause"]
        self._announce("Start a Runners API on loopback")
        show(*command)
        self._service.start(*command)
        print(f"It listens on {self._service.url}.")
        if self._uses_existing_cluster:
            self._refuse_to_take_over()

    def _refuse_to_take_over(self) -> None:
        """Fail if an object already exists: the demo would take it over and then delete it."""
        self._service.call("POST", f"/api/v3/runners/{RUNNER}")
        file = self._write_manifest()
        self._service.call("DELETE", f"/api/v3/runners/{RUNNER}")
        if names := existing_objects(file):
            raise DemoError(
                f"the cluster of KUBECONFIG already has {', '.join(names)}, which the demo "
                "would take over and then delete: use another cluster, or unset KUBECONFIG"
            )

    def _create_stack(self) -> None:
        self._announce("Create a stack of the program in examples/runner")
        # Use a copy, because Pulumi writes the settings of a stack next to Pulumi.yaml.
        self._project.mkdir()
        shutil.copy(ROOT / "Pulumi.yaml", self._project)
        ignored = shutil.ignore_patterns("Pulumi.*.yaml", "__pycache__")
        shutil.copytree(ROOT / "examples", self._project / "examples", ignore=ignored)
        self._pulumi("stack", "init", "demo")
        self._pulumi("config", "set", "kubiya:baseUrl", self._service.url)
        self._pulumi("config", "set", "--secret", "kubiya:apiKey", stdin=self._service.api_key)

    def _preview(self) -> None:
        self._announce("Preview the stack: its objects are not known before the manifest exists")
        self._pulumi("preview")

    def _up(self) -> None:
        self._announce("Create the runner, and its objects in the cluster")
        self._pulumi("up", "--yes", "--skip-preview")

    def _show_runner(self) -> None:
        self._announce("Show the runner in Kubiya, when it is healthy")
        runner = self._get(f"/v1/runners/{RUNNER}/describe")
        self._service.wait_until_healthy(RUNNER)
        report = self._get(f"/api/v3/runners/{RUNNER}/health")
        for name in ("name", "description", "version", "namespace"):
            self._note(f"{name}: {runner.get(name)}")
        checks = ", ".join(str(check["name"]) for check in report["checks"])
        self._note(f"status: {report['status']} ({checks})")

    def _show_objects(self) -> Path:
        """Show what was created, and return a file with the names of the objects."""
        self._announce("Show its objects in the cluster")
        objects = self._objects()
        if not objects:
            raise DemoError("pulumi up created no objects in the cluster")
        file = self._scratch / "objects.json"
        file.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}))
        for namespace in self._namespaces():
            command = ["kubectl", "get", "deployments", "--namespace", namespace]
            show(*command)
            run(*command)
        if self._verbose:
            show("kubectl", "get", hint="each object of the stack")
            run("kubectl", "get", "-f", str(file))
        kinds = Counter(str(found["kind"]) for found in objects)
        counts = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
        self._note(f"{len(objects)} objects: {counts}")
        return file

    def _review(self) -> None:
        self._announce("Review the manifest: what does it request?")
        file = self._write_manifest()
        show("kubiya-pulumi", "review", file.name)
        command = ["kubiya-pulumi", "review", str(file), "--format"]
        if self._verbose:
            run(*command, "markdown")
        findings = json.loads(output(*command, "json"))["findings"]
        severities = Counter(finding["severity"] for finding in findings)
        self._note(", ".join(f"{severities[name]} {name}s" for name in ("error", "warning")))
        for finding in findings:
            if finding["severity"] == "error":
                self._note(f"{finding['rule']}: {finding['message']}")

    def _preview_without_changes(self) -> None:
        self._announce("Preview the unchanged program: there is nothing to do")
        self._pulumi("preview", "--expect-no-changes")

    def _destroy(self, objects: Path) -> None:
        self._announce("Destroy everything")
        namespaces = self._namespaces()
        self._pulumi("destroy", "--yes", "--skip-preview")
        if runners := self._service.call("GET", "/api/v3/runners"):
            raise DemoError(f"the API still has {len(runners)} runner(s) after pulumi destroy")
        # The stack keeps its namespaces, but no other deployment uses those of the demo.
        command = ["kubectl", "delete", "namespace", *namespaces]
        show(*command)
        run(*command, quiet=not self._verbose)
        if names := existing_objects(objects):
            raise DemoError(f"the cluster still has {', '.join(names)} after pulumi destroy")

    def _clean_up(self) -> None:
        # An engine that was killed has left its lock behind.
        with contextlib.suppress(CommandError):
            output("pulumi", "cancel", "--yes", cwd=self._project)
        try:
            namespaces = self._namespaces()
            output("pulumi", "destroy", "--yes", "--non-interactive", cwd=self._project)
            if namespaces:
                output("kubectl", "delete", "namespace", "--ignore-not-found", *namespaces)
        except CommandError as error:
            # A control plane that the demo started is about to stop, together with its objects.
            if self._uses_existing_cluster:
                print(f"demo: objects may be left in the cluster: {error}", file=sys.stderr)

    def _objects(self) -> list[dict[str, Any]]:
        """Return the Kubernetes objects of the stack."""
        return objects_of(json.loads(output("pulumi", "stack", "export", cwd=self._project)))

    def _namespaces(self) -> list[str]:
        """Return the names of the stack's namespaces."""
        return [
            found["metadata"]["name"] for found in self._objects() if found["kind"] == "Namespace"
        ]

    def _announce(self, title: str) -> None:
        self._step += 1
        print(f"\n{self._step}/{STEPS}  {title}", flush=True)

    def _write_manifest(self) -> Path:
        """Download the manifest of the runner into a file."""
        file = self._scratch / "manifest.yaml"
        file.write_text(self._service.manifest(RUNNER))
        return file

    def _get(self, path: str) -> dict[str, Any]:
        print(f'\n  $ curl -H "Authorization: UserKey $KUBIYA_API_KEY" {self._service.url}{path}')
        response: dict[str, Any] = self._service.call("GET", path)
        if self._verbose:
            print(json.dumps(response, indent=2))
        sys.stdout.flush()
        return response

    def _note(self, text: str) -> None:
        print(f"    {text}", flush=True)

    def _pulumi(self, *args: str, stdin: str = "") -> None:
        """Show a Pulumi command and run it in the demo's project."""
        show("pulumi", *args, hint="the key is read from standard input" if stdin else "")
        flags = ("--non-interactive", f"--color={color() if self._verbose else 'never'}")
        command = ("pulumi", *args, *flags)
        text = run(*command, cwd=self._project, stdin=stdin, quiet=not self._verbose)
        for line in result_lines(text):
            self._note(line)


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
