"""What the table of access gains and loses."""

from __future__ import annotations

from typing import Any

import pytest

from kubiya_pulumi.preview_report import Access, Condition, PreviewError, read_preview, report_on
from tests.preview_report.preview_builders import binding, document, of, role, rule

Rows = list[tuple[str, str, str]]

WHO = "ServiceAccount kubiya-system/tool-manager"


def rows(found: tuple[Access, ...]) -> Rows:
    return [
        (str(r.grant.subject).strip(), " ".join(r.grant.verbs), " ".join(r.grant.resources))
        for r in found
    ]


def changes(*steps: dict[str, Any], **more: Any) -> tuple[Rows, Rows]:
    access = report_on(read_preview(document(*steps, **more))).access
    return rows(access.gained), rows(access.lost)


@pytest.mark.parametrize(
    ("before", "after", "gained", "lost"),
    [
        ("get list", "get list", [], []),
        ("get list", "list get", [], []),
        ("get list", "get list watch", [(WHO, "watch", "pods")], []),
        ("get list", "get", [], [(WHO, "list", "pods")]),
        ("get list", "get create", [(WHO, "create", "pods")], [(WHO, "list", "pods")]),
        ("get list", "*", [(WHO, "*", "pods")], []),
        ("*", "get", [], [(WHO, "*", "pods")]),
    ],
)
def test_only_the_verbs_that_differ_are_told(
    before: str, after: str, gained: Rows, lost: Rows
) -> None:
    update = of("update", role(rules=[rule(before, "pods")]), role(rules=[rule(after, "pods")]))
    assert changes(update, of("same", binding())) == (gained, lost)


def test_only_the_resources_that_differ_are_told() -> None:
    old, new = rule("get", "pods services"), rule("get", "pods secrets configmaps")
    update = of("update", role(rules=[old]), role(rules=[new]))
    assert changes(update, of("same", binding())) == (
        [(WHO, "get", "secrets configmaps")],
        [(WHO, "get", "services")],
    )


def test_rules_that_are_split_or_joined_change_nothing() -> None:
    old = [rule("get", "pods services"), rule("list", "pods")]
    new = [rule("get list", "pods"), rule("get", "services")]
    update = of("update", role(rules=old), role(rules=new))
    assert changes(update, of("same", binding())) == ([], [])


EVERYTHING = {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}
PODS = rule("get", "pods")
URL = {"verbs": ["get"], "nonResourceURLs": ["/logs/*"]}


@pytest.mark.parametrize(
    ("wide", "narrow", "told"),
    [
        (EVERYTHING, rule("delete", "deployments", "apps"), (WHO, "*", "*")),
        (EVERYTHING, rule("*", "pods"), (WHO, "*", "*")),
        (EVERYTHING, rule("create", "pods/exec"), (WHO, "*", "*")),
        (rule("get", "*/scale"), rule("get", "deployments/scale"), (WHO, "get", "*/scale")),
        (rule("get", "pods *"), PODS, (WHO, "get", "*")),
        ({**PODS, "apiGroups": ["", "apps"]}, PODS, (WHO, "get", "pods")),
        ({**PODS, "apiGroups": ["*"]}, PODS, (WHO, "get", "pods")),
        (PODS, {**PODS, "resourceNames": ["one"]}, (WHO, "get", "pods")),
        ({**PODS, "resourceNames": ["one", "two"]}, {**PODS, "resourceNames": ["two"]},
         (WHO, "get", "pods")),
        (URL, {**URL, "nonResourceURLs": ["/logs/a"]}, (WHO, "get", "")),
        ({**URL, "nonResourceURLs": ["*"]}, URL, (WHO, "get", "")),
    ],
)  # fmt: skip
def test_what_was_allowed_already_is_no_gain_and_what_still_is_no_loss(
    wide: dict[str, Any], narrow: dict[str, Any], told: tuple[str, str, str]
) -> None:
    bound = of("same", binding())
    narrowed = of("update", role(rules=[wide]), role(rules=[narrow]))
    widened = of("update", role(rules=[narrow]), role(rules=[wide]))
    added = of("update", role(rules=[wide]), role(rules=[wide, narrow]))
    assert changes(narrowed, bound) == ([], [told])
    assert changes(widened, bound) == ([told], [])
    assert changes(added, bound) == ([], [])


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (PODS, {**PODS, "apiGroups": ["other"]}),
        ({**PODS, "resourceNames": ["one"]}, {**PODS, "resourceNames": ["other"]}),
        # No name is not any name.
        ({**PODS, "resourceNames": [""]}, {**PODS, "resourceNames": ["one"]}),
        (rule("get", "pods"), rule("get", "pods/log")),
        (rule("get", "pods/*"), rule("get", "pods/log")),
        (rule("get", "*/log"), rule("get", "pods")),
        (rule("get", "pods"), rule("list", "pods")),
        (URL, {**URL, "nonResourceURLs": ["/logs"]}),
        (URL, {**URL, "nonResourceURLs": ["/log/*"]}),
        (URL, PODS),
    ],
)
def test_another_scope_is_another_right(before: dict[str, Any], after: dict[str, Any]) -> None:
    update = of("update", role(rules=[before]), role(rules=[after]))
    gained, lost = changes(update, of("same", binding()))
    assert [row[1] for row in gained] == after["verbs"]
    assert [row[1] for row in lost] == before["verbs"]


