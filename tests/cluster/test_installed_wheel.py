"""The built wheel in an empty virtual environment runs the program of the README."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import venv
from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from kubiya_pulumi.emulator import Emulator
from kubiya_pulumi.version import VERSION
from tests.harness.engine import Stack
from tests.harness.kubectl import Kubectl
from tests.harness.toolchain import PATH, ROOT

EXPORT = "import kubiya_pulumi, pulumi\npulumi.export('file', kubiya_pulumi.__file__)\n"
"""A program exports with it which installation of the package it uses."""

pytestmark = [pytest.mark.engine, pytest.mark.cluster]


def dependencies(package: str, extras: frozenset[str] = frozenset()) -> Iterator[str]:
    """Yield the names of all packages that an installation of a package brings."""
    for line in distribution(package).requires or []:
        requirement = Requirement(line)
        if requirement.marker is None or any(
            requirement.marker.evaluate({"extra": extra}) for extra in extras or {""}
        ):
            yield requirement.name
            yield from dependencies(requirement.name, frozenset(requirement.extras))


def link(package: str, site_packages: Path) -> None:
    """Link the files of an installed package into another environment."""
    installed = distribution(package)
    for file in installed.files or []:
        if ".." not in file.parts:
            target = site_packages / file
            target.parent.mkdir(parents=True, exist_ok=True)
            target.symlink_to(Path(str(installed.locate_file(file))))


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment outside the clone with the wheel and its dependencies alone.

    The environment has pip and links to what the installed package requires. pip fails if the wheel
    requires anything else, so no package index is needed.
    """
    folder = tmp_path_factory.mktemp("installed")
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", folder]
    subprocess.run(build, cwd=ROOT, capture_output=True, check=True, timeout=120)
    [wheel] = folder.glob("*.whl")
    venv.create(folder / "venv", symlinks=True)
    [site_packages] = folder.glob("venv/lib/python*/site-packages")
    for package in sorted({"pip", *dependencies("kubiya-pulumi")}):
        link(package, site_packages)
    pip = [folder / "venv" / "bin" / "python", "-m", "pip", "install", "--no-index", wheel]
    installed = subprocess.run(pip, capture_output=True, text=True, check=False, timeout=120)
    assert installed.returncode == 0, installed.stderr
    return folder / "venv"


def test_the_program_of_the_readme_runs_with_the_installed_wheel(
    environment: Path, emulator: Emulator, control_plane: Path, kubectl: Kubectl
) -> None:
    readme = (ROOT / "README.md").read_text()
    [program, *_] = re.findall(r"^```python\n(.*?)^```", readme, re.MULTILINE | re.DOTALL)
    env = {
        "PATH": os.pathsep.join([str(environment / "bin"), PATH]),
        "KUBECONFIG": str(control_plane),
    }
    with Stack(
        f"{program}{EXPORT}",
        config={"kubiya:baseUrl": emulator.url},
        secrets={"kubiya:apiKey": emulator.api_key},
        env=env,
    ) as stack:
        try:
            stack.up()
            assert Path(stack.outputs()["file"]).is_relative_to(environment)
            assert list(emulator.runners) == ["runner-prod"]
            assert "agent-manager" in kubectl("get", "deployments", "--all-namespaces")
            stack.preview("--expect-no-changes")
        finally:
            stack.destroy()
            # It stays in the cluster, because other deployments may use it.
            kubectl("delete", "namespace", "kubiya-system", "--ignore-not-found")
    assert emulator.runners == {}


def test_the_command_of_the_installed_wheel_needs_no_extra(environment: Path) -> None:
    command = environment / "bin" / "kubiya-pulumi"
    version = subprocess.run([command, "--version"], capture_output=True, text=True, check=True)
    assert version.stdout == f"kubiya-pulumi {VERSION}\n"
    review = subprocess.run(
        [command, "review", "--format=json", "-"],
        input="apiVersion: v1\nkind: Namespace\nmetadata: {name: tools}\n",
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert review.returncode == 0, review.stderr
    assert '"findings"' in review.stdout
