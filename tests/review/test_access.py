"""Findings about roles, bindings and subjects, in manifests that grant more than they show."""

from __future__ import annotations

import pytest

from kubiya_pulumi.review import ManifestPolicy, parse_manifest, review
from tests.review.manifest_objects import (
    NAMESPACE,
    Object,
    cluster_role,
    deployment,
    grant_role,
    parsed,
    pod_spec,
    rule,
    service_account,
    subject,
)

ADMISSION = "admissionregistration.k8s.io"

GRANTING = """
apiVersion: v1
kind: ServiceAccount
metadata: {{name: app, namespace: default}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {{name: app}}
rules: {rules}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {{name: app}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: app}}
subjects: [{{kind: ServiceAccount, name: app, namespace: default}}]
"""

BINDING = """
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {{name: app}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: "{role}"}}
subjects: [{subject}]
"""

ACCOUNT = "{kind: ServiceAccount, name: app, namespace: default}"


def bind(role: str, subject: str = ACCOUNT) -> str:
    return BINDING.format(role=role, subject=subject)


def group(name: str) -> str:
    return bind("edit", f'{{apiGroup: rbac.authorization.k8s.io, kind: Group, name: "{name}"}}')


def granting(*rules: str) -> str:
    return GRANTING.format(rules=f"[{', '.join(rules)}]")


def errors(text: str) -> set[tuple[str, str]]:
    """Return the rule and the object of each error."""
    findings = review(parse_manifest(text)).findings
    return {(f.rule, str(f.object)) for f in findings if f.severity == "error"}


def warnings(text: str) -> set[tuple[str, str]]:
    findings = review(parse_manifest(text)).findings
    return {(f.rule, str(f.object)) for f in findings if f.severity == "warning"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (bind("system:controller:clusterrole-aggregation-controller"), {"escalate"}),
        (bind("system:kube-controller-manager"), {"read-secrets-cluster-wide", "create-tokens"}),
        (bind("platform-superuser"), {"unknown-role"}),
        (bind("system:of-an-add-on"), {"unknown-role"}),
        (group("system:authenticated"), {"all-users-subject"}),
        (group("system:serviceaccounts"), {"all-users-subject"}),
        (group("system:unauthenticated"), {"unauthenticated-subject"}),
    ],
)
def test_a_binding_is_an_error(text: str, expected: set[str]) -> None:
    assert {(rule, "ClusterRoleBinding/app") for rule in expected} <= errors(text)


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        (
            "{apiGroups: [authentication.k8s.io], resources: [userextras/scopes],"
            " verbs: [impersonate]}",
            "impersonate",
        ),
        (
            f"{{apiGroups: [{ADMISSION}], resources: [mutatingadmissionpolicies], verbs: [patch]}}",
            "admission-policies",
        ),
        (
            f"{{apiGroups: [{ADMISSION}], resources: [validatingadmissionpolicybindings],"
            " verbs: [delete]}",
            "admission-policies",
        ),
        (
            "{apiGroups: [authentication.k8s.io], resources: [users, groups, serviceaccounts],"
            ' verbs: ["impersonate:user-info", "impersonate:serviceaccount"]}',
            "constrained-impersonation",
        ),
        (
            '{apiGroups: [""], resources: [secrets], verbs: ["impersonate-on:user-info:list"]}',
            "constrained-impersonation",
        ),
    ],
)
def test_a_right_is_an_error(rules: str, expected: str) -> None:
    assert (expected, "ClusterRole/app") in errors(granting(rules))


def test_proxies_are_reported() -> None:
    proxies = '{apiGroups: [""], resources: [pods/proxy, services/proxy], verbs: [get, create]}'
    assert ("proxy-to-pods", "ClusterRole/app") in warnings(granting(proxies))


def test_a_policy_denies_what_is_not_known() -> None:
    for deny in ("error", "unknown-role", "*"):
        result = review(parse_manifest(bind("platform-superuser")), ManifestPolicy(deny=[deny]))
        assert "unknown-role" in {finding.rule for finding in result.denied}
    [finding] = [f for f in result.findings if f.rule == "unknown-role"]
    assert (finding.severity, finding.category) == ("error", "excessive")
    assert finding.message == (
        'The roleRef refers to ClusterRole "platform-superuser", whose rules are not known. The '
        "binding grants all that the role allows in the whole cluster to ServiceAccount "
        "default/app. Add the role to the manifest, or bind a role that the manifest contains."
    )


def test_an_unknown_role_is_missing_too() -> None:
    findings = review(parse_manifest(bind("platform-superuser"))).findings
    assert {"missing-role", "unknown-role"} <= {finding.rule for finding in findings}


@pytest.mark.parametrize(
    "binding",
    [
        grant_role("app", namespace=NAMESPACE),
        grant_role("app", namespace=NAMESPACE, kind="ClusterRole"),
        grant_role("app", kind="Role"),
        grant_role("", namespace=NAMESPACE),
        grant_role("system:node", namespace=NAMESPACE),
    ],
)
def test_a_role_of_another_kind_or_place_is_unknown(binding: Object) -> None:
    [finding] = [f for f in review(parsed(binding)).findings if f.rule == "unknown-role"]
    assert str(finding.object).startswith(binding["kind"])


