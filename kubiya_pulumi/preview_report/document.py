"""Read the two forms of a preview that are one JSON document.

`pulumi preview --json` prints a digest with the properties of each resource. The summary of
`pulumi preview --output json` lists the resources alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from kubiya_pulumi.preview_report.engine_operations import check_counts
from kubiya_pulumi.preview_report.errors import USAGE, PreviewError, unknown_part
from kubiya_pulumi.preview_report.fields import Fields
from kubiya_pulumi.preview_report.preview import (
    NO_SUMMARY,
    Diagnostic,
    Preview,
    incomplete_components,
    messages,
    warning_messages,
)
from kubiya_pulumi.preview_report.steps import Step
from kubiya_pulumi.review.kubernetes.coerce import is_number

_DIGEST_KEYS = frozenset(
    {"config", "steps", "diagnostics", "duration", "changeSummary", "maybeCorrupt"}
)
_SUMMARY_KEYS = frozenset({"result", "duration", "summary", "resources"})
RESULTS = frozenset({"succeeded", "failed", "canceled"})
"""The results of the engine's summary."""


def read_document(data: Mapping[str, Any]) -> Preview:
    """Read a document of either form.

    Raises:
        PreviewError: the document has neither form, or contradicts itself.
    """
    if "result" in data:
        _check_keys(data, _SUMMARY_KEYS)
        return _read_summary(Fields("preview", data))
    if not data.keys() & {"steps", "diagnostics", "duration"}:
        raise PreviewError(f"is JSON, but not that of a preview. {USAGE}")
    _check_keys(data, _DIGEST_KEYS)
    return _read_digest(Fields("preview", data))


def read_result(fields: Fields, errors: tuple[str, ...]) -> tuple[str, ...]:
    """Return the errors of a preview, which include a result other than success.

    Raises:
        PreviewError: the result is missing or unknown.
    """
    result = fields.required_text("result")
    if result not in RESULTS:
        raise unknown_part("the result", result)
    return errors if errors or result == "succeeded" else (f"The engine's result: {result}.",)


def _check_keys(data: Mapping[str, Any], known: frozenset[str]) -> None:
    if unknown := sorted(data.keys() - known):
        raise unknown_part("a field", unknown[0])


def _read_digest(fields: Fields) -> Preview:
    steps = tuple(Step.from_document(entry) for entry in fields.json_objects("steps"))
    diagnostics = [Diagnostic.from_dict(entry) for entry in fields.json_objects("diagnostics")]
    errors = messages(diagnostics, "error")
    counts = fields.counts("changeSummary")
    # The engine writes the duration with its summary, and omits both without one.
    if not _is_duration(fields) and not errors:
        errors = (NO_SUMMARY,)
    if counts is not None and not errors:
        check_counts(steps, counts)
    return Preview(
        steps,
        errors,
        warning_messages(diagnostics),
        incomplete_components(diagnostics),
        unchanged_listed=_lists_unchanged(steps, counts),
    )


def _read_summary(fields: Fields) -> Preview:
    steps = tuple(Step.from_summary(entry) for entry in fields.json_objects("resources"))
    counts = fields.counts("summary")
    errors = read_result(fields, ())
    if not _is_duration(fields) and not errors:
        errors = (NO_SUMMARY,)
    if not errors:
        check_counts(steps, counts or {})
    return Preview(steps, errors, unchanged_listed=_lists_unchanged(steps, counts))


def _is_duration(fields: Fields) -> bool:
    """Return whether the document has a duration. The engine omits one of zero.

    Raises:
        PreviewError: the duration is not a number.
    """
    duration = fields.data.get("duration", 0)
    if not is_number(duration) or duration < 0:
        raise PreviewError(f'has an unexpected "duration". {USAGE}')
    return duration > 0


def _lists_unchanged(steps: tuple[Step, ...], counts: Mapping[str, int] | None) -> bool:
    """Return whether the steps include the unchanged resources.

    Without `--show-sames` the engine lists no unchanged resource except for the stack.
    """
    unchanged = Counter(step.is_internal for step in steps if step.operation == "same")
    if counts is None:
        return unchanged[False] > 0
    return unchanged.total() >= counts.get("same", 0)
