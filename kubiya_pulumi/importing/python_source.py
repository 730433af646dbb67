"""Write Python as its usual formatters do: literals, names and calls."""

from __future__ import annotations

import builtins
import keyword
import re
import unicodedata
from collections.abc import Sequence

LINE_WIDTH = 88
"""The maximum width of a line, the default of `ruff format` and `black`."""

_RESERVED = frozenset({*keyword.kwlist, *keyword.softkwlist, *dir(builtins)})


def string_literal(text: str) -> str:
    """Return the literal of a text, in the quotes that need fewer escapes."""
    quote = "'" if text.count('"') > text.count("'") else '"'
    # The repr of a character escapes what is not printable, such as one that reorders the line.
    body = "".join(char if char in "'\"" else repr(char)[1:-1] for char in text)
    return f"{quote}{body.replace(quote, chr(92) + quote)}{quote}"


class Names:
    """Gives each resource a variable of its own.

    Args:
        reserved: names that the program uses otherwise.
    """

    def __init__(self, reserved: Sequence[str]) -> None:
        self._used = {*_RESERVED, *reserved}

    def variable(self, text: str) -> str:
        """Return a variable for a text, different from all before it."""
        base = re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")
        if not base or base[0].isdigit():
            base = f"runner_{base}".strip("_")
        name, number = base, 2
        while name in self._used:
            name, number = f"{base}_{number}", number + 1
        self._used.add(name)
        return name


def assigned_call(variable: str, function: str, arguments: Sequence[str]) -> str:
    """Return the statement that assigns the result of a call to a variable."""
    line = f"{variable} = {function}({', '.join(arguments)})"
    if _width(line) <= LINE_WIDTH:
        return f"{line}\n"
    lines = "".join(f"    {argument},\n" for argument in arguments)
    return f"{variable} = {function}(\n{lines})\n"


def _width(line: str) -> int:
    """Return the number of columns of a line, in which some characters take two."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in line)
