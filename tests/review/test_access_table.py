"""The table of access: who may do what where. The API server's word on it is in tests/cluster."""

import pytest

from kubiya_pulumi.review import Grant, ManifestError, Subject, can, review
from tests.review.access_cases import ONE, TWO
from tests.review.manifest_objects import (
    NAMESPACE,
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


def grants(*objects):
    return review(parsed(*objects)).grants


def test_a_row_says_who_may_do_what_where_and_by_which_role_and_binding():
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


def test_a_row_of_the_whole_cluster_has_no_namespace():
    [grant] = grants(cluster_role(rule("core", "nodes", "get")), grant_role("app"))
    assert grant.namespace is None
    assert grant.allows("get", "", "nodes")
    assert grant.allows("get", "", "nodes", namespace="anywhere")


def test_there_is_a_row_for_each_rule_and_subject():
    rules = [rule("core", "nodes", "get"), rule("core", "nodes", "list")]
    found = grants(cluster_role(*rules), grant_role("app", subject(), subject("other"), subject()))
    assert [(each.subject.name, each.verbs) for each in found] == [
        ("app", ("get",)),
        ("app", ("list",)),
        ("other", ("get",)),
        ("other", ("list",)),
    ]


def test_a_role_that_is_not_there_gives_nothing():
    assert grants(grant_role("app", namespace=NAMESPACE)) == ()


def test_a_role_of_kubernetes_whose_rules_are_not_known_has_a_row_without_verbs():
    [grant] = grants(grant_role("system:node"))
    assert (grant.role, grant.verbs) == ("ClusterRole/system:node", ())
    assert not can([grant], APP, "get", "", "nodes")


def test_a_role_of_the_manifest_takes_nothing_from_one_of_kubernetes():
    own = cluster_role(rule("core", "pods", "get"), name="admin")
    assert can(grants(own, grant_role("admin")), APP, "delete", "", "pods")


@pytest.mark.parametrize(
    ("who", "workloads"),
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
def test_a_row_names_the_workloads_that_run_as_its_subject(who, workloads):
    if who["kind"] == "ServiceAccount":
        who = {**who, "namespace": "one"}
    [grant] = grants(
        deployment(pod_spec(serviceAccountName="app"), "a", "one"),
        deployment(pod_spec(serviceAccount="app"), "b", "one"),
        deployment(pod_spec(), "c", "one"),
        deployment(pod_spec(serviceAccountName="app"), "d", "two"),
        cluster_role(rule("core", "pods", "get")),
        grant_role("app", who),
    )
    assert list(grant.workloads) == [f"Deployment/{name}" for name in workloads]


def test_the_rules_of_a_circle_of_aggregated_roles_count():
    def part(name: str, gathers: str):
        selector = {"clusterRoleSelectors": [{"matchLabels": {"part": gathers}}]}
        rules = [rule("core", f"{name}s", "get")]
        return cluster_role(*rules, name=name, labels={"part": name}, aggregationRule=selector)

    found = grants(part("a", "b"), part("b", "a"), grant_role("a"), part("c", "d"), grant_role("c"))
    assert {resource for each in found for resource in each.resources} == {"as", "bs"}


def test_a_selector_without_conditions_gathers_every_role():
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
def test_selectors_by_expression(operator, values, selected):
    expression = {"key": "part", "operator": operator, "values": values}
    # Kubernetes' own roles are left out.
    own = {"key": "own", "operator": "Exists"}
    selector = {"matchExpressions": [expression, own]}
    found = grants(
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
    assert {resource for each in found for resource in each.resources} == selected


def test_a_finding_names_who_has_a_role_and_where():
    found = review(
        parsed(
            cluster_role(rule("core", "secrets", "get")),
            grant_role("app", namespace=ONE, kind="ClusterRole"),
            grant_role("app", namespace=TWO, kind="ClusterRole"),
            role(rule("core", "pods", "create")),
        )
    ).findings
    assert [
        each.message for each in found if each.rule in ("read-secrets", "create-workloads")
    ] == [
        'Whoever is bound to it may create pods in namespace "runners".',
        'ServiceAccount runners/app may get secrets in namespace "review-one", "review-two".',
    ]


def test_what_a_role_gathers_is_found_at_that_role_alone():
    part = cluster_role(rule("core", "secrets", "get"), name="part", labels={"part": "x"})
    whole = cluster_role(
        name="whole",
        aggregationRule={"clusterRoleSelectors": [{"matchLabels": {"part": "x"}}]},
    )

    def found(*objects):
        rules = ("read-secrets", "read-secrets-cluster-wide")
        findings = review(parsed(*objects)).findings
        return [(each.rule, str(each.object)) for each in findings if each.rule in rules]

    here = grant_role("whole", namespace=NAMESPACE, kind="ClusterRole")
    assert found(part, whole, here) == [("read-secrets", "ClusterRole/whole")]
    # It is found where it stands once everybody with an ordinary role has it.
    part["metadata"]["labels"]["rbac.authorization.k8s.io/aggregate-to-view"] = "true"
    assert found(part, whole, here) == [
        ("read-secrets-cluster-wide", "ClusterRole/part"),
        ("read-secrets", "ClusterRole/whole"),
    ]


def test_a_binding_to_a_role_of_kubernetes_is_found_at_the_binding():
    found = review(parsed(grant_role("cluster-admin"), grant_role("edit", name="editor"))).findings
    assert {(each.rule, str(each.object)) for each in found} >= {
        ("cluster-admin", "ClusterRoleBinding/app"),
        ("read-secrets-cluster-wide", "ClusterRoleBinding/editor"),
        ("impersonate", "ClusterRoleBinding/editor"),
    }
    assert not any(each.object.kind == "ClusterRole" for each in found)


def test_full_access_in_a_namespace_does_not_reach_the_cluster():
    def included(*objects):
        [finding] = [f for f in review(parsed(*objects)).findings if f.rule == "full-access"]
        return set(finding.includes)

    everything = cluster_role(rule("*", "*", "*"))
    here = included(everything, grant_role("app", namespace=NAMESPACE, kind="ClusterRole"))
    everywhere = included(everything, grant_role("app"))
    assert everywhere - here == {
        "admission-webhooks",
        "approve-certificates",
        "change-nodes",
        "create-persistent-volumes",
        "nodes-proxy",
        "read-secrets-cluster-wide",
    }
    assert "read-secrets" in here


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
    ids=["rights", "aggregation"],
)
def test_a_manifest_that_multiplies_is_refused(objects):
    with pytest.raises(ManifestError, match=r"more than 200,000 rights|too many roles"):
        grants(*objects)


def test_subjects_read_as_people_write_them():
    assert str(APP) == "ServiceAccount runners/app"
    assert str(Subject("User", "", "jane")) == "User jane"
