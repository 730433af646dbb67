"""A preview with any one part removed or replaced is rejected, or reported on as a whole."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kubiya_pulumi.cli.preview_markdown import render
from kubiya_pulumi.preview_report import (
    GateCondition,
    PreviewError,
    PreviewReport,
    build_report,
    parse_preview,
)
from tests.preview_report.preview_builders import (
    binding,
    deployment,
    document,
    object_step,
    role,
    rule,
    state,
    step,
)

pytestmark = pytest.mark.slow

MANIFEST = "pulumi-python:dynamic/kubiya:RunnerManifest"
PREVIEWS = Path(__file__).parent / "previews"
REMOVED = object()
ODD_VALUES = (
    REMOVED,
    None,
    True,
    7,
    "odd",
    [],
    {},
    [7],
    {"odd": 7},
    "04da6b54-80e4-46f7-96ec-b56ff0331ba9",
    "[secret]",
)
Path_ = tuple[str | int, ...]

DOCUMENT = json.loads(
    document(
        step("update", MANIFEST, "m", oldState=state({}), newState=state({})),
        object_step("update", deployment("d", "i:1"), deployment("d", "i:2")),
        object_step("update", role(rules=[]), role(rules=[rule("get", "secrets")])),
        object_step("same", binding()),
        step("delete", "a:b:C", "x", oldState=state({})),
        config={},
        diagnostics=[{"severity": "warning", "message": "warning: careful"}],
    )
)


def paths_in(value: Any, path: Path_ = ()) -> Iterator[Path_]:
    entries: Any = ()
    if isinstance(value, dict):
        entries = value.items()
    elif isinstance(value, list):
        entries = enumerate(value)
    for key, entry in entries:
        yield (*path, key)
        yield from paths_in(entry, (*path, key))


def mutated(value: Any, path: Path_, odd: Any) -> Any:
    value = copy.deepcopy(value)
    parent = value
    for key in path[:-1]:
        parent = parent[key]
    if odd is REMOVED:
        del parent[path[-1]]
    else:
        parent[path[-1]] = odd
    return value


def report_on(text: str) -> PreviewReport | None:
    """Return the report; None if the text is rejected."""
    try:
        report = build_report(parse_preview(text))
    except PreviewError:
        return None
    assert render(report, "").startswith("<!--")
    return report


def test_the_whole_document_meets_every_condition_but_replace() -> None:
    report = report_on(json.dumps(DOCUMENT))
    assert report is not None
    assert report.conditions == {
        GateCondition.DELETE,
        GateCondition.RBAC,
        GateCondition.UNREVIEWED,
    }


@pytest.mark.parametrize("path", list(paths_in(DOCUMENT)), ids=str)
def test_a_mutated_document_is_rejected_or_reported(path: Path_) -> None:
    for odd in ODD_VALUES:
        report = report_on(json.dumps(mutated(DOCUMENT, path, odd)))
        if report is None:
            continue
        changes = report.changes
        names = {step.urn.name for step in (*changes.applied, *changes.deleted)}
        assert {"x", "m"} <= names
        assert len(names) == 4
        assert "Nothing to do" not in render(report, "")
        assert GateCondition.DELETE in report.conditions
        assert GateCondition.UNREVIEWED in report.conditions
        assert is_reported(report, path, odd), odd


def is_reported(report: PreviewReport, path: Path_, odd: Any) -> bool:
    """Return whether the new permission of the role is reported, or why it is not known."""
    others = [entry for entry in report.unreviewed if entry.resource.name != "m"]
    if GateCondition.RBAC in report.conditions or others:
        return True
    # The mutation leaves a role without rules, or a binding without subjects.
    return bool({"rules", "subjects"} & set(path)) and odd in (REMOVED, None, [])


REAL_STREAM = [
    json.loads(line)
    for line in (PREVIEWS / "mandatory-policy-violation.jsonl").read_text().splitlines()
]


@pytest.mark.parametrize("number", range(len(REAL_STREAM)))
def test_a_mutated_stream_never_succeeds(number: int) -> None:
    for path in paths_in(REAL_STREAM[number]):
        for odd in ODD_VALUES:
            events = list(REAL_STREAM)
            events[number] = mutated(events[number], path, odd)
            report = report_on("\n".join(map(json.dumps, events)))
            assert report is None or report.preview.has_failed


@pytest.mark.parametrize("number", range(len(REAL_STREAM)))
def test_a_stream_without_one_of_its_events_never_succeeds(number: int) -> None:
    events = REAL_STREAM[:number] + REAL_STREAM[number + 1 :]
    report = report_on("\n".join(map(json.dumps, events)))
    assert report is None or report.preview.has_failed


@pytest.mark.parametrize("file", sorted(PREVIEWS.glob("*.json*")), ids=lambda file: str(file.name))
def test_a_truncated_preview_never_succeeds(file: Path) -> None:
    text = file.read_text().rstrip()
    for length in range(0, len(text), max(1, len(text) // 200)):
        report = report_on(text[:length])
        assert report is None or report.preview.has_failed
