"""The grants of a manifest. tests/cluster compares them with a real API server."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from kubiya_pulumi.review import Grant, ManifestError, Subject, can, review
from tests.review.access_cases import ONE, TWO
from tests.review.manifest_objects import (
    NAMESPACE,
    RBAC,
    Object,
    cluster_role,
    deployment,
    grant_role,
    parsed,
    pod_spec,
    role,
    rule,
    service_account,
    subject,
)

APP = Subject("ServiceAccount", NAMESPACE, "app")


def grants(*objects: Object) -> tuple[Grant, ...]:
    return review(parsed(*objects)).grants


def test_a_grant_has_subject_rule_scope_role_and_binding() -> None:
    assert grants(
        service_account(),
        deployment(pod_spec(serviceAccountName="app")),
        role(rule("apps", "deployments", "get list", "one")),
        grant_role("app", namespace=NAMESPACE, name="of-app"),
    ) == (
        Grant(
            subject=APP,
            verbs=("get", "list"),
            api_groups=("apps",),
            resources=("deployments",),
            resource_names=("one",),
            namespace=NAMESPACE,
            role="Role/app",
            binding="RoleBinding/of-app",
            workloads=("Deployment/runners/app",),
        ),
    )


def test_a_cluster_wide_grant_has_no_namespace() -> None:
    [grant] = grants(cluster_role(rule("core", "nodes", "get")), grant_role("app"))
    assert grant.namespace is None
    assert grant.allows("get", "", "nodes")
    assert grant.allows("get", "", "nodes", namespace="anywhere")


def test_each_rule_and_subject_has_its_grant() -> None:
    rules = [rule("core", "nodes", "get"), rule("core", "nodes", "list")]
    result = grants(cluster_role(*rules), grant_role("app", subject(), subject("other"), subject()))
    assert [(grant.subject.name, grant.verbs) for grant in result] == [
        ("app", ("get",)),
        ("app", ("list",)),
        ("other", ("get",)),
        ("other", ("list",)),
    ]


@pytest.mark.parametrize(
    ("binding", "role_name"),
    [
        (grant_role("app", namespace=NAMESPACE), "Role/app"),
        (grant_role("app", namespace=NAMESPACE, kind="ClusterRole"), "ClusterRole/app"),
        (grant_role("platform-superuser"), "ClusterRole/platform-superuser"),
        (grant_role("system:an-add-on"), "ClusterRole/system:an-add-on"),
        (grant_role("view", namespace=NAMESPACE), "Role/view"),
        (grant_role("cluster-admin", kind="Role"), "Role/cluster-admin"),
        (grant_role("system:node", namespace=NAMESPACE), "Role/system:node"),
        (
            grant_role("extension-apiserver-authentication-reader", namespace=NAMESPACE),
            "Role/extension-apiserver-authentication-reader",
        ),
    ],
)
def test_a_role_that_is_not_in_the_manifest_may_allow_everything(
    binding: Object, role_name: str
) -> None:
    [grant] = grants(binding)
    assert (grant.role, grant.verbs, grant.rules_unknown) == (role_name, (), True)
    is_cluster_wide = binding["kind"] == "ClusterRoleBinding"
    assert grant.allows("delete", "any.group", "things", "part", "one", NAMESPACE)
    assert grant.allows("get", "", "nodes") == is_cluster_wide
    assert grant.allows("get", "", "pods", namespace="elsewhere") == is_cluster_wide
    assert grant.allows_url("get", "/metrics") == is_cluster_wide
    assert can([grant], APP, "escalate", RBAC, "roles", namespace=NAMESPACE)
    assert not can([grant], Subject("User", "", "jane"), "get", "", "pods", namespace=NAMESPACE)


def test_a_rule_without_verbs_is_not_unknown_and_allows_nothing() -> None:
    [grant] = grants(cluster_role(rule("core", "pods", "")), grant_role("app"))
    assert not grant.rules_unknown
    assert not can([grant], APP, "get", "", "pods")


@pytest.mark.parametrize("binding", [grant_role("view"), grant_role("platform-superuser")])
def test_a_grant_survives_the_conversion_to_data(binding: Object) -> None:
    for grant in grants(binding):
        data = grant.to_dict()
        assert data["rulesUnknown"] == grant.rules_unknown
        assert Grant.from_dict(data) == grant


def test_a_grant_without_verbs_of_an_earlier_version_is_unknown() -> None:
    earlier = {"role": "ClusterRole/system:node", "verbs": [], "resources": []}
    assert Grant.from_dict(earlier).rules_unknown
    assert not Grant.from_dict({**earlier, "verbs": ["get"]}).rules_unknown


def test_the_anonymous_user_is_not_authenticated() -> None:
    anonymous = Subject("User", "", "system:anonymous")
    assert not Subject("Group", "", "system:authenticated").includes(anonymous)
    assert Subject("Group", "", "system:unauthenticated").includes(anonymous)
    assert not Subject("Group", "", "system:unauthenticated").includes(APP)
    assert not Subject("Group", "", "system:unauthenticated").includes(Subject("User", "", "jane"))


def test_the_manifest_does_not_reduce_a_default_role() -> None:
    own = cluster_role(rule("core", "pods", "get"), name="admin")
    assert can(grants(own, grant_role("admin")), APP, "delete", "", "pods")


@pytest.mark.parametrize(
    ("entry", "workloads"),
    [
        (subject("app"), ["one/a", "one/b"]),
        (subject("default"), ["one/c"]),
        (subject("system:serviceaccounts:one", kind="Group"), ["one/a", "one/b", "one/c"]),
        (subject("system:serviceaccounts", kind="Group"), ["one/a", "one/b", "one/c", "two/d"]),
        (subject("system:authenticated", kind="Group"), ["one/a", "one/b", "one/c", "two/d"]),
        (subject("system:serviceaccount:one:app", kind="User"), ["one/a", "one/b"]),
        (subject("jane", kind="User"), []),
        (subject("system:masters", kind="Group"), []),
    ],
    ids=lambda value: value["name"] if isinstance(value, dict) else "",
)
def test_a_grant_lists_the_workloads_that_run_as_its_subject(
    entry: Object, workloads: list[str]
) -> None:
    if entry["kind"] == "ServiceAccount":
        entry = {**entry, "namespace": "one"}
    [grant] = grants(
        deployment(pod_spec(serviceAccountName="app"), "a", "one"),
        deployment(pod_spec(serviceAccount="app"), "b", "one"),
        deployment(pod_spec(), "c", "one"),
        deployment(pod_spec(serviceAccountName="app"), "d", "two"),
        cluster_role(rule("core", "pods", "get")),
        grant_role("app", entry),
    )
    assert list(grant.workloads) == [f"Deployment/{name}" for name in workloads]


def test_rules_of_aggregated_roles_in_a_cycle_count() -> None:
    def part(name: str, aggregates: str) -> Object:
        selector = {"clusterRoleSelectors": [{"matchLabels": {"part": aggregates}}]}
        rules = [rule("core", f"{name}s", "get")]
        return cluster_role(*rules, name=name, labels={"part": name}, aggregationRule=selector)

    result = grants(
        part("a", "b"), part("b", "a"), grant_role("a"), part("c", "d"), grant_role("c")
    )
    assert {resource for grant in result for resource in grant.resources} == {"as", "bs"}


def test_a_selector_without_conditions_selects_every_role() -> None:
    every = cluster_role(aggregationRule={"clusterRoleSelectors": [{}]}, name="every")
    none = cluster_role(rule("core", "pods", "get"), aggregationRule={}, name="none")
    assert can(grants(every, grant_role("every")), APP, "anything", "any.group", "things")
    assert not grants(none, grant_role("none"))


@pytest.mark.parametrize(
    ("operator", "values", "selected"),
    [
        ("In", ["a"], {"a"}),
        ("NotIn", ["a"], {"b", "none"}),
        ("Exists", [], {"a", "b"}),
        ("DoesNotExist", [], {"none"}),
        ("Unknown", ["a"], set()),
    ],
)
def test_match_expressions_select_roles(
    operator: str, values: list[str], selected: set[str]
) -> None:
    expression = {"key": "part", "operator": operator, "values": values}
    # This excludes the default roles.
    own = {"key": "own", "operator": "Exists"}
    selector = {"matchExpressions": [expression, own]}
    result = grants(
        *(
            cluster_role(
                rule("core", name, "get"),
                name=name,
                labels={"own": ""} | ({} if name == "none" else {"part": name}),
            )
            for name in ("a", "b", "none")
        ),
        cluster_role(name="all", aggregationRule={"clusterRoleSelectors": [selector]}),
        grant_role("all"),
    )
    assert {resource for grant in result for resource in grant.resources} == selected


def test_a_finding_names_subjects_and_scope() -> None:
    findings = review(
        parsed(
            cluster_role(rule("core", "secrets", "get")),
            grant_role("app", namespace=ONE, kind="ClusterRole"),
            grant_role("app", namespace=TWO, kind="ClusterRole"),
            role(rule("core", "pods", "create")),
        )
    ).findings
    assert [
        finding.message
        for finding in findings
        if finding.rule in ("read-secrets", "create-workloads")
    ] == [
        'The role grants create on pods in namespace "runners" to any subject that is bound to it. '
        "Remove the verbs that the subject does not need, and run sensitive workloads in another "
        "namespace.",
        'The role grants get on secrets in namespaces "review-one", "review-two" to '
        "ServiceAccount runners/app. List the Secrets that the subject needs in `resourceNames`.",
    ]


def test_aggregated_rules_are_reported_on_the_aggregating_role_only() -> None:
    part = cluster_role(rule("core", "secrets", "get"), name="part", labels={"part": "x"})
    whole = cluster_role(
        name="whole",
        aggregationRule={"clusterRoleSelectors": [{"matchLabels": {"part": "x"}}]},
    )

    def secret_findings(*objects: Object) -> list[tuple[str, str]]:
        rules = ("read-secrets", "read-secrets-cluster-wide")
        findings = review(parsed(*objects)).findings
        return [(f.rule, str(f.object)) for f in findings if f.rule in rules]

    in_namespace = grant_role("whole", namespace=NAMESPACE, kind="ClusterRole")
    assert secret_findings(part, whole, in_namespace) == [("read-secrets", "ClusterRole/whole")]
    # A default ClusterRole aggregates the rules too, so they are also reported where they are set.
    part["metadata"]["labels"]["rbac.authorization.k8s.io/aggregate-to-view"] = "true"
    assert secret_findings(part, whole, in_namespace) == [
        ("read-secrets-cluster-wide", "ClusterRole/part"),
        ("read-secrets", "ClusterRole/whole"),
    ]


def test_a_default_role_is_reported_on_the_binding() -> None:
    findings = review(
        parsed(grant_role("cluster-admin"), grant_role("edit", name="editor"))
    ).findings
    assert {(finding.rule, str(finding.object)) for finding in findings} >= {
        ("cluster-admin", "ClusterRoleBinding/app"),
        ("read-secrets-cluster-wide", "ClusterRoleBinding/editor"),
        ("impersonate", "ClusterRoleBinding/editor"),
    }
    assert not any(finding.object.kind == "ClusterRole" for finding in findings)
    [finding] = [f for f in findings if f.rule == "cluster-admin"]
    assert finding.message == (
        "The binding grants every verb on every resource in the whole cluster to ServiceAccount "
        "runners/app. Bind a role that lists only the permissions that the subject needs."
    )


def test_full_access_in_a_namespace_excludes_cluster_scoped_resources() -> None:
    def included(*objects: Object) -> set[str]:
        [finding] = [f for f in review(parsed(*objects)).findings if f.rule == "full-access"]
        return set(finding.includes)

    everything = cluster_role(rule("*", "*", "*"))
    in_namespace = included(everything, grant_role("app", namespace=NAMESPACE, kind="ClusterRole"))
    cluster_wide = included(everything, grant_role("app"))
    assert cluster_wide - in_namespace == {
        "admission-policies",
        "admission-webhooks",
        "approve-certificates",
        "change-api",
        "change-nodes",
        "change-storage",
        "change-system-configuration",
        "create-persistent-volumes",
        "nodes-proxy",
        "read-secrets-cluster-wide",
    }
    assert "read-secrets" in in_namespace


@pytest.mark.slow
@pytest.mark.parametrize(
    "objects",
    [
        [
            cluster_role(*[rule("core", f"r{i}", "get") for i in range(1000)]),
            grant_role("app", *[subject(f"s{i}") for i in range(201)]),
        ],
        [
            *[cluster_role(name=f"r{i}") for i in range(1000)],
            *[
                cluster_role(name=f"a{i}", aggregationRule={"clusterRoleSelectors": [{}, {}]})
                for i in range(1000)
            ],
        ],
    ],
    ids=["permissions", "aggregation"],
)
def test_a_manifest_that_multiplies_permissions_is_rejected(objects: Sequence[Any]) -> None:
    problem = r"grants more than 200,000 permissions|has too many aggregated ClusterRoles"
    with pytest.raises(ManifestError, match=problem):
        grants(*objects)


def test_a_subject_as_text() -> None:
    assert str(APP) == "ServiceAccount runners/app"
    assert str(Subject("User", "", "jane")) == "User jane"
