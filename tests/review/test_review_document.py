"""docs/review.md has the rules as they are, and the changelog their number."""

import pytest

from kubiya_pulumi.review import RULES
from tests.harness.toolchain import ROOT

DOCUMENT = (ROOT / "docs" / "review.md").read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("name", RULES)
def test_the_document_says_what_each_rule_is(name):
    rule = RULES[name]
    row = f"| [`{name}`]({rule.url}) | {rule.severity.value} | {rule.description} |"
    assert row in DOCUMENT


def test_the_document_has_no_rule_that_is_not_there():
    rows = [line for line in DOCUMENT if line.startswith("| [`")]
    assert len(rows) == len(RULES)


def test_the_changelog_counts_the_rules():
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"what {len(RULES)} rules find" in changes
