"""Render a review as Markdown, and summarize it in one sentence."""

from __future__ import annotations

from kubiya_pulumi.cli.markdown import Table, code, codes, render_document
from kubiya_pulumi.cli.rbac_rows import HEADER, grant_cells
from kubiya_pulumi.cli.sources import Sources
from kubiya_pulumi.review import RULES, Finding, Review, Severity

_MAX_MESSAGE_LENGTH = 1_000


def render(review: Review, sources: Sources) -> str:
    """Render the findings, the RBAC table, the images and the objects.

    Args:
        review: the review to render.
        sources: the reviewed texts.
    """
    sha256 = f" SHA-256: {code(sources.all[0].sha256)}" if sources.single else ""
    paragraphs = [f"### Review of {codes(sources.names)}", f"**{summarize(review)}**{sha256}"]
    return render_document(paragraphs, [table for table in _tables(review, sources) if table.rows])


def summarize(review: Review) -> str:
    """Count the findings in one sentence: `2 errors, 1 note; 1 of them denied.`"""
    severities = [finding.severity for finding in review.findings]
    counts = {severity: severities.count(severity) for severity in Severity}
    parts = [f"{n:,} {severity}{'s' * (n > 1)}" for severity, n in counts.items() if n]
    denied = f"; {len(review.denied):,} of them denied" if review.denied else ""
    return f"{', '.join(parts) or 'No findings'}{denied}."


def _tables(review: Review, sources: Sources) -> list[Table]:
    rules = dict.fromkeys(finding.rule for finding in review.findings)
    return [
        Table(
            "Findings",
            ("Severity", "Rule", "Object", "Message"),
            [_finding_row(finding, sources) for finding in review.findings],
        ),
        Table(
            "Remediation",
            ("Rule", "What to do"),
            [(code(rule), RULES[rule].remediation) for rule in rules],
            folded=True,
        ),
        Table(
            "Waived findings",
            ("Rule", "Object", "Message", "Reason"),
            [
                (*_finding_row(waived.finding, sources)[1:], code(waived.reason))
                for waived in review.waived
            ],
        ),
        Table(
            "Unused waivers",
            ("Rule", "Object"),
            [(code(waiver.rule), code(waiver.object)) for waiver in review.unused_waivers],
        ),
        Table(
            "Not checked",
            ("Reason",),
            [(code(reason, _MAX_MESSAGE_LENGTH),) for reason in review.unchecked],
        ),
        Table("RBAC", HEADER, [grant_cells(grant, codes, "<br>") for grant in review.grants]),
        Table("Images", ("Image",), [(code(image),) for image in review.images], folded=True),
        Table(
            "Objects",
            ("Object",),
            [(code(str(reference)),) for reference in review.objects],
            folded=True,
        ),
        Table(
            "Files",
            ("File", "SHA-256"),
            [] if sources.single else [(code(s.file), code(s.sha256)) for s in sources.all],
            folded=True,
        ),
    ]


def _finding_row(finding: Finding, sources: Sources) -> tuple[str, str, str, str]:
    severity = f"{finding.severity}, **denied**" if finding.denied else finding.severity.value
    place = code(sources.describe(finding.object), _MAX_MESSAGE_LENGTH)
    message = code(finding.message, _MAX_MESSAGE_LENGTH)
    return severity, code(finding.rule), place, message
