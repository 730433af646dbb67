"""A review as Markdown."""

from __future__ import annotations

from collections.abc import Iterable

from kubiya_pulumi.cli.markdown import Table, code, codes, document
from kubiya_pulumi.cli.rbac_rows import HEADER, access_cells
from kubiya_pulumi.cli.review_summary import summary
from kubiya_pulumi.review import Finding, Review

_MOST_MESSAGE_CHARACTERS = 1_000


def render(review: Review, name: str, sha256: str) -> str:
    """Write the findings, who may do what, the images and the objects.

    Args:
        review: what to write.
        name: what was reviewed.
        sha256: of its text, in hexadecimal: a pin for it.
    """
    tables = [
        Table(
            "Findings",
            ("Severity", "Rule", "Object", "What"),
            [_finding(each) for each in review.findings],
        ),
        Table(
            "WaivedFinding",
            ("Rule", "Object", "What", "Because"),
            [(*_finding(each.finding)[1:], code(each.reason)) for each in review.waived],
        ),
        Table(
            "Waivers that match nothing",
            ("Rule", "Object"),
            [(code(each.rule), code(each.object)) for each in review.unused_waivers],
        ),
        Table(
            "RBAC",
            HEADER,
            [access_cells(each, codes, "<br>") for each in review.grants],
        ),
        Table("Images", ("Image",), [(code(each),) for each in review.images], folded=True),
        Table("Objects", ("Object",), [(code(str(e)),) for e in review.objects], folded=True),
    ]
    return document(list(_head(review, name, sha256)), [table for table in tables if table.rows])


def _head(review: Review, name: str, sha256: str) -> Iterable[str]:
    yield f"### Review of {code(name)}"
    yield f"**{summary(review)}** SHA-256: {code(sha256)}"


def _finding(finding: Finding) -> tuple[str, ...]:
    severity = f"{finding.severity}, **denied**" if finding.denied else finding.severity.value
    message = code(finding.message, _MOST_MESSAGE_CHARACTERS)
    return severity, code(finding.rule), code(str(finding.object)), message
