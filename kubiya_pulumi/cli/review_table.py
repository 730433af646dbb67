"""A review in the terminal. This module needs `rich`, which comes with the extra `cli`."""

from __future__ import annotations

import os
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import TextIO

from rich.console import Console
from rich.text import Text

from kubiya_pulumi.cli.rbac_rows import access_cells
from kubiya_pulumi.cli.review_summary import summary
from kubiya_pulumi.review import Finding, Grant, Review, Severity
from kubiya_pulumi.text import sanitize

_STYLES = {Severity.ERROR: "bold red", Severity.WARNING: "yellow", Severity.NOTE: "dim"}

_Line = tuple[int, Text]
"""How far it is indented, and what it says."""


def render(review: Review, sha256: str, file: TextIO) -> None:
    """Print the table of access, the images and the findings, the most important ones last.

    What belongs together is indented below its head: columns would break the long names that
    roles and workloads have.

    Args:
        review: what to print.
        sha256: of the manifest's text, in hexadecimal: a pin for it.
        file: where to. It is coloured, and its lines are as wide as the terminal, if it is one.
            Else they are as long as they have to be, or as `COLUMNS` says.
    """
    # Rich would take 80 columns for what is no terminal.
    endless = not file.isatty() and not os.environ.get("COLUMNS", "").isdigit()
    console = Console(
        file=file,
        highlight=False,
        markup=False,
        emoji=False,
        width=sys.maxsize if endless else None,
    )
    sections = {
        "RBAC": _access(review.grants),
        "Images": [(2, Text(sanitize(each))) for each in review.images],
        "WaivedFinding": _waived(review),
        "Waivers that match nothing": [
            (2, Text(f"{sanitize(each.rule)} for {sanitize(each.object)}"))
            for each in review.unused_waivers
        ],
        "Findings": _findings(review.findings),
    }
    for title, lines in sections.items():
        _section(console, title, list(lines))
    console.print(f"SHA-256: {sha256}", soft_wrap=True)  # whole, to be copied
    console.print(summary(review))


def _section(console: Console, title: str, lines: Sequence[_Line]) -> None:
    if not lines:
        return
    console.print(Text(title, "bold underline"))
    for indent, text in lines:
        # Between words, and within a name only where it is longer than the line.
        for line in text.wrap(console, max(console.width - indent, 1), overflow="fold"):
            line.rstrip()
            console.print(Text(" " * indent).append_text(line), soft_wrap=True)
    console.print()


def _access(grants: Iterable[Grant]) -> Iterator[_Line]:
    """Each subject once, and below it each of its roles once."""
    subjects: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for grant in grants:
        who, may, on, where, by = access_cells(grant, _names, "\n")
        rights = subjects[who][f"in {where}, by {by}"]
        rights.append(f"{may} on {on}" if on else may)
    for who, roles in subjects.items():
        subject, *used_by = who.splitlines()
        yield 2, Text(subject, "bold")
        yield from ((2, Text(line)) for line in used_by)
        for role, rights in roles.items():
            yield 4, Text(role, "dim")
            yield from ((6, Text(right)) for right in rights)


def _waived(review: Review) -> Iterator[_Line]:
    for each in review.waived:
        yield 2, Text(f"{each.finding.rule} for {each.finding.object}")
        yield 4, Text(f"because: {sanitize(each.reason)}")


def _findings(findings: Iterable[Finding]) -> Iterator[_Line]:
    """Each rule once, and below it what it found."""
    rules: dict[tuple[Severity, str, bool], list[Finding]] = defaultdict(list)
    for finding in sorted(findings, key=lambda each: list(Severity)[::-1].index(each.severity)):
        rules[finding.severity, finding.rule, finding.denied].append(finding)
    for (severity, rule, denied), found in rules.items():
        word = f"{severity}, denied" if denied else severity.value
        yield 2, Text(f"{word}: ", _STYLES[severity]).append(rule, "bold")
        for finding in found:
            yield 4, Text(str(finding.object))
            yield 6, Text(finding.message)


def _names(names: Iterable[str]) -> str:
    return ", ".join(sanitize(name) for name in names)
