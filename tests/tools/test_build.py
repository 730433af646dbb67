"""The toolchain is set up, with a fake Go compiler and a fake npm."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import build
import progress
import pytest
from pins import TOOLS

from tests.harness.toolchain import ROOT

CONTROL_PLANE = {"kube-apiserver", "kube-controller-manager", "kube-scheduler", "etcd", "kwok"}
NAMES = {tool.name for tool in TOOLS}

# Scripts of sh, which starts in a tenth of the time of Python: a set-up calls Go for each tool.
GO = """#!/bin/sh
home={home}
echo "$*" >>"$home/calls"
case $1 in
list) echo "$home/module" ;;
build)
    echo some/package >&2
    until [ "$1" = -o ]; do shift; done
    printf half >"$2"
    [ -e "$home/broken" ] && echo "some/package: syntax error" >&2 && exit 1
    while [ -e "$home/slow" ]; do /bin/sleep 0.02; done
    printf built >"$2"
    ;;
esac
"""

NPM = """#!/bin/sh
home={home}
echo "npm $*" >>"$home/calls"
[ -e "$home/broken" ] && echo "npm error: the hash differs" >&2 && exit 1
program={package}
/bin/mkdir -p "${{program%/*}}"
printf installed >"$program"
"""
[PACKAGE] = (tool for tool in TOOLS if tool.installer == "npm")


class Machine:
    """A machine with a cache, an almost empty PATH and clones of this project."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.bin, self.cache = folder / "bin", folder / "cache"
        self.bin.mkdir()
        home = shlex.quote(str(folder))
        self.script("go", GO.format(home=home))
        self.script("npm", NPM.format(home=home, package=shlex.quote(PACKAGE.package)))
        for tool in TOOLS:
            for copy in (*tool.embeds, *tool.companions):
                for source in copy.sources:
                    file = folder / "module" / source
                    file.parent.mkdir(parents=True, exist_ok=True)
                    file.write_text("#!/bin/sh\n" if "python" in source else "text\n")

    def script(self, name: str, text: str) -> None:
        (self.bin / name).write_text(text)
        (self.bin / name).chmod(0o755)

    def clone(self, name: str) -> Path:
        return Path(shutil.copytree(ROOT / "tools", self.folder / name / "tools")).parent

    def start(self, clone: Path, *args: str, **env: str) -> subprocess.Popen[str]:
        own = {"PATH": str(self.bin), "HOME": str(self.folder), "PYTHONDONTWRITEBYTECODE": "1"}
        return subprocess.Popen(
            [sys.executable, clone / "tools" / "build.py", *args],
            env=own | {"KUBIYA_PULUMI_TOOLS": str(self.cache)} | env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, clone: Path, *args: str, status: int = 0, **env: str) -> str:
        with self.start(clone, *args, **env) as process:
            output, _ = process.communicate()
        assert process.returncode == status, output
        return output

    def built(self) -> list[str]:
        """Return the names of the binaries that Go built and npm installed, in order."""
        calls = (self.folder / "calls").read_text().splitlines() if self.was_called() else []
        return [
            PACKAGE.name if call.startswith("npm ") else Path(call.split(" -o ")[1].split()[0]).name
            for call in calls
            if call.startswith(("build ", "npm "))
        ]

    def was_called(self) -> bool:
        """Return whether Go or npm was called."""
        return (self.folder / "calls").exists()

    def leftovers(self) -> list[str]:
        """Return the names of folders in the cache that do not contain a finished build."""
        finished = {build.build_folder(tool).name for tool in TOOLS}
        folders = {path.name for path in self.cache.iterdir() if path.is_dir()}
        return sorted(folders - finished)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def linked(clone: Path) -> set[str]:
    links = clone / ".tools" / "bin"
    return {path.name for path in links.iterdir()} if links.exists() else set()


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_tools_are_built_once_per_machine(machine: Machine) -> None:
    first, second = machine.clone("first"), machine.clone("second")
    machine.run(first)
    assert machine.built() == [tool.name for tool in TOOLS]
    companions = {companion.to for tool in TOOLS for companion in tool.companions}
    assert linked(first) == NAMES | companions
    executor = first / ".tools" / "bin" / "pulumi-language-python-exec"
    assert os.access(executor, os.X_OK)
    assert not executor.is_symlink(), "the language host searches its own folder"

    (machine.folder / "calls").unlink()
    machine.run(first)
    machine.run(second)
    assert not machine.was_called()
    assert linked(second) == linked(first)
    for name in linked(second):
        assert (first / ".tools" / "bin" / name).samefile(second / ".tools" / "bin" / name)


def test_a_single_tool_can_be_built(machine: Machine) -> None:
    clone = machine.clone("clone")
    machine.run(clone, "etcd")
    assert linked(clone) == {"etcd"}
    output = machine.run(clone, "etcd", "gcc", status=2)
    assert "unknown tool gcc; choose from pulumi, " in output


