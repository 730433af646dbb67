"""docs/review.md lists the rules as they are, and the changelog counts them."""

from __future__ import annotations

import re

import pytest

from kubiya_pulumi.review import RULES
from tests.harness.toolchain import ROOT
from tests.review.rules_table import SECTIONS, rules_table

DOCUMENT = (ROOT / "docs" / "review.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("title", SECTIONS)
def test_the_document_has_the_rules_of_each_section(title: str) -> None:
    _, heading, section = DOCUMENT.partition(f"\n### {title}\n")
    assert heading
    assert rules_table(SECTIONS[title]) in section.partition("\n### ")[0]


def test_the_document_lists_each_rule_once() -> None:
    listed = re.findall(r"^\| (KR-\d+) \| \[`([a-z-]+)`\]", DOCUMENT, re.MULTILINE)
    assert listed == [(rule.id, name) for name, rule in RULES.items()]


def test_the_changelog_counts_the_rules() -> None:
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.search(rf"\b{len(RULES)} rules\b", changes)
