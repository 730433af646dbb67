"""The permissions that an update grants and revokes, according to its preview."""

from __future__ import annotations

from typing import Any

import pytest

from kubiya_pulumi.preview_report import (
    ClusterGrant,
    GateCondition,
    PreviewError,
    build_report,
    parse_preview,
)
from tests.preview_report.preview_builders import binding, document, object_step, role, rule

Rows = list[tuple[str, str, str]]

WHO = "ServiceAccount kubiya-system/tool-manager"


def rows(grants: tuple[ClusterGrant, ...]) -> Rows:
    return [
        (str(r.grant.subject).strip(), " ".join(r.grant.verbs), " ".join(r.grant.resources))
        for r in grants
    ]


def changes(*steps: dict[str, Any], **more: Any) -> tuple[Rows, Rows]:
    rbac = build_report(parse_preview(document(*steps, **more))).rbac
    return rows(rbac.gained), rows(rbac.lost)


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
def test_only_the_verbs_that_differ_are_reported(
    before: str, after: str, gained: Rows, lost: Rows
) -> None:
    update = object_step(
        "update", role(rules=[rule(before, "pods")]), role(rules=[rule(after, "pods")])
    )
    assert changes(update, object_step("same", binding())) == (gained, lost)


def test_only_the_resources_that_differ_are_reported() -> None:
    old, new = rule("get", "pods services"), rule("get", "pods secrets configmaps")
    update = object_step("update", role(rules=[old]), role(rules=[new]))
    assert changes(update, object_step("same", binding())) == (
        [(WHO, "get", "secrets configmaps")],
        [(WHO, "get", "services")],
    )


def test_splitting_or_merging_rules_is_not_a_change() -> None:
    old = [rule("get", "pods services"), rule("list", "pods")]
    new = [rule("get list", "pods"), rule("get", "services")]
    update = object_step("update", role(rules=old), role(rules=new))
    assert changes(update, object_step("same", binding())) == ([], [])


EVERYTHING = {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}
PODS = rule("get", "pods")
URL = {"verbs": ["get"], "nonResourceURLs": ["/logs/*"]}


