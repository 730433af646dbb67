#!/usr/bin/env python3
"""Write the comment that docs/preview-report.md shows, with the real engine.

    tools/comment_page.py            rewrite the comment
    tools/comment_page.py --check    fail if it differs

The page has a line `<!-- comment -->` before the comment, and `<!-- end -->` after it. The preview
is in tests/harness/comment_example.py.

Run it inside `.venv`: `.venv/bin/python tools/comment_page.py`. It takes about ten seconds.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.harness.comment_example import collect_comment
from tests.harness.toolchain import ROOT

PAGE = ROOT / "docs" / "preview-report.md"
_BLOCK = re.compile(r"(?<=<!-- comment -->\n).*?(?=<!-- end -->)", re.DOTALL)


def main() -> int:
    """Rewrite or check the page, and return the exit status."""
    parser = argparse.ArgumentParser(description="Write the comment of docs/preview-report.md.")
    parser.add_argument("--check", action="store_true", help="only check that it is current")
    options = parser.parse_args()
    text = PAGE.read_text("utf-8")
    current = with_comment(text, collect_comment())
    if current == text:
        return 0
    if options.check:
        print("comment_page: docs/preview-report.md is outdated. Run tools/comment_page.py.")
        return 1
    PAGE.write_text(current, "utf-8")
    return 0


def with_comment(page: str, comment: str) -> str:
    """Return a page with a current comment.

    The page shows the comment as a service does. Its headings are bold text there, because they are
    not sections of the page.

    Raises:
        ValueError: the page lacks a marker line.
    """
    if not _BLOCK.search(page):
        raise ValueError("the page lacks the line <!-- comment --> or <!-- end -->")
    _marker, _, visible = comment.partition("\n")
    text = re.sub(r"^#+ (.*)$", r"**\1**", visible.strip(), flags=re.MULTILINE)
    # The docs site reads Markdown in an element only if the element says so.
    text = text.replace("<details>", '<details markdown="1">')
    block = f'<div class="comment" markdown="1">\n\n{text}\n\n</div>\n'
    return _BLOCK.sub(lambda _: block, page)


if __name__ == "__main__":
    sys.exit(main())
