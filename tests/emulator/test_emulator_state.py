"""What survives: the state file."""

import sqlite3
import stat
from pathlib import Path

import pytest
import requests

from kubiya_pulumi.emulator import Emulator, StateFileError


def test_a_restart_on_another_port_keeps_everything(tmp_path: Path) -> None:
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


def test_without_a_state_file_nothing_stays() -> None:
    with Emulator() as emulator:
        emulator.add_runner("gone")
    with Emulator() as emulator:
        assert not emulator.runners


def test_the_state_file_is_its_owners_alone(tmp_path: Path) -> None:
    state = tmp_path / "state.db"
    with Emulator(state=state):
        assert stat.S_IMODE(state.stat().st_mode) == 0o600


def _with_newer_schema(path: Path) -> None:
    with Emulator(state=path):
        pass
    database = sqlite3.connect(path)
    database.execute("PRAGMA user_version = 99")
    database.close()


def _of_another_program(path: Path) -> None:
    database = sqlite3.connect(path)
    database.execute("CREATE TABLE theirs (x)")
    database.close()


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda path: path.write_text("not a database, and long enough\n" * 9), "not an emulator"),
        (_with_newer_schema, "newer version"),
        (_of_another_program, "another program"),
    ],
)
def test_a_file_that_cannot_be_used_is_left_as_it_is(
    tmp_path: Path, make: object, reason: str
) -> None:
    state = tmp_path / "state.db"
    assert callable(make)
    make(state)
    before = state.read_bytes()
    with pytest.raises(StateFileError, match=reason) as caught:
        Emulator(state=state)
    assert str(state) in str(caught.value)
    assert state.read_bytes() == before
    assert [each.name for each in tmp_path.iterdir()] == ["state.db"]


@pytest.mark.parametrize("path", [".", "missing/state.db"])
def test_a_path_that_cannot_be_opened(tmp_path: Path, path: str) -> None:
    with pytest.raises(StateFileError, match="cannot be opened"):
        Emulator(state=tmp_path / path)


def test_one_emulator_a_file(tmp_path: Path) -> None:
    state = tmp_path / "state.db"
    with Emulator(state=state) as first:
        first.add_runner("mine")
        with pytest.raises(StateFileError, match="in use"):
            Emulator(state=state)
        assert list(first.runners) == ["mine"]