def test_what_differs_is_told_in_few_rows() -> None:
    old = [rule("get list", "pods"), rule("get", "pods services", "apps")]
    new = {"verbs": ["get", "list"], "apiGroups": ["", "apps"], "resources": ["pods", "services"]}
    update = of("update", role(rules=old), role(rules=[new]))
    access = report_on(read_preview(document(update, of("same", binding())))).access
    assert [(r.grant.verbs, r.grant.api_groups, r.grant.resources) for r in access.gained] == [
        (("list",), ("apps",), ("pods",)),
        (("get", "list"), ("",), ("services",)),
        (("list",), ("apps",), ("services",)),
    ]
    assert access.lost == ()


def test_the_name_of_a_binding_makes_no_difference() -> None:
    same = of("same", role(rules=[rule("get", "pods")]))
    assert changes(same, of("delete", binding("old")), of("create", binding("new"))) == ([], [])


def test_the_whole_cluster_has_all_namespaces_and_none_has_another() -> None:
    same = of("same", role(rules=[rule("get", "pods")]))
    here = binding(namespace="kubiya-system", role_kind="ClusterRole")
    there = binding(namespace="default", role_kind="ClusterRole")
    row = [(WHO, "get", "pods")]
    assert changes(same, of("delete", binding()), of("create", here)) == ([], row)
    assert changes(same, of("create", binding()), of("delete", here)) == (row, [])
    assert changes(same, of("same", binding()), of("create", here)) == ([], [])
    assert changes(same, of("create", there), of("delete", here)) == (row, row)


def test_a_binding_to_a_role_of_kubernetes() -> None:
    bound = of("create", binding(role_name="cluster-admin"))
    gained, lost = changes(bound)
    assert (WHO, "*", "*") in gained
    assert lost == []


def test_a_binding_to_a_role_that_is_not_listed() -> None:
    created = of("create", binding(role_name="elsewhere"))
    assert changes(created) == ([(WHO, "", "")], [])
    other = of("update", binding(role_name="elsewhere"), binding(role_name="other"))
    assert changes(other) == ([(WHO, "", "")], [(WHO, "", "")])
    assert changes(of("same", binding(role_name="elsewhere"))) == ([], [])


def test_a_role_whose_bindings_are_not_listed() -> None:
    update = of("update", role(rules=[]), role(rules=[rule("get", "secrets")]))
    assert changes(update, changeSummary={"same": 3}) == ([("", "get", "secrets")], [])
    # A binding that is new is not all of them: others may be among what is not listed.
    gained, _ = changes(update, of("create", binding()), changeSummary={"same": 3})
    assert gained == [("", "get", "secrets"), (WHO, "get", "secrets")]
    gained, _ = changes(update, of("same", binding()), changeSummary={"same": 1})
    assert gained == [(WHO, "get", "secrets")]


@pytest.mark.parametrize("name", ["staging", "default-eu"])
def test_objects_of_one_name_in_two_clusters_are_two(name: str) -> None:
    there = f"urn:pulumi:dev::infra::pulumi:providers:kubernetes::{name}"
    here = [of("same", role(rules=[rule("get", "pods")])), of("same", binding())]
    other = [
        of("same", role(rules=[rule("get", "secrets")]), cluster=there),
        of("create", binding(), cluster=there),
    ]
    report = report_on(read_preview(document(*here, *other)))
    [row] = report.access.gained
    assert (row.cluster.name, row.grant.resources) == (name, ("secrets",))


def test_another_version_of_the_default_provider_is_the_same_cluster() -> None:
    update = of("update", binding(), binding())
    update["newState"]["provider"] = update["newState"]["provider"].replace("4_34_2", "4_35_0")
    assert changes(of("same", role(rules=[rule("get", "pods")])), update) == ([], [])


@pytest.mark.parametrize("rubbish", [None, 7, "x", [], {"a": 1}, [7, None, {"verbs": 7}], [[]]])
@pytest.mark.parametrize("key", ["rules", "roleRef", "subjects", "metadata", "kind", "apiVersion"])
def test_objects_may_hold_anything(key: str, rubbish: object) -> None:
    bodies = [role(rules=[rule("get", "pods")]), binding()]
    steps = [of("create", body) for body in bodies]
    for each in steps:
        each["newState"]["inputs"][key] = rubbish
    assert changes(*steps)[1] == []


def test_the_conditions() -> None:
    granted = [of("create", role(rules=[rule("get", "pods")])), of("create", binding())]
    deleted = of("delete", role(rules=[rule("get", "pods")]))
    for steps, found in (
        ([], set()),
        (granted, {Condition.RBAC}),
        ([deleted], {Condition.RBAC, Condition.DELETE}),
    ):
        assert report_on(read_preview(document(*steps))).conditions == found


def test_more_single_rights_than_can_be_compared_is_an_error() -> None:
    many = " ".join(f"x{number}" for number in range(1_001))
    update = of("update", role(rules=[PODS]), role(rules=[rule(many, many)]))
    with pytest.raises(PreviewError, match="so its RBAC cannot be compared"):
        report_on(read_preview(document(update, of("same", binding()))))


def test_thousands_of_rules_of_one_subject() -> None:
    old = [rule("get", f"r{number}") for number in range(5_000)]
    new = [rule("list get", f"r{number}") for number in range(5_000)]
    gained, lost = changes(of("update", role(rules=old), role(rules=new)), of("same", binding()))
    assert {row[1] for row in gained} == {"list"}
    assert (len(gained), lost) == (5_000, [])


def test_more_rights_than_can_be_compared_is_an_error() -> None:
    rules = [rule(f"verb{number}", "pods") for number in range(60_000)]
    steps = [of("create", role(rules=rules)), *(of("create", binding(f"b{n}")) for n in range(20))]
    with pytest.raises(PreviewError, match="so its RBAC cannot be compared"):
        report_on(read_preview(document(*steps)))
