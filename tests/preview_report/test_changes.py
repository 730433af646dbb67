"""Each operation of the engine has a defined change, and no object disappears unnoticed."""

from __future__ import annotations

from typing import Any

import pytest

from kubiya_pulumi.preview_report import (
    Changes,
    GateCondition,
    PreviewError,
    PreviewReport,
    build_report,
    parse_preview,
)
from tests.preview_report.preview_builders import (
    GROUP,
    binding,
    document,
    object_step,
    role,
    rule,
    state,
    step,
    urn,
)

TYPE = "a:b:C"
FIELDS = ("replaced", "deleted", "kept", "forgotten", "updated", "created", "imported")


def report_on(*steps: dict[str, Any], **more: Any) -> PreviewReport:
    return build_report(parse_preview(document(*steps, **more)))


def names(changes: Changes) -> dict[str, list[str]]:
    found = {field: [step.urn.name for step in getattr(changes, field)] for field in FIELDS}
    return {field: steps for field, steps in found.items() if steps}


@pytest.mark.parametrize(
    ("operation", "change"),
    [
        ("create", "created"),
        ("update", "updated"),
        ("replace", "replaced"),
        ("delete", "deleted"),
        ("import", "imported"),
        ("discard", "kept"),
        ("remove-pending-replace", "forgotten"),
        ("same", None),
        ("read", None),
        ("refresh", None),
        ("diff", None),
        ("extend-parameterize", None),
        # Without a replace step these complete an earlier, interrupted replacement.
        ("create-replacement", "created"),
        ("import-replacement", "replaced"),
        ("delete-replaced", "deleted"),
        ("discard-replaced", "kept"),
        ("read-replacement", None),
    ],
)
def test_the_change_of_each_operation(operation: str, change: str | None) -> None:
    assert names(report_on(step(operation, TYPE, "x")).changes) == (
        {change: ["x"]} if change else {}
    )


def test_an_unknown_operation_is_an_error() -> None:
    with pytest.raises(
        PreviewError, match=r'a step with the operation "melt".*Upgrade kubiya-pulumi'
    ):
        report_on(step("melt", TYPE, "x"))


@pytest.mark.parametrize(
    "part",
    [
        "create-replacement",
        "import-replacement",
        "delete-replaced",
        "discard-replaced",
        "read-replacement",
    ],
)
def test_the_parts_of_a_replacement_are_no_further_changes(part: str) -> None:
    changes = report_on(step(part, TYPE, "x"), step("replace", TYPE, "x")).changes
    assert names(changes) == {"replaced": ["x"]}


def test_the_stack_and_the_providers_are_not_changes() -> None:
    steps = [
        step("create", "pulumi:pulumi:Stack", "infra-dev"),
        step("delete", "pulumi:providers:kubernetes", "d"),
        step("update", "pulumi:providers:aws", "e"),
    ]
    assert names(report_on(*steps).changes) == {}


@pytest.mark.parametrize("package", ["kubernetes", "aws"])
def test_a_replaced_provider_is_a_replacement(package: str) -> None:
    type_ = f"pulumi:providers:{package}"
    steps = [step(op, type_, "p") for op in ("create-replacement", "replace", "delete-replaced")]
    report = report_on(*steps)
    assert names(report.changes) == {"replaced": ["p"]}
    assert GateCondition.REPLACE in report.conditions


@pytest.mark.parametrize("operation", ["delete", "delete-replaced"])
def test_a_retained_resource_is_kept_in_place(operation: str) -> None:
    retained = step(operation, TYPE, "x", oldState=state({}, retainOnDelete=True))
    report = report_on(retained)
    assert names(report.changes) == {"kept": ["x"]}
    assert report.conditions == frozenset()
    released = step(operation, TYPE, "x", oldState=state({}, retainOnDelete=False))
    assert report_on(released).conditions == {GateCondition.DELETE}


def test_a_resource_that_is_deleted_with_another_one_is_deleted() -> None:
    deleted = step("delete", TYPE, "x", oldState=state({}, deletedWith=urn(TYPE, "y")))
    assert names(report_on(deleted).changes) == {"deleted": ["x"]}


def test_a_retained_binding_keeps_its_permissions() -> None:
    steps = [object_step("same", role(rules=[rule("get", "pods")]))]
    removed = object_step("delete", binding())
    assert len(report_on(*steps, removed).rbac.lost) == 1
    removed["oldState"]["retainOnDelete"] = True
    report = report_on(*steps, removed)
    assert (report.rbac.lost, report.conditions) == ((), frozenset())


INCOMPLETE = {
    "severity": "warning",
    "message": f"warning: {GROUP}:a:b -- Required input properties have unknown values. "
    "Preview is incomplete.\n",
}
CHART = "kubernetes:helm.sh/v4:Chart"
CHART_INCOMPLETE = {
    "severity": "warning",
    "urn": urn(CHART, "a:b"),
    "message": "warning: Input properties have unknown values. Preview is incomplete.",
}


@pytest.mark.parametrize(
    ("type_", "warning"), [(GROUP, INCOMPLETE), (CHART, CHART_INCOMPLETE)], ids=["yaml", "helm"]
)
def test_only_deletes_below_an_unknown_component_are_spurious(
    type_: str, warning: dict[str, Any]
) -> None:
    component, other = urn(type_, "a:b"), urn(type_, "c")
    steps = [
        step("delete", f"{type_}${TYPE}", "spurious", oldState={"parent": component}),
        step(
            "delete",
            f"{type_}${TYPE}",
            "spurious-too",
            oldState={"parent": component, "retainOnDelete": True},
        ),
        step("delete", f"{type_}${TYPE}", "gone", oldState={"parent": other}),
        step("delete", TYPE, "alone"),
    ]
    report = report_on(*steps, diagnostics=[warning])
    assert [step.urn.name for step in report.changes.spurious_deletes] == [
        "spurious",
        "spurious-too",
    ]
    assert names(report.changes) == {"deleted": ["alone", "gone"]}
    assert (type_, "a:b") in [entry.resource for entry in report.unreviewed]
    assert report.preview.warnings == ()
    assert names(report_on(*steps).changes) == {
        "deleted": ["alone", "gone", "spurious"],
        "kept": ["spurious-too"],
    }


@pytest.mark.parametrize("type_", ["pulumi:pulumi:Stack", "acme:app:Platform", TYPE])
@pytest.mark.parametrize("has_urn", [False, True])
def test_a_warning_about_another_resource_hides_no_delete(type_: str, *, has_urn: bool) -> None:
    text = "Required input properties have unknown values"
    warning = {"severity": "warning", "message": f"{type_}:infra-dev -- {text}"}
    if has_urn:
        warning = {"severity": "warning", "urn": urn(type_, "infra-dev"), "message": text}
    deleted = step("delete", TYPE, "x", oldState={"parent": urn(type_, "infra-dev")})
    report = report_on(deleted, diagnostics=[warning])
    assert names(report.changes) == {"deleted": ["x"]}
    assert report.changes.spurious_deletes == ()
    assert report.conditions == {GateCondition.DELETE, GateCondition.UNREVIEWED}
