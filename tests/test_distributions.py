"""The wheel and the source distribution contain what they should, and nothing else."""

from __future__ import annotations

import re
import subprocess
import sys
import tarfile
import zipfile
from email.message import Message
from email.parser import Parser
from pathlib import Path

import pytest

from kubiya_pulumi.version import VERSION
from tests.harness.toolchain import ROOT

NAME = f"kubiya_pulumi-{VERSION}"
METADATA = f"{NAME}.dist-info"
IN_SOURCES = (
    *("CHANGELOG.md", "CONTRIBUTING.md", "DESIGN.md", "LICENSE", "Makefile", "README.md"),
    *("docs", "examples", "kubiya_pulumi", "mkdocs.yml", "noxfile.py", "pyproject.toml"),
    *("requirements-dev.txt", "requirements-docs.txt", "tests", "tools"),
)
"""What the source distribution contains: everything that `make unit` needs."""


@pytest.fixture(scope="module")
def distributions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with a new wheel and a new source distribution."""
    folder = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "hatchling", "build", "--directory", folder]
    subprocess.run(build, cwd=ROOT, capture_output=True, check=True, timeout=60)
    return folder


@pytest.fixture(scope="module")
def metadata(distributions: Path) -> Message:
    """The metadata of the wheel."""
    with zipfile.ZipFile(distributions / f"{NAME}-py3-none-any.whl") as wheel:
        return Parser().parsestr(wheel.read(f"{METADATA}/METADATA").decode())


def files_of_the_clone(*paths: str) -> set[str]:
    """Return the files in the clone that Git does not ignore."""
    if not (ROOT / ".git").exists():
        pytest.skip("the list of files needs a Git clone")
    process = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *paths],
        cwd=ROOT, capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    return {name for name in process.stdout.splitlines() if (ROOT / name).exists()}


def test_the_wheel_contains_the_package_alone(distributions: Path) -> None:
    with zipfile.ZipFile(distributions / f"{NAME}-py3-none-any.whl") as wheel:
        names = set(wheel.namelist())
    package = files_of_the_clone("kubiya_pulumi")
    assert names == package | {
        f"{METADATA}/{name}"
        for name in ("METADATA", "RECORD", "WHEEL", "entry_points.txt", "licenses/LICENSE")
    }
    assert {Path(name).suffix for name in package} == {".py", ".json", ".typed"}


def test_the_source_distribution_contains_what_the_fast_tests_need(distributions: Path) -> None:
    with tarfile.open(distributions / f"{NAME}.tar.gz") as archive:
        names = {name.removeprefix(f"{NAME}/") for name in archive.getnames()}
    # hatchling adds the rules by which it selects files.
    assert names == files_of_the_clone(*IN_SOURCES) | {".gitignore", "PKG-INFO"}


def test_the_metadata_is_complete(metadata: Message) -> None:
    assert metadata["Version"] == VERSION
    assert metadata["License-Expression"] == "Apache-2.0"
    assert metadata["Author"]
    assert metadata["Keywords"]
    urls = dict(value.split(", ") for value in metadata.get_all("Project-URL", []))
    assert urls.keys() >= {"Homepage", "Documentation", "Changelog", "Issues", "Source"}


def test_the_extra_all_has_the_packages_of_every_extra(metadata: Message) -> None:
    requirements: dict[str, set[str]] = {}
    for line in metadata.get_all("Requires-Dist", []):
        requirement, _, condition = line.partition("; extra == ")
        requirements.setdefault(condition.strip("'\""), set()).add(requirement)
    complete = requirements.pop("all")
    del requirements[""]
    assert requirements.keys() == {"cli", "emulator", "schemas"}
    assert complete == set.union(*requirements.values())


def test_the_links_of_the_description_are_absolute(metadata: Message) -> None:
    description = metadata.get_payload()
    assert isinstance(description, str)
    targets = re.findall(r"\]\(([^)]+)\)", description)
    assert len(targets) == (ROOT / "README.md").read_text().count("](") > 0
    base = rf"https://(github|raw\.githubusercontent)\.com/kubiyabot/kubiya-pulumi/.*v?{VERSION}/"
    for target in targets:
        if target.startswith("#") or not re.match(base, target):
            assert re.match(r"#|https://", target)
        else:
            assert (ROOT / re.sub(base, "", target).partition("#")[0]).exists()
