"""The state file."""

from __future__ import annotations

import sqlite3
import stat
from pathlib import Path

import pytest
import requests

from kubiya_pulumi.emulator import Emulator, StateFileError


def test_a_new_emulator_on_another_port_has_the_same_runners(tmp_path: Path) -> None:
    state = tmp_path / "state.db"
    with Emulator(state=state) as emulator:
        emulator.add_runner("ü\x00", description="d", managed_by="me", task_id="7")
        emulator.add_runner("second")
        emulator.set_manifest("second", "changed: upstream\n")
        emulator.set_health("second", failing={"tool-manager": "no"})
        before, url = emulator.runners, emulator.manifest_url("second")
    with Emulator(state=state) as emulator:
        assert emulator.runners == before
        assert list(emulator.runners) == ["ü\x00", "second"]
        moved = url.replace(url.partition("/manifests/")[0], emulator.url)
        assert emulator.manifest_url("second") == moved
        assert requests.get(moved, timeout=10).text == "changed: upstream\n"
        emulator.remove_runner("second")
    with Emulator(state=state) as emulator:
        assert list(emulator.runners) == ["ü\x00"]


def test_a_new_emulator_without_a_state_file_has_no_runners() -> None:
    with Emulator() as emulator:
        emulator.add_runner("gone")
    with Emulator() as emulator:
        assert not emulator.runners


def test_only_the_owner_can_read_the_state_file(tmp_path: Path) -> None:
    state = tmp_path / "state.db"
    with Emulator(state=state):
        assert stat.S_IMODE(state.stat().st_mode) == 0o600


def _with_newer_schema(path: Path) -> None:
    with Emulator(state=path):
        pass
    database = sqlite3.connect(path)
    database.execute("PRAGMA user_version = 99")
    database.close()


def _from_another_program(path: Path) -> None:
    database = sqlite3.connect(path)
    database.execute("CREATE TABLE theirs (x)")
    database.close()


def _with_damaged_runner(path: Path) -> None:
    with Emulator(state=path) as emulator:
        emulator.add_runner("a")
    database = sqlite3.connect(path)
    with database:
        database.execute("UPDATE runners SET deployments = '['")
    database.close()


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda path: path.write_text("not a database, and long enough\n" * 9), "not a state file"),
        (_with_newer_schema, "newer version"),
        (_from_another_program, "another program"),
        (_with_damaged_runner, "contains a runner that cannot be read"),
    ],
)
def test_an_unusable_file_stays_unchanged(tmp_path: Path, make: object, reason: str) -> None:
    state = tmp_path / "state.db"
    assert callable(make)
    make(state)
    before = state.read_bytes()
    with pytest.raises(StateFileError, match=reason) as caught:
        Emulator(state=state).start()
    assert str(state) in str(caught.value)
    assert state.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["state.db"]


@pytest.mark.parametrize("path", [".", "missing/state.db"])
def test_an_unusable_path(tmp_path: Path, path: str) -> None:
    with pytest.raises(StateFileError, match="cannot be opened"):
        Emulator(state=tmp_path / path).start()


def test_two_emulators_cannot_share_a_state_file(tmp_path: Path) -> None:
    state = tmp_path / "state.db"
    with Emulator(state=state) as first:
        first.add_runner("mine")
        with pytest.raises(StateFileError, match="in use"):
            Emulator(state=state).start()
        assert list(first.runners) == ["mine"]