@pytest.mark.parametrize(
    ("wide", "narrow", "expected"),
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
def test_a_permission_that_another_rule_covers_is_neither_gained_nor_lost(
    wide: dict[str, Any], narrow: dict[str, Any], expected: tuple[str, str, str]
) -> None:
    bound = object_step("same", binding())
    narrowed = object_step("update", role(rules=[wide]), role(rules=[narrow]))
    widened = object_step("update", role(rules=[narrow]), role(rules=[wide]))
    added = object_step("update", role(rules=[wide]), role(rules=[wide, narrow]))
    assert changes(narrowed, bound) == ([], [expected])
    assert changes(widened, bound) == ([expected], [])
    assert changes(added, bound) == ([], [])


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (PODS, {**PODS, "apiGroups": ["other"]}),
        ({**PODS, "resourceNames": ["one"]}, {**PODS, "resourceNames": ["other"]}),
        # The empty name is not a wildcard.
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
def test_rules_with_different_scopes_are_different_permissions(
    before: dict[str, Any], after: dict[str, Any]
) -> None:
    update = object_step("update", role(rules=[before]), role(rules=[after]))
    gained, lost = changes(update, object_step("same", binding()))
    assert [row[1] for row in gained] == after["verbs"]
    assert [row[1] for row in lost] == before["verbs"]


def test_the_difference_is_grouped_into_few_rows() -> None:
    old = [rule("get list", "pods"), rule("get", "pods services", "apps")]
    new = {"verbs": ["get", "list"], "apiGroups": ["", "apps"], "resources": ["pods", "services"]}
    update = object_step("update", role(rules=old), role(rules=[new]))
    rbac = build_report(parse_preview(document(update, object_step("same", binding())))).rbac
    assert [(r.grant.verbs, r.grant.api_groups, r.grant.resources) for r in rbac.gained] == [
        (("list",), ("apps",), ("pods",)),
        (("get", "list"), ("",), ("services",)),
        (("list",), ("apps",), ("services",)),
    ]
    assert rbac.lost == ()


def test_renaming_a_binding_is_not_a_change() -> None:
    same = object_step("same", role(rules=[rule("get", "pods")]))
    assert changes(
        same, object_step("delete", binding("old")), object_step("create", binding("new"))
    ) == ([], [])


def test_a_permission_in_the_whole_cluster_covers_each_namespace() -> None:
    same = object_step("same", role(rules=[rule("get", "pods")]))
    here = binding(namespace="kubiya-system", role_kind="ClusterRole")
    there = binding(namespace="default", role_kind="ClusterRole")
    row = [(WHO, "get", "pods")]
    assert changes(same, object_step("delete", binding()), object_step("create", here)) == ([], row)
    assert changes(same, object_step("create", binding()), object_step("delete", here)) == (row, [])
    assert changes(same, object_step("same", binding()), object_step("create", here)) == ([], [])
    assert changes(same, object_step("create", there), object_step("delete", here)) == (row, row)


def test_a_binding_to_a_default_cluster_role() -> None:
    bound = object_step("create", binding(role_name="cluster-admin"))
    gained, lost = changes(bound)
    assert (WHO, "*", "*") in gained
    assert lost == []


def test_a_binding_to_a_system_role_grants_the_rules_of_kubernetes() -> None:
    name = "system:controller:clusterrole-aggregation-controller"
    rules = [(WHO, "escalate get list patch update watch", "clusterroles")]
    assert changes(object_step("create", binding(role_name=name))) == (rules, [])
    assert changes(object_step("delete", binding(role_name=name))) == ([], rules)
    less = object_step("update", binding(role_name="cluster-admin"), binding(role_name=name))
    assert changes(less)[0] == []


def test_what_an_unlisted_role_may_allow_covers_nothing() -> None:
    unlisted = object_step("same", binding("other", role_name="system:an-add-on"))
    listed = object_step("create", role(rules=[rule("get", "secrets")]))
    created = object_step("create", binding())
    assert changes(unlisted, listed, created) == ([(WHO, "get", "secrets")], [])
    everything = object_step("same", binding("all", role_name="cluster-admin"))
    added = object_step("create", binding("other", role_name="system:an-add-on"))
    [row] = build_report(parse_preview(document(everything, added))).rbac.gained
    assert (row.grant.rules_unknown, row.grant.role) == (True, "ClusterRole/system:an-add-on")


def test_a_binding_to_an_unlisted_role() -> None:
    created = object_step("create", binding(role_name="elsewhere"))
    assert changes(created) == ([(WHO, "", "")], [])
    other = object_step("update", binding(role_name="elsewhere"), binding(role_name="other"))
    assert changes(other) == ([(WHO, "", "")], [(WHO, "", "")])
    assert changes(object_step("same", binding(role_name="elsewhere"))) == ([], [])


def test_a_role_with_unlisted_bindings() -> None:
    update = object_step("update", role(rules=[]), role(rules=[rule("get", "secrets")]))
    assert changes(update, unlisted=3) == ([("", "get", "secrets")], [])
    # The preview lists only the new binding. The role may have other, unchanged ones.
    gained, _ = changes(update, object_step("create", binding()), unlisted=3)
    assert gained == [("", "get", "secrets"), (WHO, "get", "secrets")]
    gained, _ = changes(update, object_step("same", binding()))
    assert gained == [(WHO, "get", "secrets")]


@pytest.mark.parametrize("name", ["staging", "default-eu"])
def test_clusters_are_compared_separately(name: str) -> None:
    there = f"urn:pulumi:dev::infra::pulumi:providers:kubernetes::{name}"
    here = [object_step("same", role(rules=[rule("get", "pods")])), object_step("same", binding())]
    other = [
        object_step("same", role(rules=[rule("get", "secrets")]), cluster=there),
        object_step("create", binding(), cluster=there),
    ]
    report = build_report(parse_preview(document(*here, *other)))
    [row] = report.rbac.gained
    assert (row.cluster.name, row.grant.resources) == (name, ("secrets",))


def test_an_upgraded_default_provider_is_the_same_cluster() -> None:
    update = object_step("update", binding(), binding())
    update["newState"]["provider"] = update["newState"]["provider"].replace("4_34_2", "4_35_0")
    assert changes(object_step("same", role(rules=[rule("get", "pods")])), update) == ([], [])


@pytest.mark.parametrize("value", [None, 7, "x", [], {"a": 1}, [7, None, {"verbs": 7}], [[]]])
@pytest.mark.parametrize("key", ["rules", "roleRef", "subjects", "metadata", "kind", "apiVersion"])
def test_objects_with_malformed_fields(key: str, value: object) -> None:
    bodies = [role(rules=[rule("get", "pods")]), binding()]
    steps = [object_step("create", body) for body in bodies]
    for created in steps:
        created["newState"]["inputs"][key] = value
    assert changes(*steps)[1] == []


def test_the_gate_conditions() -> None:
    granted = [
        object_step("create", role(rules=[rule("get", "pods")])),
        object_step("create", binding()),
    ]
    deleted = object_step("delete", role(rules=[rule("get", "pods")]))
    for steps, conditions in (
        ([], set()),
        (granted, {GateCondition.RBAC}),
        ([deleted], {GateCondition.RBAC, GateCondition.DELETE}),
    ):
        assert build_report(parse_preview(document(*steps))).conditions == conditions


def test_too_many_single_permissions_are_an_error() -> None:
    many = " ".join(f"x{number}" for number in range(1_001))
    update = object_step("update", role(rules=[PODS]), role(rules=[rule(many, many)]))
    with pytest.raises(PreviewError, match="so its RBAC cannot be compared"):
        build_report(parse_preview(document(update, object_step("same", binding()))))


@pytest.mark.slow
def test_thousands_of_rules_for_one_subject() -> None:
    old = [rule("get", f"r{number}") for number in range(5_000)]
    new = [rule("list get", f"r{number}") for number in range(5_000)]
    gained, lost = changes(
        object_step("update", role(rules=old), role(rules=new)), object_step("same", binding())
    )
    assert {row[1] for row in gained} == {"list"}
    assert (len(gained), lost) == (5_000, [])


@pytest.mark.slow
def test_too_many_grants_are_an_error() -> None:
    rules = [rule(f"verb{number}", "pods") for number in range(60_000)]
    steps = [
        object_step("create", role(rules=rules)),
        *(object_step("create", binding(f"b{n}")) for n in range(20)),
    ]
    with pytest.raises(PreviewError, match="so its RBAC cannot be compared"):
        build_report(parse_preview(document(*steps)))
