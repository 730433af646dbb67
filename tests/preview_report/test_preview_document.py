"""docs/preview-report.md names what the command lists."""

from __future__ import annotations

from kubiya_pulumi.preview_report import GateCondition
from tests.harness.toolchain import ROOT

PAGE = ROOT / "docs" / "preview-report.md"


def test_the_page_names_every_condition() -> None:
    page = PAGE.read_text()
    for condition in GateCondition:
        assert f"| `{condition}` |" in page
