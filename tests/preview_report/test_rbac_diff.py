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


def labeled(name: str, *to: str, verbs: str = "create") -> dict[str, Any]:
    """Return a ClusterRole that default ClusterRoles aggregate."""
    body = role(name, rules=[rule(verbs, "nodes/proxy")])
    labels = {f"rbac.authorization.k8s.io/aggregate-to-{default}": "true" for default in to}
    return {**body, "metadata": {**body["metadata"], "labels": labels}}


def defaults(*steps: dict[str, Any], **more: Any) -> tuple[list[str], list[str]]:
    """Return the roles whose subjects gain and lose permissions in the whole cluster."""
    rbac = build_report(parse_preview(document(*steps, **more))).rbac
    return (
        [r.grant.role for r in rbac.gained if r.grant.namespace is None],
        [r.grant.role for r in rbac.lost if r.grant.namespace is None],
    )


ALL_DEFAULTS = ["ClusterRole/admin", "ClusterRole/edit", "ClusterRole/view"]
DECOY = binding("decoy", namespace="app", role_kind="ClusterRole", role_name="a")


@pytest.mark.parametrize("bindings", [[], [object_step("same", DECOY)]], ids=["unbound", "bound"])
@pytest.mark.parametrize("unlisted", [0, 3])
def test_a_label_by_which_default_roles_aggregate_a_role(
    bindings: list[dict[str, Any]], unlisted: int
) -> None:
    plain, to_view = labeled("a"), labeled("a", "view")
    gained = object_step("update", plain, to_view)
    assert defaults(gained, *bindings, unlisted=unlisted) == (ALL_DEFAULTS, [])
    lost = object_step("update", to_view, plain)
    assert defaults(lost, *bindings, unlisted=unlisted) == ([], ALL_DEFAULTS)
    # The default roles aggregate each other: admin has the rules of edit.
    moved = object_step("update", labeled("a", "edit"), to_view)
    assert defaults(moved, *bindings, unlisted=unlisted) == (["ClusterRole/view"], [])
    relabeled = object_step("update", labeled("a", "view"), labeled("a", "view", "admin"))
    assert defaults(relabeled, *bindings, unlisted=unlisted) == ([], [])


def test_a_role_that_default_roles_aggregate_is_granted_beyond_its_bindings() -> None:
    to_edit = labeled("a", "edit")
    created = [object_step("create", to_edit), object_step("create", DECOY)]
    assert defaults(*created) == (ALL_DEFAULTS[:2], [])
    deleted = [object_step("delete", to_edit), object_step("delete", DECOY)]
    assert defaults(*deleted) == ([], ALL_DEFAULTS[:2])
    rules = object_step("update", to_edit, labeled("a", "edit", verbs="get"))
    assert defaults(rules, object_step("same", DECOY)) == (ALL_DEFAULTS[:2], ALL_DEFAULTS[:2])
    assert defaults(object_step("same", to_edit)) == ([], [])


def test_a_rule_that_a_default_role_already_has_is_not_gained_by_its_subjects() -> None:
    view = {**labeled("a", "view"), "rules": [rule("get list", "pods")]}
    created = [object_step("create", view), object_step("create", DECOY)]
    assert defaults(*created) == ([], [])
    assert changes(*created)[0] == [(WHO, "get list", "pods")]


def test_a_default_role_of_the_stack_is_granted_beyond_its_bindings() -> None:
    basic = role("system:basic-user", rules=[rule("get", "secrets")])
    decoy = binding(
        "decoy", namespace="app", role_kind="ClusterRole", role_name=basic["metadata"]["name"]
    )
    gained, _ = defaults(object_step("create", basic), object_step("create", decoy))
    assert set(gained) == {"ClusterRole/system:basic-user"}


def test_a_label_by_which_a_role_of_the_stack_aggregates_another_one() -> None:
    selector = {"matchLabels": {"rbac.authorization.k8s.io/aggregate-to-ours": "true"}}
    ours = {**role("ours", rules=[]), "aggregationRule": {"clusterRoleSelectors": [selector]}}
    label = object_step("update", labeled("a"), labeled("a", "ours"))
    assert defaults(label, object_step("same", ours)) == (["ClusterRole/ours"], [])
    bound = object_step("same", binding(role_name="ours"))
    assert changes(label, object_step("same", ours), bound) == (
        [(WHO, "create", "nodes/proxy")],
        [],
    )


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
