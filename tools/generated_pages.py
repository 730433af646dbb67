"""Docs pages of which a script writes a part: the part, and the command line of the script."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Mapping
from pathlib import Path

DOCS = Path(__file__).resolve().parent.parent / "docs"


def replace_part(page: str, name: str, part: str) -> str:
    """Return a page with another text between its lines `<!-- NAME -->` and `<!-- end -->`.

    Raises:
        ValueError: the page lacks one of the lines.
    """
    pattern = re.compile(rf"(?<=<!-- {name} -->\n).*?(?=<!-- end -->)", re.DOTALL)
    if not pattern.search(page):
        raise ValueError(f"the page lacks the line <!-- {name} --> or <!-- end -->")
    return pattern.sub(lambda _: part, page)


def is_check_requested(description: str) -> bool:
    """Parse the command line of a script, and return whether `--check` was given."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--check", action="store_true", help="only check that it is current")
    return bool(parser.parse_args().check)


def write_or_check(pages: Mapping[Path, str], *, check: bool) -> int:
    """Write the pages that are outdated, or report them.

    Args:
        pages: the current text of each page.
        check: whether to write nothing.

    Returns:
        The exit status: 1 if a check finds an outdated page.
    """
    outdated = [page for page, text in pages.items() if page.read_text("utf-8") != text]
    if not check:
        for page in outdated:
            page.write_text(pages[page], "utf-8")
    elif outdated:
        script = Path(sys.argv[0])
        names = ", ".join(f"docs/{page.name}" for page in outdated)
        print(f"{script.stem}: outdated: {names}. Run tools/{script.name}.")
        return 1
    return 0
