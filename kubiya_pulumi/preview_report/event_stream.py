"""Read the events of a preview, with `PULUMI_ENABLE_STREAMING_JSON_PREVIEW` or an event log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kubiya_pulumi.preview_report.document import read_result
from kubiya_pulumi.preview_report.engine_operations import check_counts
from kubiya_pulumi.preview_report.errors import USAGE, PreviewError, unknown_part
from kubiya_pulumi.preview_report.fields import Fields
from kubiya_pulumi.preview_report.preview import (
    NO_SUMMARY,
    Diagnostic,
    PolicyRemediation,
    PolicyViolation,
    Preview,
    ResourceRef,
    incomplete_components,
    messages,
    plain_text,
    warning_messages,
)
from kubiya_pulumi.preview_report.steps import Step, Urn

# https://github.com/pulumi/pulumi/blob/v3.274.1/sdk/go/common/apitype/events.go
_IGNORED_EVENTS = frozenset(
    {
        "cancelEvent",  # the engine also sends it at the end of a successful preview
        "policyAnalyzeStackSummaryEvent",
        "policyAnalyzeSummaryEvent",
        "policyLoadEvent",
        "policyRemediateSummaryEvent",
        "preludeEvent",
        "progressEvent",
        "startDebuggingEvent",
        "stdoutEvent",
    }
)
_ENVELOPE = frozenset({"sequence", "timestamp"})
_NOT_ENFORCED = frozenset({"advisory", "warning", "none", "disabled"})
"""The enforcement levels whose violations do not fail an update."""


@dataclass
class _Collected:
    """What the events so far contain."""

    steps: list[Step] = field(default_factory=list)
    refreshes: dict[Urn, int] = field(default_factory=dict)
    """The index of the step that refreshes each resource."""
    diagnostics: list[Diagnostic] = field(default_factory=list)
    violations: list[PolicyViolation] = field(default_factory=list)
    remediations: list[PolicyRemediation] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    summary: Fields | None = None


def read_events(events: Sequence[Mapping[str, Any]]) -> Preview:
    """Read the events of one preview.

    Raises:
        PreviewError: an event is unknown or not as the engine writes it, or the events contradict
            each other, or are those of an update or of several previews.
    """
    collected, previous = _Collected(), -1
    for event in events:
        sequence = event.get("sequence")
        if not isinstance(sequence, int) or isinstance(sequence, bool) or sequence <= previous:
            raise PreviewError(f"has events that are not in sequence. {USAGE}")
        previous = sequence
        _read_event(event, collected)
    return _to_preview(collected)


def _read_event(event: Mapping[str, Any], collected: _Collected) -> None:
    kinds = event.keys() - _ENVELOPE
    if len(kinds) != 1:
        raise PreviewError(f"has an event of {len(kinds)} kinds. {USAGE}")
    [kind] = kinds
    fields = Fields(kind, Fields("JSON event", event).json_object(kind) or {})
    match kind:
        case "resourcePreEvent":
            _reject_if_summarized(collected)
            step = _read_step(fields)
            if step.operation == "refresh":
                collected.refreshes[step.urn] = len(collected.steps)
            collected.steps.append(step)
        case "resOutputsEvent":
            _read_outputs(_read_step(fields), collected)
        case "resOpFailedEvent":
            collected.failures.append(f"{_read_step(fields).urn.name}: the operation failed.")
        case "errorEvent":
            collected.failures.append(fields.required_text("error"))
        case "diagnosticEvent":
            collected.diagnostics.append(Diagnostic.from_dict(fields.data))
        case "policyEvent":
            collected.violations.append(_read_violation(fields))
        case "policyRemediationEvent":
            collected.remediations.append(
                PolicyRemediation(
                    policy=fields.required_text("policyName"),
                    pack=_pack(fields),
                    resource=_resource(fields),
                )
            )
        case "summaryEvent":
            _reject_if_summarized(collected)
            collected.summary = fields
        case _ if kind not in _IGNORED_EVENTS:
            raise unknown_part("an event of the kind", kind)


def _reject_if_summarized(collected: _Collected) -> None:
    if collected.summary is not None:
        raise PreviewError(f"has steps after the engine's summary. {USAGE}")


def _read_step(fields: Fields) -> Step:
    metadata = fields.json_object("metadata")
    if metadata is None:
        raise PreviewError(f'has a {fields.owner} with no "metadata". {USAGE}')
    return Step.from_event(metadata)


def _read_outputs(result: Step, collected: _Collected) -> None:
    """Replace a refresh by its result, which the engine knows only after it.

    `pulumi refresh --preview-only` reports this way which resources have changed or are gone. In a
    `pulumi preview --refresh` a step of its own follows for the same resource, with a result, too.
    """
    index = collected.refreshes.pop(result.urn, None)
    if index is not None and result.operation in ("update", "delete"):
        collected.steps[index] = result


def _read_violation(fields: Fields) -> PolicyViolation:
    level = fields.required_text("enforcementLevel")
    return PolicyViolation(
        policy=fields.required_text("policyName"),
        pack=_pack(fields),
        message=plain_text(fields.text("message")),
        is_mandatory=level not in _NOT_ENFORCED and not fields.json_objects("exceptions"),
        resource=_resource(fields),
    )


def _pack(fields: Fields) -> str:
    version = fields.text("policyPackVersion")
    return " ".join(filter(None, (fields.required_text("policyPackName"), version)))


def _resource(fields: Fields) -> ResourceRef | None:
    urn = fields.text("resourceUrn")
    return ResourceRef.of(Urn(urn)) if urn else None


def _to_preview(collected: _Collected) -> Preview:
    errors = (*messages(collected.diagnostics, "error"), *collected.failures)
    if collected.summary is None:
        errors = errors or (NO_SUMMARY,)
    else:
        if not collected.summary.flag("isPreview"):
            raise PreviewError(f"has the events of an update, not of a preview. {USAGE}")
        errors = read_result(collected.summary, errors)
        counts = collected.summary.counts("resourceChanges")
        if not errors:
            check_counts(collected.steps, counts or {})
    return Preview(
        tuple(collected.steps),
        errors,
        warning_messages(collected.diagnostics),
        incomplete_components(collected.diagnostics),
        violations=tuple(dict.fromkeys(collected.violations)),
        remediations=tuple(dict.fromkeys(collected.remediations)),
    )
