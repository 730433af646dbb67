"""Find the manifests that a command line names: files, and files in folders."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import NoReturn

from kubiya_pulumi.cli.files import FileError, show_path

SUFFIXES = (".yaml", ".yml", ".json")
"""The names of manifests in a folder end with one of these, as those that `kubectl` reads."""


def find_manifests(paths: Iterable[str], exclude: Sequence[str]) -> list[str]:
    """Return the manifests, each once, in the order of the paths and sorted inside a folder.

    Folders are searched recursively and through links. Hidden files and folders count, because
    `kubectl apply --recursive` applies them too.

    Args:
        paths: files, folders, or `-` for standard input.
        exclude: patterns of the files and folders to leave out of a folder. A pattern matches a
            name, or a path from the folder or from the working directory.

    Raises:
        FileError: a folder cannot be read, or contains no manifest.
    """
    found: dict[str, str] = {}
    for path in paths:
        for file in _files_in(path, exclude) if os.path.isdir(path) else [path]:  # noqa: PTH112
            # A file may be named twice, for example through a link.
            found.setdefault(file if file == "-" else os.path.realpath(file), file)
    return list(found.values())


def _files_in(folder: str, exclude: Sequence[str]) -> list[str]:
    files = sorted(_walk(folder, exclude))
    if not files:
        suffixes = ", ".join(f"*{suffix}" for suffix in SUFFIXES)
        left = " that --exclude does not leave out" if exclude else ""
        raise FileError(f"the folder {show_path(folder)} contains no file {suffixes}{left}.")
    return [os.path.normpath(file) for file in files]


def _walk(folder: str, exclude: Sequence[str]) -> Iterator[Path]:
    visited = set()
    for parent, folders, files in os.walk(folder, onerror=_fail, followlinks=True):
        # A link may lead to a folder that contains it.
        if (real := os.path.realpath(parent)) in visited:
            folders.clear()
            continue
        visited.add(real)
        folders[:] = sorted(
            name for name in folders if not _is_excluded(Path(parent, name), folder, exclude)
        )
        for path in (Path(parent, name) for name in files):
            if path.suffix.lower() in SUFFIXES and not _is_excluded(path, folder, exclude):
                yield path


def _is_excluded(path: Path, folder: str, patterns: Sequence[str]) -> bool:
    normalized = Path(os.path.normpath(path))
    names = (path.name, path.relative_to(folder).as_posix(), normalized.as_posix())
    return any(fnmatchcase(name, pattern.rstrip("/")) for name in names for pattern in patterns)


def _fail(error: OSError) -> NoReturn:
    raise FileError(f"the folder {show_path(error.filename)} cannot be read: {error.strerror}.")
