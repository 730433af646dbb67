"""Read the input of a command and write its output, on a system of any code page."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from kubiya_pulumi.text import remove_control_characters


class FileError(Exception):
    """The input cannot be read, or the output cannot be written. The message is one sentence."""


def use_utf8() -> None:
    """Make standard output and standard error accept every character.

    A redirect gets UTF-8, whatever the code page of the system. A terminal keeps its encoding, and
    shows a character outside it as an escape sequence.

    Raises:
        FileError: standard output is closed.
    """
    if sys.stderr is None:
        sys.stderr = Path(os.devnull).open("w")  # noqa: SIM115
    if sys.stdout is None:
        raise FileError("the output cannot be written: standard output is closed.")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            encoding = None if stream.isatty() else "utf-8"
            # Escape sequences, unlike question marks, keep two names distinct.
            stream.reconfigure(encoding=encoding, errors="backslashreplace", newline="\n")


def read_text(file: str) -> str:
    """Return the content of a file, or of standard input if `file` is `-`.

    Raises:
        FileError: the file does not exist, cannot be read, or is not UTF-8.
    """
    if file == "-" and sys.stdin is None:
        raise FileError("the input cannot be read: standard input is closed.")
    try:
        if file == "-":
            data = sys.stdin.buffer.read()
        else:
            with open(file, "rb") as stream:  # noqa: PTH123 - Path("") is the working directory.
                data = stream.read()
        return data.decode()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise FileError(f"{describe_file(file)} cannot be read: {reason}.") from None


def write_text(text: str) -> None:
    """Write to standard output.

    Raises:
        FileError: the output cannot be written, for example because the disk is full or the
            reader has closed the pipe.
    """
    stream = sys.stdout
    rest = memoryview(text.encode(stream.encoding, stream.errors or "strict"))
    with _output_errors():
        stream.flush()
        # Without a buffer (PYTHONUNBUFFERED), Python writes only what fits into a pipe.
        while rest:
            rest = rest[stream.buffer.write(rest) :]
        stream.flush()


def flush_output() -> None:
    """Write what standard output still buffers, before Python exits.

    Raises:
        FileError: the output cannot be written.
    """
    with _output_errors():
        sys.stdout.flush()


def write_message(text: str) -> None:
    """Write a line to standard error, if that is possible."""
    with suppress(OSError):
        sys.stderr.write(f"{text}\n")
        sys.stderr.flush()


def require_regular_file(path: Path, description: str) -> None:
    """Refuse to replace a file that is not a regular one. A missing file may be created.

    A system may depend on others, such as the device /dev/null.

    Args:
        path: the file.
        description: its name as the start of a sentence.

    Raises:
        FileError: the path is a device, a pipe or a folder.
    """
    if path.exists() and not path.is_file():
        raise FileError(f"{description} is not a regular file: name another one.")


def describe_file(file: str) -> str:
    """Return the name of a file as the start of a sentence: `the file x`, or `the input`."""
    return "the input" if file == "-" else f"the file {show_path(file)}"


def show_path(path: str) -> str:
    """Return a path for a message or a report, on one line and in any encoding."""
    return remove_control_characters(os.fsencode(path).decode(errors="backslashreplace")) or '""'


@contextmanager
def _output_errors() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        # Python flushes the rest at exit, which would fail a second time.
        with suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise FileError(f"the output cannot be written: {error.strerror}.") from None
