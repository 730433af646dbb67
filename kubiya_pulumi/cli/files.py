"""The text that a command is given, and the text that it gives: always in UTF-8."""

import sys
from pathlib import Path


class FileError(Exception):
    """What was to be read cannot be read. It prints as one sentence."""


def read_text(file: str) -> str:
    """All of a file in UTF-8, or of standard input where it is named `-`.

    Raises:
        FileError: there is no such file, it cannot be read, or it is no text.
    """
    try:
        data = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
        return data.decode("utf-8-sig")
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text in UTF-8"
        raise FileError(f"{described(file)} cannot be read: {reason}.") from None


def write_text(text: str) -> None:
    """Write to standard output, whatever its encoding is."""
    sys.stdout.flush()
    sys.stdout.buffer.write(text.encode(errors="replace"))
    sys.stdout.buffer.flush()


def described(file: str) -> str:
    """A file as the beginning of a sentence: `the file x`, or `the input`."""
    return "the input" if file == "-" else f"the file {file}"
