"""The tables of credentials in docs/what-the-review-sees.md. Run this module to print them."""

from __future__ import annotations

import sys

from kubiya_pulumi.review.checks.credential_formats import FORMATS
from tests.review.credential_cases import HEX, MIXED, NAMED_VALUES, NamedValue


def formats_table() -> str:
    """Return a Markdown table of the formats."""
    rows = [f"| [{entry.name}]({entry.source}) | {entry.shape} |\n" for entry in FORMATS]
    return "| Credential | Form |\n| --- | --- |\n" + "".join(rows)


def values_table() -> str:
    """Return a Markdown table of values with names, and of what the review reports."""
    rows = [
        f"| `{value.name}` | {_shown(value)} | {_yes(value.is_credential)} "
        f"| {_yes(value.is_reported)}{_mark(value)} |\n"
        for value in NAMED_VALUES
    ]
    header = "| Name | Value | Credential | Reported |\n| --- | --- | --- | --- |\n"
    return header + "".join(rows)


def summary() -> str:
    """Return a sentence with the counts of both tables."""
    found = sum(value.is_credential and value.is_reported for value in NAMED_VALUES)
    credentials = sum(value.is_credential for value in NAMED_VALUES)
    wrong = sum(not value.is_credential and value.is_reported for value in NAMED_VALUES)
    return (
        f"The review finds all {len(FORMATS)} forms, and {found} of the {credentials} credentials "
        f"with a name. It also reports {wrong} of the {len(NAMED_VALUES) - credentials} other "
        "values."
    )


def _shown(value: NamedValue) -> str:
    if any(text[:32] in value.value for text in (HEX, MIXED)):
        return f"{len(value.value)} random characters"
    if not value.value:
        return "(empty)"
    return "<br>".join(f"`{line}`" for line in value.value.splitlines())


def _yes(condition: bool) -> str:
    return "yes" if condition else "no"


def _mark(value: NamedValue) -> str:
    return "" if value.is_credential == value.is_reported else " (wrong)"


if __name__ == "__main__":
    sys.stdout.write(f"{formats_table()}\n{values_table()}\n{summary()}\n")
