"""What a preview does not show is reported as not reviewed, by resource and property."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from kubiya_pulumi.preview_report import (
    GateCondition,
    PreviewReport,
    Reason,
    build_report,
    parse_preview,
)
from tests.preview_report.preview_builders import (
    GROUP,
    RBAC,
    binding,
    deployment,
    document,
    object_step,
    role,
    rule,
    state,
    step,
    urn,
)

PREVIEWS = Path(__file__).parent / "previews"
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
MANIFEST = "pulumi-python:dynamic/kubiya:RunnerManifest"
SECRET = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": ""}
PODS = rule("get", "pods")
Entry = tuple[str, str, tuple[str, ...]]


def report_on(*steps: dict[str, Any], **more: Any) -> PreviewReport:
    return build_report(parse_preview(document(*steps, **more)))


def unreviewed(report: PreviewReport) -> list[Entry]:
    """Return the name, the reason and the paths of all that was not reviewed."""
    assert (GateCondition.UNREVIEWED in report.conditions) == bool(report.unreviewed)
    return [(entry.resource.name, entry.reason, entry.paths) for entry in report.unreviewed]


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("unknown-rules", [("app", Reason.UNKNOWN, ("rules",))]),
        ("unknown-subjects", [("app", Reason.UNKNOWN, ("subjects",))]),
        ("secret-rules", [("app", Reason.SECRET, ("rules",))]),
        ("helm-release", [("operator", Reason.RELEASE, ())]),
        (
            "unknown-image",
            [("d", Reason.UNKNOWN, ("spec.template.spec.containers[0].image",))],
        ),
        ("unknown-spec", [("d", Reason.UNKNOWN, ("spec",))]),
        ("unknown-metadata", [("app", Reason.UNKNOWN, ("metadata",))]),
        ("retain-on-delete", []),
        ("output-json-summary", []),
    ],
)
def test_previews_with_hidden_parts(file: str, expected: list[Entry]) -> None:
    report = build_report(parse_preview((PREVIEWS / f"{file}.json").read_text()))
    assert unreviewed(report) == expected


def hide(value: Any, path: str, hidden: Any) -> Any:
    """Return a copy of a value with the part at a path replaced."""
    if not path:
        return hidden
    key, _, rest = path.partition("/")
    if isinstance(value, list):
        copy = list(value)
        copy[int(key)] = hide(copy[int(key)], rest, hidden)
        return copy
    return {**value, key: hide(value.get(key), rest, hidden)}


AGGREGATED = {
    **role("aggregated", rules=[]),
    "aggregationRule": {"clusterRoleSelectors": [{"matchLabels": {"a": "b"}}]},
}
LABELED = hide(role("labeled", rules=[PODS]), "metadata/labels", {"a.io/to-edit": "true"})
BOUND = binding("bound", namespace="ns", role_name="reader")
POD = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "p", "namespace": "ns"},
    "spec": {"containers": [{"name": "c", "image": "i", "env": [{"name": "A", "value": "a"}]}]},
}
CRON_JOB = {
    "apiVersion": "batch/v1",
    "kind": "CronJob",
    "metadata": {"name": "j", "namespace": "ns"},
    "spec": {"schedule": "@daily", "jobTemplate": {"spec": {"template": {"spec": POD["spec"]}}}},
}
ROLLOUT = {
    "apiVersion": "argoproj.io/v1alpha1",
    "kind": "Rollout",
    "metadata": {"name": "r", "namespace": "ns"},
    "spec": {"workload": {"replicas": 1}},
}
CONFIG_MAP = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {"name": "m", "namespace": "ns", "labels": {}},
    "data": {"a": "b"},
}


@pytest.mark.parametrize("hidden", [UNKNOWN, "[unknown]", "[secret]", SECRET], ids=repr)
@pytest.mark.parametrize(
    ("body", "path", "text"),
    [
        (AGGREGATED, "aggregationRule", "aggregationRule"),
        (
            AGGREGATED,
            "aggregationRule/clusterRoleSelectors/0/matchLabels/a",
            "aggregationRule.clusterRoleSelectors[0].matchLabels.a",
        ),
        (LABELED, "metadata/labels", "metadata.labels"),
        (LABELED, "metadata/labels/a.io~to-edit", 'metadata.labels["a.io/to-edit"]'),
        (LABELED, "rules/0", "rules[0]"),
        (LABELED, "rules/0/verbs/0", "rules[0].verbs[0]"),
        (LABELED, "rules/0/resourceNames", "rules[0].resourceNames"),
        (BOUND, "roleRef", "roleRef"),
        (BOUND, "roleRef/name", "roleRef.name"),
        (BOUND, "subjects/0/namespace", "subjects[0].namespace"),
        (BOUND, "metadata/namespace", "metadata.namespace"),
        (BOUND, "metadata/name", "metadata.name"),
        (BOUND, "kind", "kind"),
        (BOUND, "apiVersion", "apiVersion"),
        (POD, "spec", "spec"),
        (POD, "spec/containers", "spec.containers"),
        (POD, "spec/containers/0", "spec.containers[0]"),
        (POD, "spec/containers/0/env/0/value", "spec.containers[0].env[0].value"),
        (POD, "spec/hostNetwork", "spec.hostNetwork"),
        (CRON_JOB, "spec/jobTemplate", "spec.jobTemplate"),
        (
            CRON_JOB,
            "spec/jobTemplate/spec/template/spec/serviceAccountName",
            "spec.jobTemplate.spec.template.spec.serviceAccountName",
        ),
        (ROLLOUT, "spec/workload", "spec.workload"),
        (ROLLOUT, "spec/workload/replicas", "spec.workload.replicas"),
        (CONFIG_MAP, "metadata", "metadata"),
        (CONFIG_MAP, "metadata/namespace", "metadata.namespace"),
    ],
)
def test_hidden_parts_at_any_depth(body: dict[str, Any], path: str, text: str, hidden: Any) -> None:
    created = object_step("create", body)
    inputs = created["newState"]["inputs"]
    created["newState"]["inputs"] = (
        hide(inputs, "metadata/labels", {"a.io/to-edit": hidden})
        if "~" in path
        else hide(inputs, path, hidden)
    )
    is_secret = hidden not in (UNKNOWN, "[unknown]")
    reason = Reason.SECRET if is_secret else Reason.UNKNOWN
    [(_, found, paths)] = unreviewed(report_on(created))
    assert (found, paths) == (reason, (text,))


@pytest.mark.parametrize(
    ("body", "path"),
    [
        (CONFIG_MAP, "data"),
        (CONFIG_MAP, "data/a"),
        (CONFIG_MAP, "metadata/labels"),
        (CRON_JOB, "spec/schedule"),
        (BOUND, "metadata/labels"),
        (BOUND, "metadata/annotations"),
        (POD, "metadata/annotations"),
    ],
)
def test_hidden_parts_without_effect_on_the_report(body: dict[str, Any], path: str) -> None:
    assert unreviewed(report_on(object_step("create", hide(body, path, UNKNOWN)))) == []


def test_what_is_known_of_a_role_is_reviewed() -> None:
    old = role(rules=[rule("get", "pods"), rule("list", "nodes")])
    new = role(rules=[rule("get", "pods"), rule("*", "secrets"), UNKNOWN])
    report = report_on(object_step("update", old, new), object_step("same", binding()))
    assert [grant.grant.resources for grant in report.rbac.gained] == [("secrets",)]
    # The rule on nodes may be the unknown one.
    assert report.rbac.lost == ()
    assert unreviewed(report) == [("objects:reader", Reason.UNKNOWN, ("rules[2]",))]


def test_the_permissions_of_unknown_subjects_are_reviewed() -> None:
    steps = [
        object_step("same", role(rules=[rule("*", "secrets")])),
        object_step("create", hide(binding(), "subjects", UNKNOWN)),
    ]
    report = report_on(*steps)
    [gained] = report.rbac.gained
    assert gained.grant.resources == ("secrets",)
    assert "[unknown]" in str(gained.grant.subject)


def test_an_unknown_role_allows_all_that_it_allows() -> None:
    report = report_on(object_step("create", hide(binding(), "roleRef/name", UNKNOWN)))
    [gained] = report.rbac.gained
    assert (gained.grant.verbs, gained.grant.role) == ((), "ClusterRole/[unknown]")


def test_an_unknown_namespace_is_shown_as_unknown() -> None:
    bound = hide(BOUND, "metadata/namespace", UNKNOWN)
    created = object_step("create", BOUND)
    created["newState"]["inputs"] = bound
    [gained] = report_on(created).rbac.gained
    assert gained.grant.namespace == "[unknown]"


def test_an_unchanged_secret_role_counts_if_permissions_change() -> None:
    secret = object_step("same", hide(role(rules=[]), "rules", "[secret]"))
    assert unreviewed(report_on(secret)) == []
    assert unreviewed(report_on(secret, step("update", "a:b:C", "x"))) == []
    report = report_on(secret, object_step("create", binding()))
    assert unreviewed(report) == [("objects:reader", Reason.SECRET, ("rules",))]


def test_permissions_that_were_secret_cannot_be_compared() -> None:
    secret, known = hide(role(rules=[]), "rules", "[secret]"), role(rules=[PODS])
    for steps in (object_step("update", secret, known), object_step("delete", secret)):
        assert unreviewed(report_on(steps)) == [("objects:reader", Reason.SECRET, ("rules",))]


def test_the_properties_of_a_deleted_pod_are_not_reviewed() -> None:
    assert unreviewed(report_on(object_step("delete", hide(POD, "spec", "[secret]")))) == []


@pytest.mark.parametrize("op", ["create", "update", "replace", "import", "delete", "same"])
def test_the_content_of_a_changed_manifest_is_unknown(op: str) -> None:
    expected = [] if op in ("delete", "same") else [("m", Reason.UNKNOWN_CONTENT, ())]
    assert unreviewed(report_on(step(op, MANIFEST, "m"))) == expected


@pytest.mark.parametrize("op", ["create", "update", "replace", "import", "delete", "same"])
@pytest.mark.parametrize("version", ["v3", "v4"])
def test_a_changed_release_has_objects_of_its_own(op: str, version: str) -> None:
    release = step(op, f"kubernetes:helm.sh/{version}:Release", "r", newState=state({}))
    expected = [] if op == "same" else [("r", Reason.RELEASE, ())]
    assert unreviewed(report_on(release)) == expected


COMPONENTS = [
    "kubernetes:helm.sh/v2:Chart",
    "kubernetes:helm.sh/v3:Chart",
    "kubernetes:helm.sh/v4:Chart",
    "kubernetes:kustomize:Directory",
    "kubernetes:kustomize/v2:Directory",
    "kubernetes:yaml:ConfigFile",
    "kubernetes:yaml/v2:ConfigGroup",
]


@pytest.mark.parametrize("type_", COMPONENTS)
def test_a_component_without_objects_is_not_reviewed(type_: str) -> None:
    parent = {"parent": urn(type_, "c")}
    created = step("create", type_, "c", newState={})
    child = object_step("create", CONFIG_MAP)
    child["newState"] |= parent
    assert unreviewed(report_on(created)) == [("c", Reason.NO_OBJECTS, ())]
    assert unreviewed(report_on(created, child)) == []
    # With unknown arguments its objects may be listed as deleted.
    deleted = object_step("delete", CONFIG_MAP)
    deleted["oldState"] |= parent
    same = step("same", type_, "c", oldState={}, newState={})
    assert unreviewed(report_on(deleted, same)) == [("c", Reason.NO_OBJECTS, ())]
    assert unreviewed(report_on(deleted, step("delete", type_, "c", oldState={}))) == []
    # Without --show-sames the other objects are not listed.
    assert unreviewed(report_on(deleted, unlisted=9)) == []


def test_an_object_without_properties_is_not_reviewed() -> None:
    type_ = f"kubernetes:{RBAC}:ClusterRoleBinding"
    for op in ("create", "update", "replace", "import", "delete"):
        report = report_on(step(op, type_, "b"))
        assert unreviewed(report) == [("b", Reason.NO_PROPERTIES, ())]
    half = step("update", type_, "b", newState=state(binding()))
    assert unreviewed(report_on(half)) == [("b", Reason.NO_PROPERTIES, ())]


def test_a_patch_changes_a_part_of_an_object() -> None:
    patch = step("create", f"kubernetes:{RBAC}:ClusterRolePatch", "p")
    patch["newState"] = state(role(rules=[PODS]))
    assert unreviewed(report_on(patch)) == [("p", Reason.PATCH, ())]


def test_the_objects_of_a_list_are_not_reviewed() -> None:
    body = {"apiVersion": RBAC, "kind": "ClusterRoleList", "metadata": {"name": "l"}, "items": []}
    assert unreviewed(report_on(object_step("create", body))) == [("objects:l", Reason.LIST, ())]


@pytest.mark.parametrize(
    ("body", "path", "value", "text"),
    [
        (role(rules=[]), "rules", "all", "rules"),
        (role(rules=[PODS]), "rules/0", None, "rules[0]"),
        (role(rules=[PODS]), "rules/0/verbs", "get", "rules[0].verbs"),
        (role(rules=[PODS]), "rules/0/verbs/0", 7, "rules[0].verbs[0]"),
        (AGGREGATED, "aggregationRule", [], "aggregationRule"),
        (binding(), "subjects", {}, "subjects"),
        (binding(), "subjects/0/name", 7, "subjects[0].name"),
        (binding(), "roleRef/name", ["reader"], "roleRef.name"),
        (binding(), "metadata/name", 7, "metadata.name"),
        (binding(), "metadata/name", None, "metadata.name"),
        (binding(), "kind", "ClusterRole", "kind"),
        (binding(), "apiVersion", "v1", "kind"),
        (POD, "spec/containers", {}, "spec.containers"),
        (POD, "spec/containers/0/image", 7, "spec.containers[0].image"),
        (deployment("d", "i"), "spec/template", "x", "spec.template"),
    ],
)
def test_what_kubernetes_does_not_allow_is_not_reviewed(
    body: dict[str, Any], path: str, value: Any, text: str
) -> None:
    created = object_step("create", body)
    created["newState"]["inputs"] = hide(body, path, value)
    [(_, reason, paths)] = unreviewed(report_on(created))
    assert (reason, paths) == (Reason.MALFORMED, (text,))


def test_an_object_whose_name_the_server_generates_is_reviewed() -> None:
    body = hide(CONFIG_MAP, "metadata", {"generateName": "m-", "namespace": "ns"})
    created = object_step("create", CONFIG_MAP)
    created["newState"]["inputs"] = body
    assert unreviewed(report_on(created)) == []


def test_the_resources_of_a_summary_have_no_properties() -> None:
    text = (
        '{"result": "succeeded", "duration": 1, "summary": {"create": 2}, "resources": ['
        f'{{"op": "create", "urn": "{urn(GROUP, "g")}"}},'
        f'{{"op": "create", "urn": "{urn(f"kubernetes:{RBAC}:Role", "r")}",'
        f'"parent": "{urn(GROUP, "g")}"}}]}}'
    )
    assert unreviewed(build_report(parse_preview(text))) == [("r", Reason.NO_PROPERTIES, ())]


@pytest.mark.parametrize(
    ("op", "paths", "is_reported"),
    [
        ("update", ["kubeconfig"], True),
        ("update", ["version", "context"], True),
        ("update", [], True),
        ("update", ["version"], False),
        ("replace", ["kubeconfig"], True),
        ("replace", ["version"], True),
        ("create-replacement", [], True),
        ("create", [], False),
        ("delete", [], False),
        ("same", [], False),
    ],
)
def test_a_changed_kubernetes_provider_may_connect_to_another_cluster(
    op: str, paths: list[str], *, is_reported: bool
) -> None:
    changed = step(op, "pulumi:providers:kubernetes", "p", diffReasons=paths)
    assert unreviewed(report_on(changed)) == ([("p", Reason.CLUSTER, ())] if is_reported else [])
    assert unreviewed(report_on(step(op, "pulumi:providers:aws", "p", diffReasons=paths))) == []


OPENSHIFT = [
    ("authorization.openshift.io/v1", "ClusterRole"),
    ("authorization.openshift.io/v1", "RoleBinding"),
    ("authorization.openshift.io/v1", "RoleBindingRestriction"),
    ("security.openshift.io/v1", "SecurityContextConstraints"),
]


@pytest.mark.parametrize(("api_version", "kind"), OPENSHIFT)
@pytest.mark.parametrize("op", ["create", "update", "delete", "same"])
def test_permissions_of_openshift_are_not_reviewed(api_version: str, kind: str, op: str) -> None:
    body = {"apiVersion": api_version, "kind": kind, "metadata": {"name": "o"}}
    versions = (body, body) if op == "update" else (body,)
    expected = [] if op == "same" else [("objects:o", Reason.OPENSHIFT, ())]
    assert unreviewed(report_on(object_step(op, *versions))) == expected
