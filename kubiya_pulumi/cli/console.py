"""A console that renders a table for a terminal or a file before anything is written."""

from __future__ import annotations

import os
import sys
from io import StringIO
from typing import TextIO

from rich.console import Console


def buffered_console(terminal: TextIO) -> tuple[Console, StringIO]:
    """Return a console that renders for a stream, and the text that it has rendered.

    Args:
        terminal: where the text will be written. If it is a terminal, the text is colored and
            wrapped to its width. Otherwise lines are wrapped to `COLUMNS`, or not wrapped without
            that variable.
    """
    # Without a terminal, rich would wrap at 80 columns.
    unlimited = not terminal.isatty() and not os.environ.get("COLUMNS", "").isdigit()
    rendered = StringIO()
    console = Console(
        file=rendered,
        force_terminal=terminal.isatty() or None,
        highlight=False,
        markup=False,
        emoji=False,
        width=sys.maxsize if unlimited else None,
    )
    return console, rendered
