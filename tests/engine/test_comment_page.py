"""docs/preview-report.md shows the comment of today."""

from __future__ import annotations

import comment_page
import pytest

from tests.harness.comment_example import collect_comment

pytestmark = pytest.mark.engine


def test_the_page_shows_the_report_of_today() -> None:
    comment = collect_comment()
    page = comment_page.PAGE.read_text("utf-8")
    assert page == comment_page.with_comment(page, comment), "run tools/comment_page.py"
    for part in ("Not reviewed", "Deleted", "RBAC", "Images"):
        assert f"\n#### {part}\n" in comment
