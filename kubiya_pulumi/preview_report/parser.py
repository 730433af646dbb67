"""Parse the output of `pulumi preview --json`.

The engine prints one JSON document. If `PULUMI_ENABLE_STREAMING_JSON_PREVIEW` is set, it prints
one event on each line. Both forms result in the same `Preview`.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from kubiya_pulumi.errors import KubiyaError
from kubiya_pulumi.preview_report.plan import Step
from kubiya_pulumi.review.kubernetes.coerce import as_mapping, get_path

UNKNOWN = "[unknown]"
"""Replaces, in a `Preview`, a value that is unknown until the update."""

_ENGINE_UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""The engine's placeholder for such a value."""

_USAGE = "Pass the standard output of `pulumi preview --json`, and nothing else."
_COLORS = re.compile(r"<\{%.*?%\}>|\x1b\[[0-9;]*[A-Za-z]")


class PreviewError(KubiyaError):
    """The text is not the output of `pulumi preview --json`, or cannot be reported on.

    The message completes a sentence that begins with the source of the text ("the file x …").
    """


@dataclass(frozen=True)
class Preview:
    """The steps that the engine plans, and its diagnostics."""

    steps: tuple[Step, ...]
    errors: tuple[str, ...] = ()
    """The errors that ended the preview. Empty if the preview succeeded."""
    warnings: tuple[str, ...] = ()
    """The warnings of the engine, the program and the providers, without duplicates."""
    unchanged_listed: bool = True
    """Whether `steps` includes unchanged resources (`--show-sames`)."""

    @property
    def stack(self) -> str:
        """The project and the stack, such as `infra/dev`. Empty if the preview has no step."""
        return self.steps[0].urn.stack if self.steps else ""


def parse_preview(text: str) -> Preview:
    """Parse the JSON of a preview, in either form, and replace unknown values by `UNKNOWN`.

    Raises:
        PreviewError: the text is empty, truncated, not JSON, or JSON of another program.
    """
    if not text.strip():
        raise PreviewError(f"is empty. {_USAGE}")
    text = text.replace(_ENGINE_UNKNOWN, UNKNOWN)
    try:
        document = json.loads(text)
    except RecursionError:
        raise PreviewError(f"is nested too deeply. {_USAGE}") from None
    except ValueError:
        return _from_events(_parse_lines(text))
    if isinstance(document, Mapping) and "sequence" in document:
        return _from_events([document])
    return _from_document(document)


def _from_document(document: object) -> Preview:
    if not isinstance(document, Mapping) or not ({"steps", "duration"} & set(document)):
        raise PreviewError(f"is JSON, but not that of a preview. {_USAGE}")
    steps = tuple(Step.from_dict(entry) for entry in _objects(document, "steps"))
    diagnostics = _objects(document, "diagnostics")
    same_count = get_path(document, "changeSummary", "same")
    same_listed = Counter(step.operation for step in steps)["same"]
    return Preview(
        _validated(steps),
        _messages(diagnostics, "error"),
        _messages(diagnostics, "warning"),
        unchanged_listed=not isinstance(same_count, int) or same_listed >= same_count,
    )


def _from_events(events: Iterable[Mapping[str, Any]]) -> Preview:
    steps, diagnostics, ended = [], [], False
    for event in events:
        if isinstance(planned := event.get("resourcePreEvent"), Mapping):
            steps.append(Step.from_event(as_mapping(planned.get("metadata"))))
        if isinstance(diagnostic := event.get("diagnosticEvent"), Mapping):
            message = f"{diagnostic.get('prefix') or ''}{diagnostic.get('message') or ''}"
            diagnostics.append({"severity": diagnostic.get("severity"), "message": message})
        ended = ended or "summaryEvent" in event or "cancelEvent" in event
    errors = _messages(diagnostics, "error")
    if not ended and not errors:
        raise PreviewError(f"is truncated: the last event is missing. {_USAGE}")
    return Preview(_validated(tuple(steps)), errors, _messages(diagnostics, "warning"))


def _parse_lines(text: str) -> Iterable[Mapping[str, Any]]:
    for line in filter(str.strip, text.splitlines()):
        try:
            event = json.loads(line)
        except (ValueError, RecursionError):
            raise PreviewError(f"is not JSON. {_USAGE}") from None
        if not isinstance(event, Mapping) or "sequence" not in event:
            raise PreviewError(f"is JSON, but not that of a preview. {_USAGE}")
        yield event


def _objects(document: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    entries = document.get(key)
    if entries is None:
        return []
    if not isinstance(entries, list) or not all(isinstance(entry, Mapping) for entry in entries):
        raise PreviewError(f'is JSON, but its "{key}" is not that of a preview. {_USAGE}')
    return entries


def _validated(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    if not all(step.operation and step.urn.value.startswith("urn:pulumi:") for step in steps):
        raise PreviewError(f"has a step without an operation or a resource. {_USAGE}")
    return steps


def _messages(diagnostics: Iterable[Mapping[str, Any]], severity: str) -> tuple[str, ...]:
    """Return the distinct messages of a severity, without colors and the severity's prefix."""
    messages = (
        _COLORS.sub("", str(entry.get("message") or "")).strip().removeprefix(f"{severity}: ")
        for entry in diagnostics
        if entry.get("severity") == severity
    )
    return tuple(dict.fromkeys(message for message in messages if message))
