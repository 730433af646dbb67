#!/usr/bin/env python3
"""Write the tables of docs/errors.md, from what the real engine prints.

    tools/errors_page.py            rewrite the tables
    tools/errors_page.py --check    fail if a table differs

The page has a line `<!-- failures -->` before the tables, and `<!-- end -->` after them. The causes
and cures are in tests/harness/failures.py, and the programs that fail in failing_programs.py.

Run it inside `.venv`: `.venv/bin/python tools/errors_page.py`. It takes about a minute.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Mapping
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.harness.failing_programs import collect_messages
from tests.harness.failures import SECTIONS
from tests.harness.toolchain import ROOT

PAGE = ROOT / "docs" / "errors.md"
_TABLES = re.compile(r"(?<=<!-- failures -->\n).*(?=<!-- end -->)", re.DOTALL)


def main() -> int:
    """Rewrite or check the page, and return the exit status."""
    parser = argparse.ArgumentParser(description="Write the tables of docs/errors.md.")
    parser.add_argument("--check", action="store_true", help="only check that they are current")
    options = parser.parse_args()
    text = PAGE.read_text()
    current = with_tables(text, collect_messages())
    if current == text:
        return 0
    if options.check:
        print("errors_page: docs/errors.md is outdated. Run tools/errors_page.py.")
        return 1
    PAGE.write_text(current)
    return 0


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
    if not _TABLES.search(page):
        raise ValueError("the page lacks the line <!-- failures --> or <!-- end -->")
    lines = []
    for title, failures in SECTIONS.items():
        lines += ["", f"## {title}", "", "| Message | Cause | Cure |", "| --- | --- | --- |"]
        lines += [
            f"| {_message(failure.resource, messages)} | {failure.cause} | {failure.cure} |"
            for failure in failures
        ]
    tables = "\n".join((*lines, "", ""))
    return _TABLES.sub(lambda _: tables, page)


def _message(resource: str, messages: Mapping[str, str]) -> str:
    """Return the message for a resource, about a runner with an ordinary name, as Markdown."""
    message = messages[resource].replace(f'"{resource}"', '"runner-prod"')
    return message.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;")


if __name__ == "__main__":
    sys.exit(main())
