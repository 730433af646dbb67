"""`export_stack.py` exports a stack of each released version."""

from __future__ import annotations

import json
import shutil
from importlib.metadata import version
from pathlib import Path

import export_stack
import pytest

from tests.harness.secrets import find_secrets

CURRENT = version("kubiya-pulumi")


def error_of(monkeypatch: pytest.MonkeyPatch, requested: str) -> str:
    """Run the tool with a version that it rejects, and return the error."""
    monkeypatch.setattr("sys.argv", ["export_stack.py", requested])
    with pytest.raises(SystemExit) as raised:
        export_stack.main()
    return str(raised.value)


def test_only_the_current_version_can_be_exported(monkeypatch: pytest.MonkeyPatch) -> None:
    assert error_of(monkeypatch, "99.0.0") == (
        f"export_stack: cannot export version 99.0.0: this is version {CURRENT}"
    )


def test_a_version_needs_a_program(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(export_stack, "STACKS", tmp_path)
    monkeypatch.setattr(export_stack, "ROOT", tmp_path)
    assert f"{CURRENT} has no program" in error_of(monkeypatch, CURRENT)
    assert list(tmp_path.iterdir()) == []


def test_existing_states_are_not_overwritten(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(export_stack, "STACKS", tmp_path)
    monkeypatch.setattr(export_stack, "ROOT", tmp_path)
    folder = tmp_path / CURRENT
    folder.mkdir()
    (folder / "__main__.py").touch()
    (folder / "up.json").write_text("{}")
    assert "already has its states" in error_of(monkeypatch, CURRENT)
    assert (folder / "up.json").read_text() == "{}"


@pytest.mark.engine
def test_an_export_contains_no_details_of_this_machine(tmp_path: Path) -> None:
    newest = max(
        export_stack.STACKS.glob("*/__main__.py"), key=lambda file: version_of(file.parent)
    )
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


def version_of(folder: Path) -> tuple[int, ...]:
    return tuple(map(int, folder.name.split(".")))
