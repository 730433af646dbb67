"""Every right that lets its holder gain more is reported, and matched as the API server does."""

from __future__ import annotations

import pytest

from kubiya_pulumi.review import Subject, can, review
from kubiya_pulumi.review.checks.access import RISKS
from tests.review.manifest_objects import NAMESPACE, Object, cluster_role, grant_role, parsed, rule
from tests.review.rights_cases import RIGHT_CASES, RightCase

RISK_RULES = {risk.rule.name for risk in RISKS} | {"read-secrets"}

each_right = pytest.mark.parametrize("case", RIGHT_CASES, ids=str)


def granted(case: RightCase, **changes: list[str]) -> Object:
    """Return the rule of a role that grants a right, with some fields changed."""
    fields = {"apiGroups": [case.api_group], "resources": [case.resource], "verbs": [case.verb]}
    return {**fields, **changes}


def broken(policy_rule: Object, namespace: str = "") -> set[str]:
    """Return the broken rules about rights, of a role that is granted in the cluster or once."""
    binding = grant_role("app", namespace=namespace, kind="ClusterRole")
    findings = review(parsed(cluster_role(policy_rule), binding)).findings
    return {
        name
        for finding in findings
        for name in (finding.rule, *finding.includes)
        if name in RISK_RULES
    }


@each_right
def test_a_right_is_reported_in_the_whole_cluster(case: RightCase) -> None:
    assert case.rule in broken(granted(case))


@each_right
def test_a_right_is_reported_in_a_namespace_where_it_exists(case: RightCase) -> None:
    assert (case.rule in broken(granted(case), NAMESPACE)) == (case.where == "any")
    if case.where not in ("any", "cluster"):
        assert case.rule in broken(granted(case), case.where)


@pytest.mark.slow
@each_right
def test_each_kind_of_wildcard_includes_a_right(case: RightCase) -> None:
    assert case.rule in broken(granted(case, apiGroups=["*"]))
    if case.resource != "userextras/*":
        assert case.rule in broken(granted(case, resources=["*"]))
    _, slash, subresource = case.resource.partition("/")
    if slash:
        assert case.rule in broken(granted(case, resources=[f"*/{subresource}"]))
    # Without an identity to act as, the action of a constrained impersonation has no effect.
    if not case.verb.startswith("impersonate-on:"):
        assert case.rule in broken(granted(case, verbs=["*"]))


@pytest.mark.slow
@each_right
def test_a_pattern_that_the_api_server_does_not_know_includes_nothing(case: RightCase) -> None:
    resource, slash, _ = case.resource.partition("/")
    if slash and resource != "userextras" and not case.verb.startswith("impersonate-on:"):
        for pattern in (f"{resource}/*", f"{resource}*", f"{resource}/", "*/*"):
            assert case.rule not in broken(granted(case, resources=[pattern]))
    assert not broken(granted(case, apiGroups=["other.example.com"])) - {
        "constrained-impersonation"
    }
    assert not broken(granted(case, verbs=[f"{case.verb[:2]}*"]))


@pytest.mark.parametrize(
    ("policy_rule", "expected"),
    [
        (rule("core", "secrets", "get patch", "one"), set()),
        (rule("core", "secrets", "create deletecollection", "one"), set()),
        (rule("core", "serviceaccounts/token", "create", "one"), {"create-tokens"}),
        (rule("core", "serviceaccounts", "impersonate", "one"), {"impersonate"}),
        (rule("certificates.k8s.io", "signers", "approve", "one"), {"approve-certificates"}),
        (rule("core", "configmaps", "update patch", "lock"), set()),
        (rule("apps", "deployments", "create", "one"), set()),
        (rule("apps", "deployments", "patch", "one"), {"create-workloads"}),
    ],
)
def test_names_of_objects_restrict_a_right(policy_rule: Object, expected: set[str]) -> None:
    assert broken(policy_rule) == expected


@pytest.mark.slow
@pytest.mark.parametrize("names", [[""], ["", "one"], [None], ["one", None]])
@each_right
def test_the_name_of_requests_without_one_restricts_nothing(
    case: RightCase, names: list[str | None]
) -> None:
    """A `list` or `create` has the name "", which the API server also reads from null."""
    assert case.rule in broken({**granted(case), "resourceNames": names})


@pytest.mark.parametrize("name", ["", None])
def test_everything_with_the_empty_name_is_full_access(name: str | None) -> None:
    everything = {**rule("*", "*", "*"), "resourceNames": [name]}
    findings = review(parsed(cluster_role(everything), grant_role("app"))).findings
    assert "full-access" in {finding.rule for finding in findings}


def test_a_message_shows_no_names_that_restrict_nothing() -> None:
    unnamed = rule("core", "serviceaccounts", "impersonate", "", "one")
    [finding] = review(parsed(cluster_role(unnamed))).findings
    assert "impersonate on serviceaccounts in the whole cluster" in finding.message


def test_null_is_the_core_group() -> None:
    """The API server decodes null in a list of strings as the empty string."""
    policy_rule = {"apiGroups": [None], "resources": ["secrets"], "verbs": ["list"]}
    assert "read-secrets" in broken(policy_rule)
    grants = review(parsed(cluster_role(policy_rule), grant_role("app"))).grants
    assert can(grants, Subject("ServiceAccount", NAMESPACE, "app"), "list", "", "secrets")


_CERTIFICATES = "certificates.k8s.io"
_APPROVAL = rule(_CERTIFICATES, "certificatesigningrequests/approval", "update patch")


@pytest.mark.parametrize(
    "policy_rule",
    [
        _APPROVAL,
        rule(_CERTIFICATES, "certificatesigningrequests/status", "update patch"),
        rule(_CERTIFICATES, "podcertificaterequests/status", "update patch"),
        rule(_CERTIFICATES, "*", "update patch"),
        rule(_CERTIFICATES, "*/approval", "*"),
        rule(_CERTIFICATES, "signers", "get update"),
        rule("core", "signers", "approve sign"),
    ],
)
def test_a_decision_about_certificates_needs_a_right_on_a_signer(policy_rule: Object) -> None:
    assert "approve-certificates" not in broken(policy_rule)


@pytest.mark.parametrize("verb", ["approve", "sign", "*"])
@pytest.mark.parametrize(
    "signers", [(), ("kubernetes.io/kube-apiserver-client",), ("a.example/*",)]
)
def test_a_right_on_a_signer_is_reported_in_any_role(verb: str, signers: tuple[str, ...]) -> None:
    """The other half of the right may be in this role, in another one or in the cluster."""
    on_signer = rule(_CERTIFICATES, "signers", verb, *signers)
    bindings = (grant_role("approval"), grant_role("signer", name="signer"))
    alone = [cluster_role(on_signer, name="signer")]
    apart = [*alone, cluster_role(_APPROVAL, name="approval")]
    together = [cluster_role(_APPROVAL, on_signer, name="signer")]
    for roles in (alone, apart, together):
        findings = review(parsed(*roles, *bindings)).findings
        reported = [str(f.object) for f in findings if f.rule == "approve-certificates"]
        assert reported == ["ClusterRole/signer"]


def test_every_risk_has_a_case() -> None:
    assert {case.rule for case in RIGHT_CASES} == RISK_RULES
