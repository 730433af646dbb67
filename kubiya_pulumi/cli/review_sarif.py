"""Render a review as SARIF 2.1.0, the format of code scanning.

See the OASIS standard: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html, and what
GitHub requires beyond it:
https://docs.github.com/en/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePath
from typing import Any
from urllib.parse import quote

from kubiya_pulumi.cli.sources import Location, Sources
from kubiya_pulumi.review import RULES, Category, Finding, Review, Rule, Severity, WaivedFinding
from kubiya_pulumi.version import VERSION

MAX_RESULTS = 25_000
"""The maximum number of results that code scanning accepts in a run."""

_MAX_LOCATIONS = 1_000
"""The maximum number of locations that code scanning accepts in a result."""
_SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
_ROOT = "%SRCROOT%"
_RULE_INDEX = {name: index for index, name in enumerate(RULES)}
_SECURITY_SEVERITY = {Severity.ERROR: "8.0", Severity.WARNING: "5.0", Severity.NOTE: "2.0"}
"""Code scanning shows 7.0 to 8.9 as high, 4.0 to 6.9 as medium, and less as low."""


def render(
    review: Review, sources: Sources, *, category: str = "", omit_waived: bool = False
) -> str:
    """Render the review as one run of a tool.

    Waived findings are suppressed results, with the reason of the waiver. If there are more than
    `MAX_RESULTS`, the denied findings, the errors and the warnings take precedence, and a
    notification counts the omitted ones.

    Args:
        review: the review to render.
        sources: the reviewed texts.
        category: distinguishes this analysis from others of the same commit. Default: the common
            folder, or the name, of the texts.
        omit_waived: leave the waived findings out.
    """
    findings = _all_findings(review, omit_waived=omit_waived)
    results = _results(findings[:MAX_RESULTS], sources)
    run = {
        "tool": {"driver": _driver()},
        "automationDetails": {"id": _automation_id(category or _default_category(sources.names))},
        # The folder itself is unknown to the reader of the log, so it has no URI.
        "originalUriBaseIds": {
            _ROOT: {"description": {"text": "The working directory of the command."}}
        },
        "invocations": [
            {
                "executionSuccessful": True,
                "toolExecutionNotifications": _notifications(
                    review, omitted_results(review, omit_waived=omit_waived)
                ),
            }
        ],
        "results": results,
    }
    log = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(log, indent=2) + "\n"


def omitted_results(review: Review, *, omit_waived: bool = False) -> int:
    """Return how many findings `render` omits because code scanning would reject the log."""
    return max(0, len(_all_findings(review, omit_waived=omit_waived)) - MAX_RESULTS)


def _all_findings(review: Review, *, omit_waived: bool) -> list[Finding | WaivedFinding]:
    """Return the findings, those to keep first."""
    findings = sorted(
        review.findings, key=lambda finding: (not finding.denied, finding.severity.rank)
    )
    return [*findings, *(() if omit_waived else review.waived)]


def _driver() -> dict[str, Any]:
    return {
        "name": "kubiya-pulumi",
        "version": VERSION,
        "semanticVersion": VERSION,
        "rules": [_rule(rule) for rule in RULES.values()],
    }


def _rule(rule: Rule) -> dict[str, Any]:
    # Code scanning shows the Markdown instead of the text, and no other links.
    sources = "\n".join(f"- {text}" for text in (f"[Kubernetes]({rule.url})", *rule.references))
    return {
        "id": rule.name,
        "shortDescription": {"text": rule.description.partition(". ")[0].rstrip(".") + "."},
        "fullDescription": {"text": rule.description},
        "help": {
            "text": rule.remediation,
            "markdown": f"{rule.description}\n\n**Fix:** {rule.remediation}\n\n{sources}\n",
        },
        "helpUri": rule.url,
        "defaultConfiguration": {"level": rule.severity.value},
        "properties": {
            "tags": ["security", rule.category.value],
            "security-severity": _security_severity(rule),
            "stableId": rule.id,
            "references": list(rule.references),
        },
    }


def _security_severity(rule: Rule) -> str:
    """Return the score. What is missing or invalid fails, but gives nobody a permission."""
    severity = rule.severity if rule.category == Category.EXCESSIVE else Severity.NOTE
    return _SECURITY_SEVERITY[severity]


def _results(findings: Iterable[Finding | WaivedFinding], sources: Sources) -> list[dict[str, Any]]:
    seen: Counter[str] = Counter()
    results = []
    for entry in findings:
        finding = entry.finding if isinstance(entry, WaivedFinding) else entry
        fingerprint = _fingerprint(finding)
        seen[fingerprint] += 1
        result = {
            "ruleId": finding.rule,
            "ruleIndex": _RULE_INDEX[finding.rule],
            "level": finding.severity.value,
            "message": {"text": _escape_links(finding.message)},
            **_locations(finding, sources),
            "partialFingerprints": {
                "primaryLocationLineHash": f"{fingerprint}:{seen[fingerprint]}"
            },
            "properties": {"denied": finding.denied},
        }
        if isinstance(entry, WaivedFinding):
            result["suppressions"] = [{"kind": "external", "justification": entry.reason}]
        results.append(result)
    return results


def _fingerprint(finding: Finding) -> str:
    """Return what identifies a finding when lines or files have moved.

    The message is a part of it: otherwise, when one of two findings on an object is fixed, the
    other one would inherit its state, such as a dismissal.
    """
    parts = (finding.rule, finding.object.api_version, str(finding.object), finding.message)
    return hashlib.sha256("\0".join(parts).encode(errors="replace")).hexdigest()[:16]


def _notifications(review: Review, omitted: int) -> list[dict[str, Any]]:
    texts = [
        f"The waiver of {waiver.rule} for {waiver.object} does not match any finding."
        for waiver in review.unused_waivers
    ]
    texts += review.unchecked
    if omitted:
        texts.append(f"{omitted:,} findings are omitted: the log is limited to {MAX_RESULTS:,}.")
    return [{"level": "warning", "message": {"text": _escape_links(text)}} for text in texts]


def _locations(finding: Finding, sources: Sources) -> dict[str, Any]:
    """Return the first place of the object, and its other places as related locations."""
    # An object that the manifest lacks has no line of its own.
    first, *others = sources.locations_of(finding.object) or [Location(sources.all[0].file, 1)]
    logical = {"fullyQualifiedName": str(finding.object), "kind": "resource"}
    locations = {"locations": [{**_physical(first), "logicalLocations": [logical]}]}
    if others:
        locations["relatedLocations"] = [_physical(other) for other in others[:_MAX_LOCATIONS]]
    return locations


def _physical(location: Location) -> dict[str, Any]:
    return {
        "physicalLocation": {
            "artifactLocation": _artifact_location(location.file),
            "region": {"startLine": location.line},
        }
    }


def _artifact_location(file: str) -> dict[str, str]:
    """Return a URI relative to the working directory; an absolute one for a file outside it."""
    path = _relative_path(file)
    if path is None:
        return {"uri": Path(os.path.abspath(file)).as_uri()}  # noqa: PTH100
    return {"uri": quote(os.fsencode(path.as_posix())), "uriBaseId": _ROOT}


def _relative_path(file: str) -> PurePath | None:
    """Return the path from the working directory, or None if the file is outside it."""
    # The path of the working directory may lead through a link.
    for normalize in (os.path.abspath, os.path.realpath):
        path, root = PurePath(normalize(file)), PurePath(normalize("."))
        if path.is_relative_to(root):
            return path.relative_to(root)
    return None


def _default_category(names: Sequence[str]) -> str:
    """Return the path of a single file or folder, or the common folder of several.

    The common folder, unlike their names, stays the same when a file is added.
    """
    paths = [os.path.abspath(name) for name in names]  # noqa: PTH100
    common = paths[0] if len(paths) == 1 else os.path.commonpath(map(os.path.dirname, paths))
    path = _relative_path(common) or PurePath(common)
    return "" if path == PurePath() else path.as_posix().strip("/")


def _automation_id(category: str) -> str:
    """Return an identifier whose part up to the last slash is the category."""
    return "".join(f"{part}/" for part in ("kubiya-pulumi", "review", category) if part)


def _escape_links(message: str) -> str:
    """Escape brackets, which form links in SARIF messages (section 3.11.6)."""
    return re.sub(r"([\\\[\]])", r"\\\1", message)
