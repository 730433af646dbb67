"""`make demo` shows the main use case and cleans up, also when it is interrupted."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import demo_picture
import pytest
from guard import processes_with

from tests.harness.kubectl import Kubectl
from tests.harness.toolchain import PATH, ROOT

DEMO_SECONDS = 300.0
"""Much longer than a demo takes, and shorter than the timeout of a test."""

pytestmark = [pytest.mark.engine, pytest.mark.cluster]


class User:
    """A user with their own settings, who runs `make demo`."""

    def __init__(self, folder: Path) -> None:
        self.temporary, self.home = folder / "tmp", folder / "home"
        self.temporary.mkdir()
        self.home.mkdir()
        self._env = os.environ | {
            "PATH": PATH,
            "TMPDIR": str(self.temporary),
            "HOME": str(self.home),
            "PULUMI_BACKEND_URL": self.home.as_uri(),
            "PULUMI_STACK": "production",
            "KUBIYA_API_KEY": "the key of production",
        }

    def start(self, *args: str, **env: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, str(ROOT / "tools" / "demo.py"), *args],
            env=self._env | env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, **env: str) -> tuple[int, str]:
        with self.start(**env) as process:
            try:
                output, _ = process.communicate(timeout=DEMO_SECONDS)
            except subprocess.TimeoutExpired:
                # The demo then cleans up, so that the next test finds the cluster unchanged.
                process.terminate()
                output, _ = process.communicate()
        return process.returncode, output

    def leftovers(self) -> list[object]:
        """Return what the demo left behind: files in the home, temporary files, processes."""
        processes = processes_with(f"HOME={self.home}")
        return [*self.temporary.iterdir(), *self.home.iterdir(), *processes]


@pytest.fixture
def user(tmp_path: Path) -> User:
    return User(tmp_path)


@pytest.fixture(autouse=True)
def _clone_is_unchanged() -> Iterator[None]:
    def stacks() -> set[Path]:
        return {*ROOT.glob("Pulumi.*.yaml"), *ROOT.glob("examples/*/Pulumi.*.yaml")}

    before = stacks()
    yield
    assert stacks() == before


def test_the_demo_creates_and_destroys_a_runner(user: User, control_plane: Path) -> None:
    status, output = user.run(KUBECONFIG=str(control_plane))
    assert status == 0, output
    assert "status: healthy (" in output
    assert re.search(r"^tool-manager +1/1 ", output, re.M), output
    steps = re.findall(r"^(\d+)/10  ", output, re.M)
    assert steps == [str(number) for number in range(1, 11)]
    assert len(output.splitlines()) < 100
    assert output.endswith(
        "Everything is removed: the runner, its objects, all processes and files.\n"
    )
    assert "the key of production" not in output
    assert user.leftovers() == []
    svg = demo_picture.PICTURE.read_text("utf-8")
    assert demo_picture.is_current(svg, output), "run tools/demo_picture.py"


def test_existing_objects_are_not_taken_over(user: User, control_plane: Path) -> None:
    kubectl = Kubectl(control_plane)
    kubectl("create", "namespace", "kubiya-system")
    try:
        status, output = user.run(KUBECONFIG=str(control_plane))
        assert status == 1, output
        assert "already has namespace/kubiya-system, which the demo would take over" in output
        assert "Traceback" not in output
        kubectl("get", "namespace", "kubiya-system")
    finally:
        kubectl("delete", "namespace", "kubiya-system", "--timeout=60s")
    assert user.leftovers() == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_demo_cleans_up(
    user: User, control_plane: Path, number: signal.Signals
) -> None:
    with user.start("--verbose", KUBECONFIG=str(control_plane)) as process:
        assert process.stdout is not None
        lines: list[str] = []
        while "Deployment" not in "".join(lines[-1:]):
            lines.append(process.stdout.readline())
            assert lines[-1], "".join(lines)
        process.send_signal(number)
        output, _ = process.communicate()
    assert process.returncode == 130, output
    assert "demo: interrupted and cleaned up" in output
    assert "Traceback" not in output
    assert Kubectl(control_plane)("get", "namespace", "kubiya-system", "--ignore-not-found") == ""
    assert user.leftovers() == []


def test_a_demo_with_a_closed_output_cleans_up(user: User, control_plane: Path) -> None:
    with user.start(KUBECONFIG=str(control_plane)) as process:
        assert process.stdout is not None
        # Wait for the end of the update: the state would lack an object that is being created.
        while "$ kubectl get" not in (line := process.stdout.readline()) or "nodes" in line:
            assert line
        process.stdout.close()
    assert process.returncode == 1
    assert Kubectl(control_plane)("get", "namespace", "kubiya-system", "--ignore-not-found") == ""
    assert user.leftovers() == []


def test_a_missing_kubeconfig_is_an_error(user: User, tmp_path: Path) -> None:
    status, output = user.run(KUBECONFIG=str(tmp_path / "gone"))
    assert status == 1
    assert output.splitlines()[-1] == (
        f"demo: KUBECONFIG is {tmp_path / 'gone'}, which is not a file; "
        "correct or unset the variable"
    )
    assert user.leftovers() == []
