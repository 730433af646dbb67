"""`parse_preview` parses both forms of a preview and rejects everything else."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubiya_pulumi.preview_report import Preview, PreviewError, build_report, parse_preview
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


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "is empty"),
        (" \n", "is empty"),
        ("Previewing update (dev):", "is not JSON"),
        ("warning: old\n{}", "is not JSON"),
        ('{"steps": [', "is not JSON"),
        ("[]", "is JSON, but not that of a preview"),
        ("7", "is JSON, but not that of a preview"),
        ("{}", "is JSON, but not that of a preview"),
        ('{"outputs": {}}', "is JSON, but not that of a preview"),
        ('{"a": 1}\n{"b": 2}', "is JSON, but not that of a preview"),
        ('{"steps": {}}', 'is JSON, but its "steps" is not that of a preview'),
        ('{"steps": [7]}', 'is JSON, but its "steps" is not that of a preview'),
        ('{"steps": [], "diagnostics": "x"}', 'is JSON, but its "diagnostics" is not'),
        ('{"steps": [{"op": "create"}]}', "has a step without an operation or a resource"),
        ('{"steps": [{"op": "create", "urn": "x"}]}', "has a step without an operation or a"),
        ('{"steps": [{"urn": "urn:pulumi:a::b::c::d"}]}', "has a step without an operation"),
        ("[" * 100_000, "is nested too deeply"),
        (event(0, preludeEvent={}), "is truncated"),
        (
            event(0, preludeEvent={}) + "\n" + event(1, resourcePreEvent={}),
            "has a step without|truncated",
        ),
    ],
)
def test_text_that_is_not_a_preview_is_rejected(text: str, problem: str) -> None:
    with pytest.raises(PreviewError, match=problem):
        parse_preview(text)


def test_a_preview_of_an_empty_stack_has_no_steps() -> None:
    preview = parse_preview('{"config": {}, "duration": 236681}')
    assert preview == Preview(steps=())
    assert preview.stack == ""


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
        event(5, resOutputsEvent={}),
        event(6, summaryEvent={"result": "succeeded"}),
    ]
    assert parse_preview("\n".join(streamed)) == parse_preview(whole)


def test_events_that_end_in_an_error_are_a_failed_preview() -> None:
    diagnostic = {"severity": "error", "prefix": "error: ", "message": "no"}
    assert parse_preview(event(0, diagnosticEvent=diagnostic)).errors == ("no",)


def test_replacement_parts_and_engine_resources_are_not_changes() -> None:
    steps = [
        step("delete-replaced", RUNNER, "a"),
        step("replace", RUNNER, "a"),
        step("create-replacement", RUNNER, "a"),
        step("refresh", RUNNER, "b"),
        step("read", "pulumi:pulumi:StackReference", "c"),
        step("create", "pulumi:pulumi:Stack", "infra-dev"),
        step("create", "pulumi:providers:kubernetes", "d"),
    ]
    changes = build_report(parse_preview(document(*steps))).changes
    assert [step.urn.name for step in changes.replaced] == ["a"]
    for others in (changes.created, changes.updated, changes.deleted, changes.imported):
        assert others == ()


def test_an_unknown_operation_is_an_error() -> None:
    with pytest.raises(
        PreviewError, match=r'a step with the operation "melt".*Upgrade kubiya-pulumi'
    ):
        build_report(parse_preview(document(step("melt", RUNNER, "a"))))


@pytest.mark.parametrize("op", ["create", "update", "replace", "import", "delete", "same"])
def test_a_changed_manifest_is_unknown(op: str) -> None:
    changes = build_report(parse_preview(document(step(op, MANIFEST, "m")))).changes
    assert [name for _, name in changes.unknown] == ([] if op in ("delete", "same") else ["m"])


def test_only_deletes_below_an_unknown_component_are_spurious() -> None:
    group, other = urn(GROUP, "a:b"), urn(GROUP, "c")
    steps = [
        step("delete", f"{GROUP}$a:b:C", "spurious", oldState={"parent": group}),
        step("delete", f"{GROUP}$a:b:C", "gone", oldState={"parent": other}),
        step("delete", "a:b:C", "alone"),
        step("delete", GROUP, "a:b", oldState={"parent": urn("pulumi:pulumi:Stack", "s")}),
    ]
    diagnostics = [{"severity": "warning", "message": INCOMPLETE}]
    changes = build_report(parse_preview(document(*steps, diagnostics=diagnostics))).changes
    assert [step.urn.name for step in changes.spurious_deletes] == ["spurious"]
    assert sorted(step.urn.name for step in changes.deleted) == ["a:b", "alone", "gone"]
    assert changes.unknown == ((GROUP, "a:b"),)
    complete = build_report(parse_preview(document(*steps))).changes
    assert len(complete.deleted) == 4


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
STEPS = st.fixed_dictionaries(
    {"op": st.sampled_from(["create", "update", "delete", "replace", "same"])},
    optional=dict.fromkeys(
        ("oldState", "newState", "detailedDiff", "diffReasons", "replaceReasons"), JSON
    ),
)


CHANGE_OF_OPERATION = {
    "create": "created",
    "update": "updated",
    "delete": "deleted",
    "replace": "replaced",
}


@pytest.mark.slow
@given(steps=st.lists(STEPS, max_size=5), summary=JSON)
def test_a_step_with_any_content_is_reported(steps: list[dict[str, Any]], summary: object) -> None:
    named = [
        {**entry, "urn": urn("kubernetes:a/v1:B", str(number))}
        for number, entry in enumerate(steps)
    ]
    preview = parse_preview(document(*named, changeSummary=summary))
    assert [(parsed.operation, parsed.urn.value) for parsed in preview.steps] == [
        (entry["op"], entry["urn"]) for entry in named
    ]
    for parsed, entry in zip(preview.steps, named, strict=True):
        assert (parsed.old is None) == (not isinstance(entry.get("oldState"), dict))
        assert (parsed.new is None) == (not isinstance(entry.get("newState"), dict))
    changes = build_report(preview).changes
    for operation, change in CHANGE_OF_OPERATION.items():
        assert [changed.urn.value for changed in getattr(changes, change)] == [
            entry["urn"] for entry in named if entry["op"] == operation
        ]
