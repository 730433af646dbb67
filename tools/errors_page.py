#!/usr/bin/env python3
"""Write the tables of docs/errors.md, from what the real engine prints.

    tools/errors_page.py            rewrite the tables
    tools/errors_page.py --check    fail if a table differs

The page has a line `<!-- failures -->` before the tables, and `<!-- end -->` after them. The causes
and fixes are in tests/harness/failures.py, and the programs that fail in failing_programs.py.

Run it inside `.venv`: `.venv/bin/python tools/errors_page.py`. It takes about a minute.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from generated_pages import DOCS, is_check_requested, replace_part, write_or_check

from tests.harness.failing_programs import collect_messages
from tests.harness.failures import SECTIONS

PAGE = DOCS / "errors.md"


def main() -> int:
    """Rewrite or check the page, and return the exit status."""
    check = is_check_requested("Write the tables of docs/errors.md.")
    return write_or_check(
        {PAGE: with_tables(PAGE.read_text("utf-8"), collect_messages())}, check=check
    )


def with_tables(page: str, messages: Mapping[str, str]) -> str:
    """Return a page with current tables.

    Args:
        page: the text of a page.
        messages: what the engine prints, by the resource of each failure.

    Raises:
        ValueError: the page lacks a marker line, or a failure did not happen.
    """
    expected = {failure.resource for failures in SECTIONS.values() for failure in failures}
    if expected != messages.keys():
        missing, unknown = sorted(expected - messages.keys()), sorted(messages.keys() - expected)
        raise ValueError(f"failures that did not happen: {missing}; without a row: {unknown}")
    lines = []
    for title, failures in SECTIONS.items():
        lines += ["", f"## {title}", "", "| Message | Cause | Fix |", "| --- | --- | --- |"]
        lines += [
            f"| {_message(failure.resource, messages)} | {failure.cause} | {failure.fix} |"
            for failure in failures
        ]
    return replace_part(page, "failures", "\n".join((*lines, "", "")))


def _message(resource: str, messages: Mapping[str, str]) -> str:
    """Return the message for a resource, about a runner with an ordinary name, as Markdown."""
    message = messages[resource].replace(f'"{resource}"', '"runner-prod"')
    return message.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;")


if __name__ == "__main__":
    sys.exit(main())
