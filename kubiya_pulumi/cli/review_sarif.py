"""Render a review as SARIF 2.1.0, the format of code scanning.

See the OASIS standard: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from kubiya_pulumi.review import RULES, Finding, Review, Rule, WaivedFinding, Waiver
from kubiya_pulumi.version import package_version

_SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
_RULE_INDEX = {name: index for index, name in enumerate(RULES)}


def render(review: Review, file: str | None, lines: Mapping[str, int]) -> str:
    """Render the review as one run of a tool.

    Waived findings are suppressed results, with the reason of the waiver.

    Args:
        review: the review to render.
        file: the path of the manifest, `-` for standard input, or None if it is not a file.
        lines: the first line of each object, by `str(ObjectReference)`.
    """
    results = [_result(finding, file, lines) for finding in review.findings]
    suppressed = [_suppressed_result(waived, file, lines) for waived in review.waived]
    notifications = [_unused_waiver(waiver) for waiver in review.unused_waivers]
    run = {
        "tool": {"driver": _driver()},
        "invocations": [{"executionSuccessful": True, "toolExecutionNotifications": notifications}],
        "results": [*results, *suppressed],
    }
    log = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(log, indent=2) + "\n"


def _driver() -> dict[str, Any]:
    return {
        "name": "kubiya-pulumi",
        "version": package_version(),
        "rules": [_rule(rule) for rule in RULES.values()],
    }


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.name,
        "shortDescription": {"text": rule.description},
        "help": {"text": rule.remediation},
        "helpUri": rule.url,
        "defaultConfiguration": {"level": rule.severity.value},
        "properties": {
            "tags": [rule.category.value],
            "stableId": rule.id,
            "references": list(rule.references),
        },
    }


def _result(finding: Finding, file: str | None, lines: Mapping[str, int]) -> dict[str, Any]:
    return {
        "ruleId": finding.rule,
        "ruleIndex": _RULE_INDEX[finding.rule],
        "level": finding.severity.value,
        "message": {"text": _escape_links(finding.message)},
        "locations": [_location(finding, file, lines)],
        "properties": {"denied": finding.denied},
    }


def _suppressed_result(
    waived: WaivedFinding, file: str | None, lines: Mapping[str, int]
) -> dict[str, Any]:
    suppression = {"kind": "external", "justification": waived.reason}
    return {**_result(waived.finding, file, lines), "suppressions": [suppression]}


def _unused_waiver(waiver: Waiver) -> dict[str, Any]:
    text = f"The waiver of {waiver.rule} for {waiver.object} does not match any finding."
    return {"level": "warning", "message": {"text": text}}


def _location(finding: Finding, file: str | None, lines: Mapping[str, int]) -> dict[str, Any]:
    name = str(finding.object)
    location: dict[str, Any] = {
        "logicalLocations": [{"fullyQualifiedName": name, "kind": "resource"}]
    }
    if file is not None:
        location["physicalLocation"] = {
            "artifactLocation": {"uri": _uri(file)},
            # An object that the manifest lacks has no line of its own.
            "region": {"startLine": lines.get(name, 1)},
        }
    return location


def _escape_links(message: str) -> str:
    """Escape brackets, which form links in SARIF messages (section 3.11.6)."""
    return re.sub(r"([\\\[\]])", r"\\\1", message)


def _uri(file: str) -> str:
    if file == "-":
        return "stdin"
    path = Path(file)
    return path.as_uri() if path.is_absolute() else quote(os.fsencode(path.as_posix()))