def test_a_changed_pin_triggers_a_build(machine: Machine) -> None:
    clone = machine.clone("clone")
    machine.run(clone, "etcd")
    with (clone / "tools" / "etcd" / "go.sum").open("a") as file:
        file.write("a new hash\n")
    machine.run(clone, "etcd")
    assert machine.built() == ["etcd", "etcd"]


def test_list_does_not_change_anything(machine: Machine) -> None:
    clone = machine.clone("clone")
    output = machine.run(clone, "--list")
    assert output.count("to be built, about") == len(TOOLS)
    assert not machine.was_called()
    assert not machine.cache.exists()
    assert not (clone / ".tools").exists()


def test_an_installed_engine_is_used(machine: Machine) -> None:
    clone = machine.clone("clone")
    machine.run(clone, "pulumi")
    machine.script("pulumi-language-python", "#!/bin/sh\n")
    machine.script("pulumi", "#!/bin/sh\necho v3.253.9\n")
    assert "pulumi: to be built" in machine.run(clone, "--list", KUBIYA_PULUMI_TOOLS="/nowhere")
    machine.script("pulumi", "#!/bin/sh\necho v3.254.0\n")
    output = machine.run(clone, "pulumi", "pulumi-language-python")
    assert f"pulumi: not built, {machine.bin}/pulumi v3.254.0 is installed" in output
    assert linked(clone) == set(), "no link hides the installed engine"
    assert machine.built() == ["pulumi"]


def test_an_installed_engine_without_its_python_host_is_ignored(machine: Machine) -> None:
    clone = machine.clone("clone")
    machine.script("pulumi", "#!/bin/sh\necho v3.300.0\n")
    machine.run(clone, "pulumi", "pulumi-language-python")
    assert machine.built() == ["pulumi", "pulumi-language-python"]


def test_a_downloaded_kubernetes_plugin_is_used(machine: Machine) -> None:
    clone, name = machine.clone("clone"), "pulumi-resource-kubernetes"
    for version in ("3.99.0", "4.9.0"):
        file = machine.folder / ".pulumi" / "plugins" / f"resource-kubernetes-v{version}" / name
        file.parent.mkdir(parents=True)
        file.write_text(version)
    assert "to be built" in machine.run(clone, "--list", name)
    for version in ("4.24.1", "4.100.0", "4.34.2"):
        file = machine.folder / ".pulumi" / "plugins" / f"resource-kubernetes-v{version}" / name
        file.parent.mkdir(parents=True)
        file.write_text(version)
    machine.run(clone, name)
    assert (clone / ".tools" / "bin" / name).read_text() == "4.100.0"
    assert not machine.was_called()


def test_a_plugin_and_kubectl_on_path_are_used(machine: Machine) -> None:
    clone = machine.clone("clone")
    for name in ("pulumi-resource-kubernetes", "kubectl"):
        machine.script(name, "#!/bin/sh\n")
    machine.run(clone, "pulumi-resource-kubernetes", "kubectl")
    assert linked(clone) == set()
    assert not machine.was_called()


def test_no_control_plane_is_built_for_an_existing_cluster(machine: Machine) -> None:
    clone = machine.clone("clone")
    output = machine.run(clone, KUBECONFIG="/some/config")
    assert output.count("the cluster in KUBECONFIG (/some/config) is used") == len(CONTROL_PLANE)
    assert set(machine.built()) == NAMES - CONTROL_PLANE


def test_missing_go_is_reported(machine: Machine) -> None:
    clone = machine.clone("clone")
    (machine.bin / "go").unlink()
    output = machine.run(clone, "etcd", "kwok", status=1)
    assert output.startswith("tools: etcd, kwok must be built and Go is not installed: install Go")
    assert "Traceback" not in output


def test_the_plan_reports_missing_go_before_anything_is_installed(machine: Machine) -> None:
    clone = machine.clone("clone")
    (machine.bin / "go").unlink()
    lines = machine.run(clone, "--plan", "etcd", status=1).splitlines()
    assert lines[0].startswith("tools: 1 to build, ")
    assert lines[-1].startswith("tools: etcd must be built and Go is not installed: install Go")


def test_missing_npm_only_prevents_what_needs_it(machine: Machine) -> None:
    clone = machine.clone("clone")
    (machine.bin / "npm").unlink()
    output = machine.run(clone)
    sentence = f"{PACKAGE.name} must be installed by npm, which is not installed: "
    assert f"tools: {sentence}its tests will fail until you install Node.js" in output
    assert linked(clone) >= NAMES - {PACKAGE.name}
    assert PACKAGE.name not in linked(clone)
    output = machine.run(clone, PACKAGE.name, status=1)
    assert output == f"tools: {sentence}install Node.js 20 or newer\n"


