"""A review in SARIF 2.1.0, the format of code scanning.

See the OASIS standard: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from kubiya_pulumi.review import RULES, Finding, Review, Rule

_SCHEMA: Final = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)


def render(review: Review, file: str | None, lines: Mapping[str, int]) -> str:
    """Write the review as one run of a tool.

    Findings that a waiver covers are among the results, suppressed with its reason.

    Args:
        review: what to write.
        file: the manifest's path, `-` for standard input, None where it is no file.
        lines: the line where each object begins, by the object as text.
    """

    def result(finding: Finding) -> dict[str, Any]:
        return {
            "ruleId": finding.rule,
            "ruleIndex": list(RULES).index(finding.rule),
            "level": finding.severity.value,
            "message": {"text": _without_links(finding.message)},
            "locations": [_location(finding, file, lines)],
            "properties": {"denied": finding.denied},
        }

    waived = (
        result(each.finding)
        | {"suppressions": [{"kind": "external", "justification": each.reason}]}
        for each in review.waived
    )
    run = {
        "tool": {"driver": _driver()},
        "invocations": [
            {"executionSuccessful": True, "toolExecutionNotifications": _notes(review)}
        ],
        "results": [*map(result, review.findings), *waived],
    }
    log = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(log, indent=2) + "\n"


def _driver() -> dict[str, Any]:
    return {
        "name": "kubiya-pulumi",
        "version": version("kubiya-pulumi"),
        "rules": [_rule(rule) for rule in RULES.values()],
    }


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.name,
        "shortDescription": {"text": rule.description},
        "helpUri": rule.url,
        "defaultConfiguration": {"level": rule.severity.value},
        "properties": {"tags": [rule.category.value]},
    }


def _location(finding: Finding, file: str | None, lines: Mapping[str, int]) -> dict[str, Any]:
    name = str(finding.object)
    location: dict[str, Any] = {
        "logicalLocations": [{"fullyQualifiedName": name, "kind": "resource"}]
    }
    if file is not None:
        location["physicalLocation"] = {
            "artifactLocation": {"uri": _uri(file)},
            # What is missing from a manifest is missing from its first line on.
            "region": {"startLine": lines.get(name, 1)},
        }
    return location


def _without_links(message: str) -> str:
    """Brackets that come from a name in the manifest are no link (section 3.11.6)."""
    return re.sub(r"([\\\[\]])", r"\\\1", message)


def _uri(file: str) -> str:
    if file == "-":
        return "stdin"
    path = Path(file)
    return path.as_uri() if path.is_absolute() else quote(os.fsencode(path.as_posix()))


def _notes(review: Review) -> list[dict[str, Any]]:
    """Waivers that nothing was found for."""
    return [
        {
            "level": "warning",
            "message": {
                "text": f"The waiver of {waiver.rule} for {waiver.object} matches no finding."
            },
        }
        for waiver in review.unused_waivers
    ]
