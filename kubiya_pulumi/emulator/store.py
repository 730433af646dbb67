"""Where runners are kept: an SQLite database, in memory or in a file.

Every change is one transaction, so a file survives the end of its process at any moment.
"""

import json
import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, Final

from kubiya_pulumi.emulator.errors import StateFileError
from kubiya_pulumi.emulator.models import DeploymentName, HealthOverride, Runner

__all__ = ["Store"]

_APPLICATION_ID: Final = 0x4B554249  # marks the file as the emulator's own
_SCHEMA_VERSION: Final = 1
_SCHEMA: Final = f"""
    BEGIN EXCLUSIVE;
    CREATE TABLE runners (
        name TEXT PRIMARY KEY,
        namespace TEXT NOT NULL,
        created_at REAL NOT NULL,
        manifest_file TEXT NOT NULL UNIQUE,
        manifest TEXT NOT NULL,
        deployments TEXT NOT NULL,
        description TEXT,
        managed_by TEXT,
        task_id TEXT,
        health TEXT
    );
    PRAGMA application_id = {_APPLICATION_ID};
    PRAGMA user_version = {_SCHEMA_VERSION};
    COMMIT;
"""
_COLUMNS: Final = tuple(each.name for each in fields(Runner))


class Store:
    """The runners, in the order of their creation. Safe to use from several threads.

    Args:
        path: the state file, made where it is missing; None keeps the runners in memory.

    Raises:
        StateFileError: the file cannot be used; it is as it was.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._lock = threading.RLock()
        self._database = _memory() if path is None else _file(path)

    def close(self) -> None:
        """Ends the use of the database."""
        with self._lock:
            self._database.close()

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Keeps every other thread out: for a decision and the change that follows from it."""
        with self._lock:
            yield

    def all(self) -> tuple[Runner, ...]:
        """Every runner."""
        return self._select("ORDER BY rowid")

    def get(self, name: str) -> Runner | None:
        """The runner of that name, if there is one."""
        return next(iter(self._select("WHERE name = ?", name)), None)

    def by_manifest_file(self, file_name: str) -> Runner | None:
        """The runner whose manifest has that file name, if there is one."""
        return next(iter(self._select("WHERE manifest_file = ?", file_name)), None)

    def holds_namespace(self, namespace: str) -> bool:
        """Whether a runner is in that namespace."""
        return bool(self._select("WHERE namespace = ? LIMIT 1", namespace))

    def save(self, runner: Runner) -> None:
        """Adds the runner, or replaces the one of its name."""
        changes = ", ".join(f"{name} = excluded.{name}" for name in _COLUMNS)
        marks = ", ".join("?" * len(_COLUMNS))
        self._execute(
            f"INSERT INTO runners ({', '.join(_COLUMNS)}) VALUES ({marks}) "  # noqa: S608
            f"ON CONFLICT (name) DO UPDATE SET {changes}",
            *_to_row(runner),
        )

    def delete(self, name: str) -> bool:
        """Removes the runner; says whether there was one."""
        return self._execute("DELETE FROM runners WHERE name = ?", name) > 0

    def clear(self) -> None:
        """Removes every runner."""
        self._execute("DELETE FROM runners")

    def _select(self, condition: str, *values: str) -> tuple[Runner, ...]:
        query = f"SELECT {', '.join(_COLUMNS)} FROM runners {condition}"  # noqa: S608
        with self._lock:
            return tuple(map(_from_row, self._database.execute(query, values).fetchall()))

    def _execute(self, statement: str, *values: object) -> int:
        with self._lock:
            return self._database.execute(statement, values).rowcount


def _memory() -> sqlite3.Connection:
    database = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    database.executescript(_SCHEMA)
    return database


def _file(path: Path) -> sqlite3.Connection:
    try:
        # The manifests in it are secrets, so the file is its owner's alone from the start.
        os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
        database = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=0.2)
    except OSError as error:
        reason = error.strerror or error
        raise StateFileError(f"The state file {path} cannot be opened: {reason}.") from None
    except sqlite3.Error as error:
        raise StateFileError(f"The state file {path} cannot be opened: {error}.") from None
    try:
        _take(database, path)
    except sqlite3.Error as error:
        database.close()
        raise StateFileError(_why_not(path, error)) from None
    except StateFileError:
        database.close()
        raise
    return database


def _take(database: sqlite3.Connection, path: Path) -> None:
    """Reads what the file is, makes the tables in a new one, and keeps others out."""
    (version,) = database.execute("PRAGMA user_version").fetchone()
    (application,) = database.execute("PRAGMA application_id").fetchone()
    (tables,) = database.execute("SELECT count(*) FROM sqlite_master").fetchone()
    is_new = not (tables or version or application)
    if not is_new and application != _APPLICATION_ID:
        raise StateFileError(
            f"The state file {path} is a database of another program; give another file."
        )
    if version > _SCHEMA_VERSION:
        raise StateFileError(
            f"The state file {path} was written by a newer version (its schema is {version}, "
            f"this version knows {_SCHEMA_VERSION}); upgrade, or give another file."
        )
    # The operating system keeps what was written when the process dies, so no fsync is needed.
    database.execute("PRAGMA synchronous = OFF")
    database.execute("PRAGMA locking_mode = EXCLUSIVE")
    database.executescript(_SCHEMA if is_new else "BEGIN EXCLUSIVE; COMMIT;")


def _why_not(path: Path, error: sqlite3.Error) -> str:
    if error.sqlite_errorcode == sqlite3.SQLITE_NOTADB:
        return f"The state file {path} is not an emulator's state; give another file."
    if error.sqlite_errorcode == sqlite3.SQLITE_BUSY:
        return f"The state file {path} is in use by another emulator; end it, or give another file."
    return f"The state file {path} cannot be used: {error}."


def _to_row(runner: Runner) -> tuple[object, ...]:
    health = None if runner.health is None else json.dumps(asdict(runner.health))
    deployments = json.dumps([asdict(each) for each in runner.deployments])
    special: dict[str, Any] = {"health": health, "deployments": deployments}
    return tuple(special.get(name, getattr(runner, name)) for name in _COLUMNS)


def _from_row(row: tuple[Any, ...]) -> Runner:
    values = dict(zip(_COLUMNS, row, strict=True))
    values["deployments"] = tuple(
        DeploymentName(**each) for each in json.loads(values["deployments"])
    )
    if values["health"] is not None:
        values["health"] = HealthOverride(**json.loads(values["health"]))
    return Runner(**values)
