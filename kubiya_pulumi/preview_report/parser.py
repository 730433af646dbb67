"""Reading what `pulumi preview --json` prints.

That is one JSON document or, where `PULUMI_ENABLE_STREAMING_JSON_PREVIEW` is set, the engine's
events, one on each line. Both are read into the same `Preview`.
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
from kubiya_pulumi.review.kubernetes.coerce import inside, mapping

UNKNOWN = "[unknown]"
"""Stands in a `Preview` for a value that is known only after the update."""

_UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""What stands for it in the engine's JSON."""

_SHOULD = "Give what `pulumi preview --json` printed on its standard output, and nothing else."
_COLOURS = re.compile(r"<\{%.*?%\}>|\x1b\[[0-9;]*[A-Za-z]")


class PreviewError(KubiyaError):
    """The text is not what `pulumi preview --json` prints.

    The message is the end of a sentence that begins with the name of the text ("the file x …").
    """


@dataclass(frozen=True)
class Preview:
    """What the engine would do, and what it had to say."""

    steps: tuple[Step, ...]
    errors: tuple[str, ...] = ()
    """What ended the preview early: it failed if there is any."""
    warnings: tuple[str, ...] = ()
    """What the engine, the program and the providers warned of, each once."""
    unchanged_listed: bool = True
    """Whether resources that stay as they are have steps, too (`--show-sames`)."""

    @property
    def stack(self) -> str:
        """Project and stack, as in `infra/dev`; empty where there is no step to tell them."""
        return self.steps[0].urn.stack if self.steps else ""


def read_preview(text: str) -> Preview:
    """Read the JSON of a preview, in either form. Unknown values become `UNKNOWN`.

    Raises:
        PreviewError: the text is empty, no JSON, JSON of something else, or cut off.
    """
    if not text.strip():
        raise PreviewError(f"is empty. {_SHOULD}")
    text = text.replace(_UNKNOWN, UNKNOWN)
    try:
        document = json.loads(text)
    except RecursionError:
        raise PreviewError(f"is nested too deep to be read. {_SHOULD}") from None
    except ValueError:
        return _from_events(_lines(text))
    if isinstance(document, Mapping) and "sequence" in document:
        return _from_events([document])
    return _from_document(document)


def _from_document(document: object) -> Preview:
    if not isinstance(document, Mapping) or not ({"steps", "duration"} & set(document)):
        raise PreviewError(f"is JSON, but not that of a preview. {_SHOULD}")
    steps = tuple(Step.from_dict(each) for each in _objects(document, "steps"))
    diagnostics = _objects(document, "diagnostics")
    same = inside(document, "changeSummary", "same")
    listed = Counter(step.operation for step in steps)["same"]
    return Preview(
        _sound(steps),
        _messages(diagnostics, "error"),
        _messages(diagnostics, "warning"),
        unchanged_listed=not isinstance(same, int) or listed >= same,
    )


def _from_events(events: Iterable[Mapping[str, Any]]) -> Preview:
    steps, diagnostics, ended = [], [], False
    for event in events:
        if isinstance(planned := event.get("resourcePreEvent"), Mapping):
            steps.append(Step.from_event(mapping(planned.get("metadata"))))
        if isinstance(said := event.get("diagnosticEvent"), Mapping):
            text = f"{said.get('prefix') or ''}{said.get('message') or ''}"
            diagnostics.append({"severity": said.get("severity"), "message": text})
        ended = ended or "summaryEvent" in event or "cancelEvent" in event
    errors = _messages(diagnostics, "error")
    if not ended and not errors:
        raise PreviewError(f"is cut off: the last event is missing. {_SHOULD}")
    return Preview(_sound(tuple(steps)), errors, _messages(diagnostics, "warning"))


def _lines(text: str) -> Iterable[Mapping[str, Any]]:
    for line in filter(str.strip, text.splitlines()):
        try:
            event = json.loads(line)
        except (ValueError, RecursionError):
            raise PreviewError(f"is not JSON. {_SHOULD}") from None
        if not isinstance(event, Mapping) or "sequence" not in event:
            raise PreviewError(f"is JSON, but not that of a preview. {_SHOULD}")
        yield event


def _objects(document: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    found = document.get(key)
    if found is None:
        return []
    if not isinstance(found, list) or not all(isinstance(each, Mapping) for each in found):
        raise PreviewError(f'is JSON, but its "{key}" is not that of a preview. {_SHOULD}')
    return found


def _sound(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    if not all(step.operation and step.urn.value.startswith("urn:pulumi:") for step in steps):
        raise PreviewError(f"has a step without an operation or a resource. {_SHOULD}")
    return steps


def _messages(diagnostics: Iterable[Mapping[str, Any]], severity: str) -> tuple[str, ...]:
    """Each message of that severity once, without colours and the word for its severity."""
    texts = (
        _COLOURS.sub("", str(each.get("message") or "")).strip().removeprefix(f"{severity}: ")
        for each in diagnostics
        if each.get("severity") == severity
    )
    return tuple(dict.fromkeys(text for text in texts if text))
