"""A review in the terminal. This module needs `rich`, which comes with the extra `cli`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from kubiya_pulumi.api.words import cleaned
from kubiya_pulumi.cli.access import HEADER, access_cells
from kubiya_pulumi.cli.review_summary import summary
from kubiya_pulumi.review import Finding, Review, Severity

_STYLES = {Severity.ERROR: "bold red", Severity.WARNING: "yellow", Severity.NOTE: "dim"}


def render(review: Review, sha256: str, file: TextIO) -> None:
    """Print the table of access, the images and the findings, the most important ones last.

    Args:
        review: what to print.
        sha256: of the manifest's text, in hexadecimal: a pin for it.
        file: where to; it is coloured and as wide as the terminal, if it is one.
    """
    console = Console(file=file, highlight=False, markup=False, emoji=False)
    tables = [
        _table("RBAC", HEADER, [access_cells(each, _names, "\n") for each in review.grants]),
        _table("Images", ("Image",), [(cleaned(each),) for each in review.images]),
        _table(
            "Waived",
            ("Rule", "Object", "Because"),
            [
                (each.finding.rule, str(each.finding.object), cleaned(each.reason))
                for each in review.waived
            ],
        ),
        _table(
            "Waivers that match nothing",
            ("Rule", "Object"),
            [(cleaned(each.rule), cleaned(each.object)) for each in review.unused_waivers],
        ),
        _findings(review.findings),
    ]
    for table in tables:
        if table.row_count:
            console.print(table)
    console.print(f"SHA-256: {sha256}", soft_wrap=True)  # whole, to be copied
    console.print(summary(review))


def _findings(findings: Iterable[Finding]) -> Table:
    table = _table("Findings", ("Severity", "Rule", "Object", "What"), [])
    for finding in sorted(findings, key=lambda each: list(Severity)[::-1].index(each.severity)):
        severity = f"{finding.severity}, denied" if finding.denied else finding.severity.value
        style = _STYLES[finding.severity]
        cells = (finding.rule, str(finding.object), finding.message)
        table.add_row(Text(severity, style), *map(Text, cells))
    return table


def _table(title: str, header: Iterable[str], rows: Iterable[tuple[str, ...]]) -> Table:
    table = Table(title=title, title_justify="left")
    for name in header:
        table.add_column(name, overflow="fold")  # a name is never cut
    for row in rows:
        table.add_row(*map(Text, row))
    return table


def _names(names: Iterable[str]) -> str:
    return ", ".join(cleaned(name) for name in names)
