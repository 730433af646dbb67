"""Render a review for a terminal. This module requires `rich`, from the extra `cli`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import TextIO

from rich.console import Console
from rich.text import Text

from kubiya_pulumi.cli.console import buffered_console
from kubiya_pulumi.cli.files import show_path
from kubiya_pulumi.cli.rbac_rows import grant_cells
from kubiya_pulumi.cli.review_markdown import summarize
from kubiya_pulumi.cli.sources import Sources
from kubiya_pulumi.review import RULES, Finding, Grant, Review, Severity
from kubiya_pulumi.text import sanitize

_STYLES = {Severity.ERROR: "bold red", Severity.WARNING: "yellow", Severity.NOTE: "dim"}

_Line = tuple[int, Text]
"""The indentation of a line, and its text."""


def render(review: Review, sources: Sources, terminal: TextIO) -> str:
    """Render the RBAC table, the images and the findings. The errors come last.

    Related lines are indented under their heading: columns would break the long names of roles and
    workloads.

    Args:
        review: the review to render.
        sources: the reviewed texts.
        terminal: where the result will be written. If it is a terminal, the result is colored and
            wrapped to its width. Otherwise lines are wrapped to `COLUMNS`, or not wrapped without
            that variable.
    """
    console, result = buffered_console(terminal)
    sections = {
        "RBAC": _grants(review.grants),
        "Images": [(2, Text(sanitize(image))) for image in review.images],
        "Waived findings": _waived(review),
        "Unused waivers": [
            (2, Text(f"{sanitize(waiver.rule)} for {sanitize(waiver.object)}"))
            for waiver in review.unused_waivers
        ],
        "Not checked": [(2, Text(reason)) for reason in review.unchecked],
        "Findings": _findings(review.findings, sources),
    }
    for title, lines in sections.items():
        _print_section(console, title, list(lines))
    for source in sources.all:
        label = "SHA-256" if sources.single else f"SHA-256 of {show_path(source.file)}"
        console.print(f"{label}: {source.sha256}", soft_wrap=True)  # on one line, for copying
    console.print(summarize(review))
    return result.getvalue()


def _print_section(console: Console, title: str, lines: Sequence[_Line]) -> None:
    if not lines:
        return
    console.print(Text(title, "bold underline"))
    for indent, text in lines:
        # Wrap between words; break a word only if it is longer than the line.
        for line in text.wrap(console, max(console.width - indent, 1), overflow="fold"):
            line.rstrip()
            console.print(Text(" " * indent).append_text(line), soft_wrap=True)
    console.print()


def _grants(grants: Iterable[Grant]) -> Iterator[_Line]:
    """Group the grants by subject, then by role and binding."""
    subjects: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for grant in grants:
        subject, verbs, resources, scope, granted_by = grant_cells(grant, _join_all, "\n")
        permissions = subjects[subject][f"in {scope}, by {granted_by}"]
        permissions.append(f"{verbs} on {resources}" if resources else verbs)
    for subject, roles in subjects.items():
        name, *users = subject.splitlines()
        yield 2, Text(name, "bold")
        yield from ((2, Text(user)) for user in users)
        for role, permissions in roles.items():
            yield 4, Text(role, "dim")
            yield from ((6, Text(permission)) for permission in permissions)


def _waived(review: Review) -> Iterator[_Line]:
    for waived in review.waived:
        yield 2, Text(f"{waived.finding.rule} for {waived.finding.object}")
        yield 4, Text(f"reason: {sanitize(waived.reason)}")


def _findings(findings: Iterable[Finding], sources: Sources) -> Iterator[_Line]:
    """Group the findings by rule, with the rule's remediation. The errors come last."""
    rules: dict[tuple[Severity, str, bool], list[Finding]] = defaultdict(list)
    for finding in sorted(findings, key=lambda finding: -finding.severity.rank):
        rules[finding.severity, finding.rule, finding.denied].append(finding)
    for (severity, rule, denied), rule_findings in rules.items():
        label = f"{severity}, denied" if denied else severity.value
        yield 2, Text(f"{label}: ", _STYLES[severity]).append(rule, "bold")
        yield 4, Text(f"fix: {RULES[rule].remediation}", "dim")
        for finding in rule_findings:
            yield 4, Text(sources.describe(finding.object))
            yield 6, Text(finding.message)


def _join_all(names: Iterable[str]) -> str:
    return ", ".join(sanitize(name) for name in names)
