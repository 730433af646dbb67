#!/usr/bin/env python3
"""Write the comment that docs/preview-report.md shows, with the real engine.

    tools/comment_page.py            rewrite the comment
    tools/comment_page.py --check    fail if it differs

The page has a line `<!-- comment -->` before the comment, and `<!-- end -->` after it. The preview
is in tests/harness/comment_example.py.

Run it inside `.venv`: `.venv/bin/python tools/comment_page.py`. It takes about ten seconds.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from generated_pages import DOCS, is_check_requested, replace_part, write_or_check

from tests.harness.comment_example import collect_comment

PAGE = DOCS / "preview-report.md"


def main() -> int:
    """Rewrite or check the page, and return the exit status."""
    check = is_check_requested("Write the comment of docs/preview-report.md.")
    return write_or_check(
        {PAGE: with_comment(PAGE.read_text("utf-8"), collect_comment())}, check=check
    )


def with_comment(page: str, comment: str) -> str:
    """Return a page with a current comment.

    The page shows the comment as a service does. Its headings are bold text there, because they are
    not sections of the page.

    Raises:
        ValueError: the page lacks a marker line.
    """
    _marker, _, visible = comment.partition("\n")
    text = re.sub(r"^#+ (.*)$", r"**\1**", visible.strip(), flags=re.MULTILINE)
    # The docs site reads Markdown in an element only if the element says so.
    text = text.replace("<details>", '<details markdown="1">')
    block = f'<div class="comment" markdown="1">\n\n{text}\n\n</div>\n'
    return replace_part(page, "comment", block)


if __name__ == "__main__":
    sys.exit(main())
