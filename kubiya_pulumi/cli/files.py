"""Read the input of a command and write its output, always in UTF-8."""

from __future__ import annotations

import sys
from pathlib import Path


class FileError(Exception):
    """The input cannot be read. The message is one sentence."""


def read_text(file: str) -> str:
    """Return the content of a file, or of standard input if `file` is `-`.

    Raises:
        FileError: the file does not exist, cannot be read, or is not UTF-8.
    """
    try:
        data = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
        return data.decode("utf-8-sig")
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise FileError(f"{describe_file(file)} cannot be read: {reason}.") from None


def write_text(text: str) -> None:
    """Write to standard output in UTF-8, whatever its encoding."""
    sys.stdout.flush()
    sys.stdout.buffer.write(text.encode(errors="replace"))
    sys.stdout.buffer.flush()


def describe_file(file: str) -> str:
    """Return the name of a file as the start of a sentence: `the file x`, or `the input`."""
    return "the input" if file == "-" else f"the file {file}"
