"""Store the runners, in memory and in a state file, which is an SQLite database.

Each change is one transaction, so a state file survives the end of the process at any moment. The
file is locked while it is open, so it is read only once.
"""

from __future__ import annotations

import json
import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from kubiya_pulumi.emulator.errors import StateFileError
from kubiya_pulumi.emulator.models import DeploymentName, HealthOverride, Runner

APPLICATION_ID = 0x4B554249
"""Marks an SQLite file as a state file of the emulator."""
SCHEMA_VERSION = 1
SCHEMA = f"""
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
    PRAGMA application_id = {APPLICATION_ID};
    PRAGMA user_version = {SCHEMA_VERSION};
    COMMIT;
"""
COLUMNS = tuple(column.name for column in fields(Runner))


class Store:
    """The runners, in the order of their creation. Thread-safe.

    Args:
        path: the state file, which is created if it does not exist. Default: None, the runners
            are kept in memory.

    Raises:
        StateFileError: the file cannot be used. It is unchanged.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._lock = threading.RLock()
        self._database: sqlite3.Connection | None = None
        self._runners: dict[str, Runner] = {}
        if path is not None:
            self._database, runners = _open_file(path)
            self._runners = {runner.name: runner for runner in runners}

    def close(self) -> None:
        """Close the state file."""
        with self._lock:
            if self._database is not None:
                self._database.close()

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Exclude all other threads while the block runs."""
        with self._lock:
            yield

    def all(self) -> tuple[Runner, ...]:
        """Return all runners."""
        with self._lock:
            return tuple(self._runners.values())

    def get(self, name: str) -> Runner | None:
        """Return the runner with this name, or None."""
        with self._lock:
            return self._runners.get(name)

    def by_manifest_file(self, file_name: str) -> Runner | None:
        """Return the runner whose manifest has this file name, or None."""
        runners = (runner for runner in self.all() if runner.manifest_file == file_name)
        return next(runners, None)

    def has_namespace(self, namespace: str) -> bool:
        """Return whether a runner uses this namespace."""
        return any(runner.namespace == namespace for runner in self.all())

    def save(self, runner: Runner) -> None:
        """Add a runner, or replace the one with the same name."""
        changes = ", ".join(f"{name} = excluded.{name}" for name in COLUMNS)
        placeholders = ", ".join("?" * len(COLUMNS))
        with self._lock:
            self._execute(
                f"INSERT INTO runners ({', '.join(COLUMNS)}) VALUES ({placeholders}) "  # noqa: S608
                f"ON CONFLICT (name) DO UPDATE SET {changes}",
                *_to_row(runner),
            )
            self._runners[runner.name] = runner

    def delete(self, name: str) -> bool:
        """Delete a runner, and return whether it existed."""
        with self._lock:
            self._execute("DELETE FROM runners WHERE name = ?", name)
            return self._runners.pop(name, None) is not None

    def clear(self) -> None:
        """Delete all runners."""
        with self._lock:
            self._execute("DELETE FROM runners")
            self._runners.clear()

    def _execute(self, statement: str, *values: object) -> None:
        if self._database is not None:
            self._database.execute(statement, values)


def _open_file(path: Path) -> tuple[sqlite3.Connection, list[Runner]]:
    """Open a state file, and return its runners."""
    try:
        # The manifests are secrets, so only the owner can read the file, from its creation on.
        os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
        database = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=0.2)
    except OSError as error:
        reason = error.strerror or error
        raise StateFileError(f"The state file {path} cannot be opened: {reason}.") from None
    except sqlite3.Error as error:
        raise StateFileError(f"The state file {path} cannot be opened: {error}.") from None
    try:
        _lock_and_prepare(database, path)
        return database, _read_runners(database, path)
    except sqlite3.Error as error:
        database.close()
        raise StateFileError(_describe_failure(path, error)) from None
    except StateFileError:
        database.close()
        raise


def _read_runners(database: sqlite3.Connection, path: Path) -> list[Runner]:
    query = f"SELECT {', '.join(COLUMNS)} FROM runners ORDER BY rowid"  # noqa: S608
    try:
        return [_from_row(row) for row in database.execute(query)]
    except (TypeError, ValueError):
        raise StateFileError(
            f"The state file {path} is damaged: it contains a runner that cannot be read. Choose "
            "another file, or delete this one."
        ) from None


def _lock_and_prepare(database: sqlite3.Connection, path: Path) -> None:
    """Check that the file is a state file, create the tables in a new one, and lock it."""
    (version,) = database.execute("PRAGMA user_version").fetchone()
    (application,) = database.execute("PRAGMA application_id").fetchone()
    (tables,) = database.execute("SELECT count(*) FROM sqlite_master").fetchone()
    is_new = not (tables or version or application)
    if not is_new and application != APPLICATION_ID:
        raise StateFileError(
            f"The state file {path} is a database of another program; choose another file."
        )
    if version > SCHEMA_VERSION:
        raise StateFileError(
            f"The state file {path} was written by a newer version (it has schema {version}, this "
            f"version supports {SCHEMA_VERSION}); upgrade, or choose another file."
        )
    # The operating system keeps what was written when the process dies, so fsync is not needed.
    database.execute("PRAGMA synchronous = OFF")
    database.execute("PRAGMA locking_mode = EXCLUSIVE")
    database.executescript(SCHEMA if is_new else "BEGIN EXCLUSIVE; COMMIT;")


def _describe_failure(path: Path, error: sqlite3.Error) -> str:
    if error.sqlite_errorcode == sqlite3.SQLITE_NOTADB:
        return f"The state file {path} is not a state file of the emulator; choose another file."
    if error.sqlite_errorcode == sqlite3.SQLITE_BUSY:
        return (
            f"The state file {path} is in use by another emulator; stop it, or choose another file."
        )
    return f"The state file {path} cannot be used: {error}."


def _to_row(runner: Runner) -> tuple[object, ...]:
    health = None if runner.health is None else json.dumps(asdict(runner.health))
    deployments = json.dumps([asdict(deployment) for deployment in runner.deployments])
    encoded: dict[str, Any] = {"health": health, "deployments": deployments}
    return tuple(encoded.get(name, getattr(runner, name)) for name in COLUMNS)


def _from_row(row: tuple[Any, ...]) -> Runner:
    values = dict(zip(COLUMNS, row, strict=True))
    values["deployments"] = tuple(
        DeploymentName(**deployment) for deployment in json.loads(values["deployments"])
    )
    if values["health"] is not None:
        values["health"] = HealthOverride(**json.loads(values["health"]))
    return Runner(**values)
