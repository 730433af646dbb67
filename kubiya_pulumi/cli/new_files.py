"""Write files that only the user may read, each whole or not at all."""

from __future__ import annotations

import os
import signal
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from kubiya_pulumi.cli.files import FileError, describe_file, require_regular_file


def require_new(files: list[str], *, replace: bool) -> None:
    """Check, before long work, that files may be written.

    Raises:
        FileError: a file exists and may not be replaced, is not a regular file, or its folder does
            not exist.
    """
    for file in files:
        path = Path(file)
        if path.is_dir():
            raise FileError(f"{describe_file(file)} is a folder: name a file.")
        require_regular_file(path, describe_file(file))
        if not replace and os.path.lexists(path):
            raise _exists(file)
        if not path.parent.is_dir():
            raise FileError(f"{describe_file(file)} cannot be written: its folder does not exist.")


def write_new(files: Mapping[str, str], *, replace: bool) -> None:
    """Write files with the mode 0600. If one of them cannot be written, no new file remains.

    Args:
        files: the text of each file by its path.
        replace: whether an existing file is replaced.

    Raises:
        FileError: a file exists and may not be replaced, or cannot be written.
        KeyboardInterrupt: SIGINT or SIGTERM interrupted the run.
    """
    temporary: dict[str, Path] = {}
    created: list[Path] = []
    done = False
    with _interrupted_by_sigterm():
        try:
            for file, text in files.items():
                temporary[file] = _write_temporary(file, text)
            for file, source in temporary.items():
                if replace:
                    source.replace(file)
                else:
                    _link(source, file)
                    created.append(Path(file))
            done = True
        finally:
            for path in [*temporary.values(), *([] if done else created)]:
                with suppress(OSError):
                    path.unlink(missing_ok=True)


@contextmanager
def _interrupted_by_sigterm() -> Iterator[None]:
    """Let SIGTERM interrupt the block as SIGINT does, instead of ending the process at once."""
    previous = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, previous)


def _write_temporary(file: str, text: str) -> Path:
    path = Path(file)
    try:
        # The mode of such a file is 0600.
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise _failed(file, error) from None
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
    except BaseException as error:
        Path(name).unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise _failed(file, error) from None
        raise
    return Path(name)


def _link(source: Path, file: str) -> None:
    """Give the file its name in one step, which fails if the name is taken."""
    try:
        os.link(source, file)
    except FileExistsError:
        raise _exists(file) from None
    except OSError as error:
        raise _failed(file, error) from None


def _exists(file: str) -> FileError:
    return FileError(f"{describe_file(file)} exists: name another one, or replace it with --force.")


def _failed(file: str, error: OSError) -> FileError:
    return FileError(f"{describe_file(file)} cannot be written: {error.strerror}.")
