"""The tool that keeps a stack of each released version."""

from __future__ import annotations

import json
import shutil
from importlib.metadata import version
from pathlib import Path

import export_stack
import pytest

from tests.harness.secrets import find_secrets

PRESENT = version("kubiya-pulumi")


def run(monkeypatch: pytest.MonkeyPatch, wanted: str) -> str:
    """Run the tool to an error, and return it."""
    monkeypatch.setattr("sys.argv", ["export_stack.py", wanted])
    with pytest.raises(SystemExit) as ended:
        export_stack.main()
    return str(ended.value)


def test_only_the_present_version_can_be_exported(monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(monkeypatch, "99.0.0") == (
        f"export_stack: version 99.0.0 cannot be exported: this code is {PRESENT}"
    )


def test_a_version_needs_a_program(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(export_stack, "STACKS", tmp_path)
    monkeypatch.setattr(export_stack, "ROOT", tmp_path)
    assert f"{PRESENT} has no program" in run(monkeypatch, PRESENT)
    assert list(tmp_path.iterdir()) == []


def test_what_is_there_stays_as_it_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(export_stack, "STACKS", tmp_path)
    monkeypatch.setattr(export_stack, "ROOT", tmp_path)
    folder = tmp_path / PRESENT
    folder.mkdir()
    (folder / "__main__.py").touch()
    (folder / "up.json").write_text("{}")
    assert "has its states already" in run(monkeypatch, PRESENT)
    assert (folder / "up.json").read_text() == "{}"


@pytest.mark.engine
def test_what_is_exported_has_nothing_of_this_machine(tmp_path: Path) -> None:
    newest = max(export_stack.STACKS.glob("*/__main__.py"), key=lambda file: numbers(file.parent))
    folder = tmp_path / "next"
    ignored = shutil.ignore_patterns("*.json")
    shutil.copytree(newest.parent, folder, ignore=ignored)
    export_stack.export(folder)
    for name in ("up", "refreshed"):
        text = (folder / f"{name}.json").read_text()
        assert export_stack.ADDRESS in text
        assert "127.0.0.1" not in text
        assert "sourcePosition" not in text
        assert json.loads(text)["deployment"]["resources"]
        assert find_secrets([export_stack.API_KEY, "token-of-an-old-stack"], state=text) == []


def numbers(folder: Path) -> tuple[int, ...]:
    return tuple(map(int, folder.name.split(".")))
