"""The modules of the package: their names, and the tables of them in DESIGN.md."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.harness.toolchain import ROOT

PACKAGE = ROOT / "kubiya_pulumi"
SHARED_NAMES = {
    "client": "the API over HTTP, and in memory",
    "errors": "the errors of a folder",
    "manifest": "the manifest of a runner: reviewed, and emulated",
    "models": "the data of the API: parsed, and emulated",
    "responses": "the responses of the API: parsed, and emulated",
    "runner": "a resource, and its handler",
    "runner_health": "a resource, and its handler",
    "runner_manifest": "a resource, and its handler",
}
"""Each name of several modules, and what all of them contain."""


def modules(folder: Path) -> set[str]:
    return {path.stem for path in folder.glob("*.py") if not path.stem.startswith("__")}


def rows(heading: str) -> dict[str, str]:
    """Return the other cells of each row of a table in DESIGN.md, by the first cell."""
    table = (ROOT / "DESIGN.md").read_text("utf-8").partition(f"| {heading} |")[2]
    lines = re.findall(r"^\| (`.*?) \| (.*) \|$", table.partition("\n\n")[0], re.MULTILINE)
    return dict(lines)


def test_modules_of_one_name_contain_the_same_kind_of_thing() -> None:
    folders = defaultdict(list)
    for path in PACKAGE.rglob("*.py"):
        if path.stem in modules(path.parent):
            folders[path.stem].append(path.parent.name)
    assert {name for name, found in folders.items() if len(found) > 1} == SHARED_NAMES.keys()


def test_design_names_each_module_of_the_package() -> None:
    cells = " ".join(rows("Module"))
    assert set(re.findall(r"`(\w+)\.py`", cells)) == modules(PACKAGE)
    folders = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert set(re.findall(r"`(\w+)/`", cells)) == folders


def imported_parts(module: ast.Module) -> Iterator[str]:
    """Yield the modules and folders of the package that a module imports."""
    for node in ast.walk(module):
        match node:
            # A relative import stays in its folder.
            case ast.ImportFrom(module=str(source), level=0):
                names = [f"{source}.{alias.name}" for alias in node.names]
            case ast.Import():
                names = [alias.name for alias in node.names]
            case _:
                continue
        yield from (name.split(".")[1] for name in names if name.startswith("kubiya_pulumi."))


@pytest.fixture(scope="module")
def imports() -> Mapping[str, set[str]]:
    """What each module or folder of the package imports."""
    found = defaultdict(set)
    for path in PACKAGE.rglob("*.py"):
        part = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
        found[part] |= set(imported_parts(ast.parse(path.read_text("utf-8")))) - {part}
    return found


@pytest.mark.parametrize("row", rows("Module"))
def test_design_names_what_each_module_imports(row: str, imports: Mapping[str, set[str]]) -> None:
    names = set(re.findall(r"`(\w+)(?:\.py|/)`", row))
    dependencies = rows("Module")[row].rpartition("|")[2]
    imported = set().union(*(imports[name] for name in names)) - names
    named = set(re.findall(r"`(\w+)`", dependencies))
    assert named == imported - {"errors", "text", "version"}


@pytest.mark.parametrize("folder", rows("Folder"))
def test_design_names_each_module_of_a_folder(folder: str) -> None:
    named = re.findall(r"`(\w+)\.py`", rows("Folder")[folder])
    assert sorted(named) == sorted(modules(PACKAGE / folder.strip("`")))


def test_design_names_each_folder() -> None:
    folders = {path.parent.relative_to(PACKAGE) for path in PACKAGE.rglob("*/__init__.py")}
    assert {Path(folder.strip("`")) for folder in rows("Folder")} == folders