def test_an_npm_package_is_installed_as_its_lock_file_pins_it(machine: Machine) -> None:
    clone = machine.clone("clone")
    (machine.folder / "broken").touch()
    output = machine.run(clone, PACKAGE.name, status=1)
    assert "npm error: the hash differs" in output
    assert "tools: npm ci failed; the lines above are npm's" in output
    assert linked(clone) == set()
    (machine.folder / "broken").unlink()
    machine.run(clone, PACKAGE.name)
    program = clone / ".tools" / "bin" / PACKAGE.name
    assert program.read_text() == "installed"
    assert os.access(program, os.X_OK)
    call = (machine.folder / "calls").read_text().splitlines()[-1]
    assert call.startswith("npm ci --ignore-scripts ")


def test_the_lock_file_names_no_registry() -> None:
    lock = json.loads((ROOT / "tools" / PACKAGE.folder / "package-lock.json").read_text())
    packages = [package for name, package in lock["packages"].items() if name]
    assert packages
    assert all(package["integrity"].startswith("sha512-") for package in packages)
    assert not any("resolved" in package for package in packages)


def test_a_failed_build_leaves_no_files(machine: Machine) -> None:
    clone = machine.clone("clone")
    (machine.folder / "broken").touch()
    output = machine.run(clone, "etcd", status=1)
    assert "some/package: syntax error" in output
    assert "tools: go build failed; the lines above are Go's" in output
    assert "Traceback" not in output
    assert [path.name for path in machine.cache.iterdir()] == ["etcd.lock"]
    assert linked(clone) == set()
    (machine.folder / "broken").unlink()
    machine.run(clone, "etcd")
    assert (clone / ".tools" / "bin" / "etcd").read_text() == "built"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_an_interrupted_build_leaves_no_files(machine: Machine, number: signal.Signals) -> None:
    clone = machine.clone("clone")
    (machine.folder / "slow").touch()
    with machine.start(clone, "etcd") as process:
        wait_for(lambda: machine.built() == ["etcd"])
        process.send_signal(number)
        if number == signal.SIGKILL:
            process.wait()
            (machine.folder / "slow").unlink()  # lets the orphaned compiler finish
        output, _ = process.communicate()
    assert process.returncode != 0
    assert "Traceback" not in output
    assert linked(clone) == set()
    if number != signal.SIGKILL:
        assert [path.name for path in machine.cache.iterdir()] == ["etcd.lock"]
        (machine.folder / "slow").unlink()
    machine.run(clone, "etcd")
    assert (clone / ".tools" / "bin" / "etcd").read_text() == "built"
    assert machine.leftovers() == []


def test_two_simultaneous_set_ups_build_once(machine: Machine) -> None:
    first, second = machine.clone("first"), machine.clone("second")
    (machine.folder / "slow").touch()
    with machine.start(first, "etcd") as one:
        wait_for(lambda: machine.built() == ["etcd"])
        with machine.start(second, "etcd") as two:
            assert two.stdout is not None
            while "waiting for another process that builds etcd" not in two.stdout.readline():
                pass
            (machine.folder / "slow").unlink()
            two.communicate()
        one.communicate()
    assert (one.returncode, two.returncode) == (0, 0)
    assert machine.built() == ["etcd"]
    assert (first / ".tools" / "bin" / "etcd").samefile(second / ".tools" / "bin" / "etcd")


def test_files_are_copied_from_a_cache_on_another_file_system(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError("cross-device link")

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    monkeypatch.setattr(build, "LINKS", tmp_path / "bin")
    source, target = tmp_path / "etcd", tmp_path / "bin" / "etcd"
    source.write_text("built")
    source.chmod(0o755)
    build.link(source)
    before = target.stat()
    build.link(source)
    assert target.stat().st_ino == before.st_ino, "an up-to-date copy is kept"
    source.write_text("rebuilt")
    build.link(source)
    assert target.read_text() == "rebuilt"
    assert os.access(target, os.X_OK)


def test_progress_is_reported_while_the_build_is_silent(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(progress, "PROGRESS_SECONDS", 0.01)
    lines: list[str] = []
    with progress.report_progress(lambda: "compiling"):
        while len(lines) < 3:
            lines += capsys.readouterr().out.splitlines()
    assert lines[0] == "tools:   compiling, 0 s"


def test_the_plan_says_how_to_avoid_a_build(machine: Machine) -> None:
    clone = machine.clone("clone")
    plan = machine.run(clone, "--plan", "pulumi", "kubectl", "etcd", "kwok").splitlines()
    assert plan == [
        "tools: 4 to build, about 6 min on 2 cores, once per machine",
        "tools:   pulumi: about 3.3 min; to avoid it, install the Pulumi CLI 3.254 or newer",
        "tools:   etcd, kwok: about 1.4 min; to avoid it, set KUBECONFIG to a cluster",
        "tools:   kubectl: about 1.0 min; to avoid it, install kubectl",
    ]
    assert not machine.was_called()
    machine.run(clone, "kubectl")
    assert machine.run(clone, "--plan", "kubectl") == "tools: nothing to build\n"
