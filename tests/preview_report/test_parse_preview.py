"""`parse_preview` parses both forms of a preview and rejects everything else."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kubiya_pulumi.preview_report import PreviewError, build_report, parse_preview
from tests.preview_report.preview_builders import GROUP, document, step, urn

MANIFEST = "pulumi-python:dynamic/kubiya:RunnerManifest"
RUNNER = "pulumi-python:dynamic/kubiya:Runner"
INCOMPLETE = (
    f"warning: {GROUP}:a:b -- Required input properties have unknown values. "
    "Preview is incomplete.\n"
)


def event(sequence: int, **content: Any) -> str:
    return json.dumps({"sequence": sequence, "timestamp": 1, **content})


def planned(op: str, type_: str, name: str, **more: Any) -> dict[str, Any]:
    metadata = {"op": op, "urn": urn(type_, name), **more}
    return {"resourcePreEvent": {"metadata": metadata, "planning": True}}


STEP = {"op": "create", "urn": urn("a:b:C", "x")}
SUMMARY = {"isPreview": True, "resourceChanges": {}, "result": "succeeded"}


def digest(**fields: Any) -> str:
    return json.dumps({"duration": 1, **fields})


def summary(**fields: Any) -> str:
    return json.dumps({"result": "succeeded", "duration": 1, **fields})


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "is empty"),
        (" \n", "is empty"),
        ("Previewing update (dev):", "contains no JSON object"),
        ("[]", "contains no JSON object"),
        ("7", "contains no JSON object"),
        ('{"steps": [', "is not complete JSON"),
        ('{"duration": NaN}', "is not complete JSON"),
        ("{}", "is JSON, but not that of a preview"),
        ('{"outputs": {}}', "is JSON, but not that of a preview"),
        ('{"config": {}, "changeSummary": {}}', "is JSON, but not that of a preview"),
        ('{"a": 1}\n{"b": 2}', "contains more than one JSON document"),
        (digest() + digest(), "contains more than one JSON document"),
        (digest() + "\nerror: preview failed", "contains text after its JSON"),
        (digest() + "\n[]", "is JSON, but not that of a preview"),
        (digest(steps=[STEP])[:-1] + ', "steps": []}', "has a key twice"),
        ('{"a":' * 100_000, "is nested too deeply"),
        ('{"steps":' + "[" * 200 + "]" * 200 + "}", "is nested too deeply"),
        (digest(steps={}), 'has a preview with an unexpected "steps"'),
        (digest(steps=[7]), 'has a preview with an unexpected "steps"'),
        (digest(diagnostics="x"), 'has a preview with an unexpected "diagnostics"'),
        (digest(diagnostics=[{"message": "x"}]), 'has a diagnostic with no "severity"'),
        (digest(diagnostics=[{"severity": "fatal"}]), 'has a diagnostic with the severity "fatal"'),
        (digest(changeSummary=[]), 'has a preview with an unexpected "changeSummary"'),
        (digest(changeSummary={"same": -1}), 'has a preview with an unexpected "changeSummary"'),
        (digest(changeSummary={"same": True}), "has a preview with an unexpected"),
        (digest(duration="1"), 'has an unexpected "duration"'),
        (digest(duration=None), 'has an unexpected "duration"'),
        (digest(permalink="x"), 'has a field "permalink", which this version of kubiya-pulumi'),
        (digest(steps=[{"op": "create"}]), 'has a step with no "urn"'),
        (digest(steps=[{**STEP, "urn": "x"}]), "has a step whose urn is not that of a resource"),
        (digest(steps=[{**STEP, "urn": "urn:pulumi:a::b::c"}]), "whose urn is not that of a"),
        (digest(steps=[{"urn": STEP["urn"]}]), 'has a step with no "op"'),
        (digest(steps=[{**STEP, "newState": []}]), 'has a step with an unexpected "newState"'),
        (digest(steps=[{**STEP, "oldState": 7}]), 'has a step with an unexpected "oldState"'),
        (digest(steps=[{**STEP, "diffReasons": "a"}]), "has a step with an unexpected"),
        (digest(steps=[{**STEP, "replaceReasons": [7]}]), "has a step with an unexpected"),
        (digest(steps=[{**STEP, "detailedDiff": ["a"]}]), "has a step with an unexpected"),
        (
            digest(steps=[{**STEP, "newState": {"inputs": []}}]),
            'has a state with an unexpected "inputs"',
        ),
        (
            digest(steps=[{**STEP, "newState": {"retainOnDelete": "yes"}}]),
            'has a state with an unexpected "retainOnDelete"',
        ),
        (digest(steps=[STEP], changeSummary={}), "lists the operation create 1 times, but"),
        (digest(changeSummary={"delete": 2}), "lists the operation delete 0 times, but its"),
        (digest(steps=None, changeSummary={"create": 1}), "summary counts 1"),
        (summary(result="unsure"), 'has the result "unsure"'),
        (summary(result=None), 'has a preview with no "result"'),
        (summary(steps=[]), 'has a field "steps"'),
        (summary(resources={}), 'has a preview with an unexpected "resources"'),
        (summary(resources=[{"op": "create"}]), 'has a resource with no "urn"'),
        (summary(resources=[STEP]), "summary counts 0"),
        (summary(summary={"delete": 2}), "summary counts 2"),
        ('{"duration": 1, "summary": {}, "resources": []}', 'has a field "resources"'),
    ],
)
def test_text_that_is_not_a_preview_is_rejected(text: str, problem: str) -> None:
    with pytest.raises(PreviewError, match=problem):
        parse_preview(text)


@pytest.mark.parametrize(
    ("events", "problem"),
    [
        ([event(0, summaryEvent=SUMMARY), "done"], "contains text after its JSON"),
        ([event(0, summaryEvent=SUMMARY), '{"sequence":'], "contains text after its JSON"),
        ([event(1, preludeEvent={}), event(1, summaryEvent=SUMMARY)], "are not in sequence"),
        ([event(1, preludeEvent={}), event(0, summaryEvent=SUMMARY)], "are not in sequence"),
        ([event(0, preludeEvent={}), digest()], "are not in sequence"),
        ([event(0)], "has an event of 0 kinds"),
        ([event(0, preludeEvent={}, summaryEvent=SUMMARY)], "has an event of 2 kinds"),
        ([event(0, preludeEvent=[])], 'has a JSON event with an unexpected "preludeEvent"'),
        ([event(0, meltEvent={})], 'has an event of the kind "meltEvent"'),
        ([event(0, resourcePreEvent={})], 'has a resourcePreEvent with no "metadata"'),
        ([event(0, resourcePreEvent={"metadata": {}})], 'has a step with no "op"'),
        (
            [event(0, summaryEvent=SUMMARY), event(1, **planned("create", "a:b:C", "x"))],
            "has steps after the engine's summary",
        ),
        (
            [event(0, summaryEvent=SUMMARY), event(1, summaryEvent=SUMMARY)],
            "has steps after the engine's summary",
        ),
        (
            [event(0, **planned("create", "a:b:C", "x")), event(1, summaryEvent=SUMMARY)],
            "summary counts 0",
        ),
        (
            [event(0, summaryEvent={**SUMMARY, "resourceChanges": {"delete": 1}})],
            "summary counts 1",
        ),
        ([event(0, summaryEvent={**SUMMARY, "isPreview": False})], "of an update, not of a"),
        ([event(0, summaryEvent={"isPreview": True})], 'has a summaryEvent with no "result"'),
        ([event(0, policyEvent={"policyName": "a"})], 'has a policyEvent with no "enforcement'),
    ],
)
def test_events_that_are_not_those_of_one_preview_are_rejected(
    events: list[str], problem: str
) -> None:
    with pytest.raises(PreviewError, match=problem):
        parse_preview("\n".join(events))


def test_a_preview_of_an_empty_stack_has_no_steps() -> None:
    preview = parse_preview('{"config": {}, "duration": 236681}')
    assert (preview.steps, preview.errors, preview.stack) == ((), (), "")


@pytest.mark.parametrize(
    "text_before",
    ["", "Installing policy pack house-rules 1.0.0...\nFinished {}\n\n", "warning: [old]\r\n  "],
)
def test_text_before_the_json_is_skipped(text_before: str) -> None:
    assert len(parse_preview(text_before + document(STEP)).steps) == 1
    streamed = event(0, diagnosticEvent={"severity": "error", "message": "no"})
    assert parse_preview(text_before + streamed).errors == ("no",)


@pytest.mark.parametrize(
    "text",
    [
        '{"steps": [], "config": {}}',
        document(STEP, duration=0),
        event(0, preludeEvent={}),
        event(0, **planned("create", "a:b:C", "x")) + "\n" + event(1, cancelEvent={}),
        summary(duration=0),
    ],
)
def test_a_preview_without_the_summary_of_the_engine_has_failed(text: str) -> None:
    assert "ends without the engine's summary" in parse_preview(text).errors[0]


@pytest.mark.parametrize("result", ["failed", "canceled"])
def test_a_result_other_than_success_is_a_failure(result: str) -> None:
    streamed = parse_preview(event(0, summaryEvent={**SUMMARY, "result": result}))
    for preview in (streamed, parse_preview(summary(result=result))):
        assert preview.errors == (f"The engine's result: {result}.",)


def test_the_summary_of_a_preview_has_resources_without_properties() -> None:
    deleted = {"op": "delete", "urn": urn("a:b:C", "x"), "parent": urn("a:b:P", "p")}
    preview = parse_preview(summary(resources=[deleted], summary={"delete": 1, "same": 3}))
    [only] = preview.steps
    assert (only.operation, only.urn.name, only.parent.name) == ("delete", "x", "p")
    assert (only.old, only.new, preview.unchanged_listed) == (None, None, False)


def test_an_event_log_lists_default_providers_that_the_summary_does_not_count() -> None:
    provider = planned("create", "pulumi:providers:kubernetes", "default_4_34_2")
    counted = planned("create", "a:b:C", "x")
    result = {**SUMMARY, "resourceChanges": {"create": 1}}
    events = [event(0, **provider), event(1, **counted), event(2, summaryEvent=result)]
    assert len(parse_preview("\n".join(events)).steps) == 2


def test_the_result_of_a_refresh_replaces_the_refresh() -> None:
    outputs = planned("delete", "a:b:C", "x")["resourcePreEvent"]
    events = [
        event(0, **planned("refresh", "a:b:C", "x")),
        event(1, resOutputsEvent=outputs),
        event(2, summaryEvent={**SUMMARY, "resourceChanges": {"delete": 1}}),
    ]
    changes = build_report(parse_preview("\n".join(events))).changes
    assert [step.urn.name for step in changes.deleted] == ["x"]


@pytest.mark.parametrize("op", ["update", "delete"])
def test_a_step_after_a_refresh_of_its_resource_is_one_change(op: str) -> None:
    events = [
        event(0, **planned("refresh", "a:b:C", "x")),
        event(1, resOutputsEvent=planned("refresh", "a:b:C", "x")["resourcePreEvent"]),
        event(2, **planned(op, "a:b:C", "x")),
        event(3, resOutputsEvent=planned(op, "a:b:C", "x")["resourcePreEvent"]),
        event(4, summaryEvent={**SUMMARY, "resourceChanges": {op: 1}}),
    ]
    steps = parse_preview("\n".join(events)).steps
    assert [step.operation for step in steps] == ["refresh", op]


def test_a_urn_with_parents_and_a_name_with_colons() -> None:
    preview = parse_preview(document(step("create", "a:b:Parent$a:b/c:D", "x::y:z")))
    [planned_step] = preview.steps
    assert (planned_step.urn.type, planned_step.urn.name, preview.stack) == (
        "a:b/c:D",
        "x::y:z",
        "infra/dev",
    )


def test_messages_have_neither_duplicates_nor_colors() -> None:
    diagnostics = [
        {"severity": "warning", "message": "warning: <{%fg 3%}>careful<{%reset%}>\n"},
        {"severity": "warning", "message": "\x1b[33mwarning: careful\x1b[0m"},
        {"severity": "info", "message": "hello"},
        {"severity": "error", "message": "error: no"},
    ]
    preview = parse_preview(document(diagnostics=diagnostics))
    assert (preview.warnings, preview.errors) == (("careful",), ("no",))


def test_events_and_a_document_result_in_the_same_preview() -> None:
    old, new = {"inputs": {"a": 1}}, {"inputs": {"a": 2}}
    diff = {"a": {"kind": "update"}}
    whole = document(
        step("update", "a:b:C", "x", oldState=old, newState=new, detailedDiff=diff),
        step("replace", "a:b:C", "y", diffReasons=["a"], replaceReasons=["a"]),
        diagnostics=[{"severity": "warning", "message": INCOMPLETE}],
    )
    diagnostic = {"severity": "warning", "prefix": "warning: ", "message": INCOMPLETE[9:]}
    streamed = [
        event(0, preludeEvent={}),
        event(1, diagnosticEvent={"severity": "debug", "message": "registering"}),
        event(2, **planned("update", "a:b:C", "x", old=old, new=new, detailedDiff=diff)),
        event(3, **planned("replace", "a:b:C", "y", diffs=["a"], keys=["a"])),
        event(4, diagnosticEvent=diagnostic),
        event(
            5,
            resOutputsEvent=planned("update", "a:b:C", "x")["resourcePreEvent"],
        ),
        event(6, summaryEvent={**SUMMARY, "resourceChanges": {"update": 1, "replace": 1}}),
    ]
    assert parse_preview("\n".join(streamed)) == parse_preview(whole)


def test_events_that_end_in_an_error_are_a_failed_preview() -> None:
    diagnostic = {"severity": "error", "prefix": "error: ", "message": "no"}
    assert parse_preview(event(0, diagnosticEvent=diagnostic)).errors == ("no",)


def test_an_unknown_operation_is_an_error() -> None:
    with pytest.raises(
        PreviewError, match=r'a step with the operation "melt".*Upgrade kubiya-pulumi'
    ):
        build_report(parse_preview(document(step("melt", RUNNER, "a"))))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@pytest.mark.slow
@settings(deadline=None)  # The machine may be busy with other work.
@given(inputs=st.dictionaries(st.text(), JSON), op=st.sampled_from(["create", "update", "delete"]))
def test_a_resource_with_any_properties_is_reported(inputs: dict[str, Any], op: str) -> None:
    states = {"oldState": {"inputs": inputs}, "newState": {"inputs": inputs}}
    report = build_report(parse_preview(document(step(op, "kubernetes:a/v1:B", "x", **states))))
    [changed] = getattr(report.changes, f"{op.removesuffix('e')}ed")
    assert changed.urn.name == "x"
    # Without a name it is not an object that can be reviewed.
    metadata = inputs.get("metadata")
    if op != "delete" and not isinstance(metadata, dict):
        assert [unreviewed.resource.name for unreviewed in report.unreviewed] == ["x"]
