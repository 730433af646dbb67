"""Reading both forms of a preview, and refusing what is neither."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubiya_pulumi.preview_report import Preview, PreviewError, read_preview, report_on
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
        ("[" * 100_000, "is nested too deep"),
        (event(0, preludeEvent={}), "is cut off"),
        (
            event(0, preludeEvent={}) + "\n" + event(1, resourcePreEvent={}),
            "has a step without|cut",
        ),
    ],
)
def test_what_is_no_preview(text: str, problem: str) -> None:
    with pytest.raises(PreviewError, match=problem):
        read_preview(text)


def test_a_preview_of_an_empty_stack_has_no_steps() -> None:
    preview = read_preview('{"config": {}, "duration": 236681}')
    assert preview == Preview(steps=())
    assert preview.stack == ""


def test_names_and_types_may_have_colons_and_parents() -> None:
    preview = read_preview(document(step("create", "a:b:Parent$a:b/c:D", "x::y:z")))
    [found] = preview.steps
    assert (found.urn.type, found.urn.name, preview.stack) == ("a:b/c:D", "x::y:z", "infra/dev")


def test_messages_are_told_once_and_without_colours() -> None:
    said = [
        {"severity": "warning", "message": "warning: <{%fg 3%}>careful<{%reset%}>\n"},
        {"severity": "warning", "message": "\x1b[33mwarning: careful\x1b[0m"},
        {"severity": "info", "message": "hello"},
        {"severity": "error", "message": "error: no"},
    ]
    preview = read_preview(document(diagnostics=said))
    assert (preview.warnings, preview.errors) == (("careful",), ("no",))


def test_events_are_read_as_the_document_is() -> None:
    old, new = {"inputs": {"a": 1}}, {"inputs": {"a": 2}}
    diff = {"a": {"kind": "update"}}
    whole = document(
        step("update", "a:b:C", "x", oldState=old, newState=new, detailedDiff=diff),
        step("replace", "a:b:C", "y", diffReasons=["a"], replaceReasons=["a"]),
        diagnostics=[{"severity": "warning", "message": INCOMPLETE}],
    )
    said = {"severity": "warning", "prefix": "warning: ", "message": INCOMPLETE[9:]}
    streamed = [
        event(0, preludeEvent={}),
        event(1, diagnosticEvent={"severity": "debug", "message": "registering"}),
        event(2, **planned("update", "a:b:C", "x", old=old, new=new, detailedDiff=diff)),
        event(3, **planned("replace", "a:b:C", "y", diffs=["a"], keys=["a"])),
        event(4, diagnosticEvent=said),
        event(5, resOutputsEvent={}),
        event(6, summaryEvent={"result": "succeeded"}),
    ]
    assert read_preview("\n".join(streamed)) == read_preview(whole)


def test_a_stream_that_ends_in_an_error_is_a_failed_preview() -> None:
    said = {"severity": "error", "prefix": "error: ", "message": "no"}
    assert read_preview(event(0, diagnosticEvent=said)).errors == ("no",)


def test_parts_of_a_replacement_and_the_engine_itself_are_no_changes() -> None:
    steps = [
        step("delete-replaced", RUNNER, "a"),
        step("replace", RUNNER, "a"),
        step("create-replacement", RUNNER, "a"),
        step("refresh", RUNNER, "b"),
        step("read", "pulumi:pulumi:StackReference", "c"),
        step("create", "pulumi:pulumi:Stack", "infra-dev"),
        step("create", "pulumi:providers:kubernetes", "d"),
    ]
    changes = report_on(read_preview(document(*steps))).changes
    assert [each.urn.name for each in changes.replaced] == ["a"]
    for others in (changes.created, changes.updated, changes.deleted, changes.imported):
        assert others == ()


def test_an_operation_of_a_newer_engine_is_an_error() -> None:
    with pytest.raises(PreviewError, match=r'a step of the kind "melt".*upgrade it'):
        report_on(read_preview(document(step("melt", RUNNER, "a"))))


@pytest.mark.parametrize("op", ["create", "update", "replace", "import", "delete", "same"])
def test_a_manifest_that_the_update_brings_is_not_known(op: str) -> None:
    changes = report_on(read_preview(document(step(op, MANIFEST, "m")))).changes
    assert [name for _, name in changes.unknown] == ([] if op in ("delete", "same") else ["m"])


def test_only_children_of_a_component_that_is_not_known_are_kept() -> None:
    group, other = urn(GROUP, "a:b"), urn(GROUP, "c")
    steps = [
        step("delete", f"{GROUP}$a:b:C", "kept", oldState={"parent": group}),
        step("delete", f"{GROUP}$a:b:C", "gone", oldState={"parent": other}),
        step("delete", "a:b:C", "alone"),
        step("delete", GROUP, "a:b", oldState={"parent": urn("pulumi:pulumi:Stack", "s")}),
    ]
    said = [{"severity": "warning", "message": INCOMPLETE}]
    changes = report_on(read_preview(document(*steps, diagnostics=said))).changes
    assert [each.urn.name for each in changes.not_deleted] == ["kept"]
    assert sorted(each.urn.name for each in changes.deleted) == ["a:b", "alone", "gone"]
    assert changes.unknown == ((GROUP, "a:b"),)
    complete = report_on(read_preview(document(*steps))).changes
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


@given(steps=st.lists(STEPS, max_size=5), summary=JSON)
def test_whatever_is_in_a_step_is_read(steps: list[dict[str, Any]], summary: object) -> None:
    named = [{**each, "urn": urn("kubernetes:a/v1:B", str(n))} for n, each in enumerate(steps)]
    report_on(read_preview(document(*named, changeSummary=summary)))