@pytest.mark.parametrize(
    ("name", "kind", "expected"),
    [
        ("system:masters", "Group", "system-masters"),
        ("system:authenticated", "Group", "all-users-subject"),
        ("system:serviceaccounts", "Group", "all-users-subject"),
        ("system:serviceaccounts:runners", "Group", "all-service-accounts-subject"),
        ("system:serviceaccounts:elsewhere", "Group", "all-service-accounts-subject"),
        ("system:unauthenticated", "Group", "unauthenticated-subject"),
        ("system:anonymous", "User", "unauthenticated-subject"),
        ("system:anonymous", "Group", None),
        ("system:authenticated", "User", None),
        ("system:serviceaccounts-of-mine", "Group", None),
        ("developers", "Group", None),
        ("jane", "User", None),
    ],
)
def test_a_subject_that_many_have_is_reported(name: str, kind: str, expected: str | None) -> None:
    findings = review(parsed(grant_role("view", subject(name, kind=kind)))).findings
    about = {f.rule: f.message for f in findings if f.rule.endswith(("-subject", "-masters"))}
    assert list(about) == ([expected] if expected else [])
    if expected:
        start = f'The binding grants ClusterRole "view" to {kind} {name}. '
        assert about[expected].startswith(start)


def test_a_workload_that_runs_as_an_account_of_the_cluster_is_reported() -> None:
    def reported(*objects: Object) -> list[str]:
        findings = review(parsed(*objects)).findings
        return [str(f.object) for f in findings if f.rule == "unknown-service-account"]

    runs_as = deployment(pod_spec(serviceAccountName="platform"))
    assert reported(runs_as) == ["Deployment/runners/app"]
    assert reported(runs_as, service_account("platform", "elsewhere")) != []
    assert reported(runs_as, service_account("platform")) == []
    assert reported(deployment()) == []


def test_an_aggregated_role_is_reported_once_with_its_scope() -> None:
    selectors = {"clusterRoleSelectors": [{"matchLabels": {"team": "platform"}}]}
    objects = (
        cluster_role(aggregationRule=selectors),
        cluster_role(rule("core", "pods", "get"), name="part", labels={"team": "platform"}),
        grant_role("app", namespace=NAMESPACE, kind="ClusterRole"),
    )
    [finding] = [f for f in review(parsed(*objects)).findings if f.rule == "aggregated-role"]
    assert str(finding.object) == "ClusterRole/app"
    assert finding.message == (
        "The role grants the rules of the ClusterRoles that the aggregationRule selects, including "
        'those of the cluster, in namespace "runners" to ServiceAccount runners/app. List the '
        "rules in a role without `aggregationRule`, and bind that role."
    )


_DECOYS: list[list[Object]] = [
    [],
    [grant_role("app", namespace=NAMESPACE, kind="ClusterRole")],
    [grant_role("app", namespace=NAMESPACE, kind="ClusterRole"), grant_role("app")],
]


@pytest.mark.parametrize("bindings", _DECOYS)
@pytest.mark.parametrize(
    ("label", "roles"),
    [("view", '"admin", "edit", "view"'), ("edit", '"admin", "edit"'), ("admin", '"admin"')],
)
def test_a_role_added_to_a_default_role_counts_everywhere(
    label: str, roles: str, bindings: list[Object]
) -> None:
    """A binding in one namespace does not hide what others are granted in the whole cluster."""
    added = cluster_role(
        rule("core", "nodes/proxy persistentvolumes", "get create"),
        rule("core", "users", "impersonate"),
        labels={f"rbac.authorization.k8s.io/aggregate-to-{label}": "true"},
    )
    findings = {f.rule: f for f in review(parsed(added, *bindings)).findings}
    assert findings.keys() >= {"nodes-proxy", "create-persistent-volumes", "impersonate"}
    assert str(findings["impersonate"].object) == "ClusterRole/app"
    place = f"in the whole cluster to any subject that is bound to {roles}."
    assert place in findings["impersonate"].message


def test_a_role_of_a_chain_to_a_default_role_counts_everywhere() -> None:
    """The default role has the rules of a role that another role of the manifest selects."""
    selectors = {"clusterRoleSelectors": [{"matchLabels": {"team": "platform"}}]}
    label = {"rbac.authorization.k8s.io/aggregate-to-view": "true"}
    objects = (
        cluster_role(name="middle", labels=label, aggregationRule=selectors),
        cluster_role(rule("core", "nodes/proxy", "get"), name="part", labels={"team": "platform"}),
        grant_role("middle", namespace=NAMESPACE, kind="ClusterRole"),
        grant_role("part", namespace=NAMESPACE, kind="ClusterRole", name="part"),
    )
    about = [str(f.object) for f in review(parsed(*objects)).findings if f.rule == "nodes-proxy"]
    assert about == ["ClusterRole/part"]


@pytest.mark.parametrize("name", ["admin", "edit", "view"])
def test_a_binding_to_an_aggregated_default_role_is_reported(name: str) -> None:
    findings = review(parsed(grant_role(name))).findings
    about = [str(f.object) for f in findings if f.rule == "aggregated-role"]
    assert about == ["ClusterRoleBinding/app"]
