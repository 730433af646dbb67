"""The test harness runs the real engine, with a program that needs neither Kubiya nor a cluster."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.harness.engine import CommandFailedError, Stack
from tests.harness.secrets import find_secrets

pytestmark = pytest.mark.engine

SECRET = 's3cret value with "quotes" and ünicode'

PROGRAM = """
import pathlib
import time

import pulumi
from pulumi.dynamic import CreateResult, DiffResult, Resource, ResourceProvider


class Provider(ResourceProvider):
    def create(self, props):
        if props["signal"]:
            pathlib.Path(props["signal"]).touch()
            time.sleep(600)
        return CreateResult("id", props)

    def diff(self, id_, olds, news):
        return DiffResult(changes=olds["value"] != news["value"])


class Thing(Resource):
    def __init__(self, name, value, signal):
        super().__init__(Provider(), name, {"value": value, "signal": signal})


config = pulumi.Config()
thing = Thing("thing", config.get("value") or "none", config.get("signal") or "")
pulumi.export("value", thing.value)
pulumi.export("secret", config.get_secret("secret"))
"""


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_the_life_of_a_stack() -> None:
    with Stack(PROGRAM, config={"value": "one"}, secrets={"secret": SECRET}) as stack:
        log = stack.up(verbose=True).stderr
        assert log.count("\n") > 50, "the engine logs its work"
        assert log in stack.transcript
        assert stack.outputs() == {"value": "one", "secret": "[secret]"}
        assert stack.outputs(show_secrets=True)["secret"] == SECRET
        [thing] = stack.resources("pulumi-python:dynamic:Resource")
        assert thing["outputs"]["value"] == "one"
        assert stack.preview("--expect-no-changes").stderr == "", "no log without verbose"

        stack.configure({"value": "two"})
        assert stack.preview_json()["changeSummary"] == {"same": 1, "update": 1}
        state = stack.export()
        stack.up()
        stack.import_(state)
        stack.refresh()
        assert stack.outputs()["value"] == "one"

        stack.destroy()
        assert stack.resources() == []
        assert "destroy" in stack.results[-2].command
        assert not find_secrets([SECRET], transcript=stack.transcript, folder=stack.folder)
        folder = stack.folder
    assert not folder.exists()


def test_a_folder_is_copied_without_its_stack_settings(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: copied\nruntime: python\n")
    (tmp_path / "Pulumi.dev.yaml").write_text("config: {'copied:value': theirs}\n")
    (tmp_path / "__main__.py").write_text(PROGRAM)
    before = {path.name: path.read_text() for path in tmp_path.iterdir()}
    with Stack(tmp_path) as stack:
        stack.up("--skip-preview")
        assert stack.outputs()["value"] == "none"
    assert {path.name: path.read_text() for path in tmp_path.iterdir() if path.is_file()} == before


def test_an_error_contains_the_complete_output() -> None:
    with Stack("raise SystemExit('no program today')") as stack:
        with pytest.raises(CommandFailedError, match="no program today"):
            stack.up()
        assert stack.up(check=False).returncode != 0
        assert "no program today" in stack.transcript


def test_the_environment_of_the_user_is_not_inherited(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("KUBIYA_API_KEY", "PULUMI_STACK", "KUBECONFIG"):
        monkeypatch.setenv(name, "of the user")
    program = "import os, pulumi\npulumi.export('env', dict(os.environ))"
    with Stack(program, env={"KUBIYA_BASE_URL": "given"}) as stack:
        stack.up("--skip-preview")
        environment = stack.outputs()["env"]
    assert "of the user" not in json.dumps(environment)
    assert environment["KUBIYA_BASE_URL"] == "given"


def test_a_killed_engine_leaves_no_processes(tmp_path: Path) -> None:
    signal = tmp_path / "signal"
    with Stack(PROGRAM, config={"signal": str(signal)}) as stack:
        stack.start("up", "--yes", "--skip-preview")
        wait_for(signal.exists)
        assert stack.kill().returncode == -9
        pids = stack.processes()
        assert pids, "the plugin keeps running without the engine"
        [pending] = stack.export()["deployment"]["pending_operations"]
        assert pending["type"] == "creating"
    wait_for(lambda: not any(_is_running(pid) for pid in pids))


def _is_running(pid: int) -> bool:
    """Return whether a process exists and is not a zombie."""
    try:
        os.kill(pid, 0)
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except (ProcessLookupError, FileNotFoundError):
        return False
