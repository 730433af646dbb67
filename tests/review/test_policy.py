"""What a policy denies and waives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from kubiya_pulumi.review import (
    ManifestPolicy,
    ManifestPolicyError,
    ReviewDeniedError,
    Waiver,
    review,
)
from tests.review.manifest_objects import (
    NAMESPACE,
    cluster_role,
    container,
    deployment,
    grant_role,
    kubernetes_object,
    parsed,
    pod_spec,
    rule,
    service_account,
)

PRIVILEGED = deployment(
    pod_spec(container(securityContext={"privileged": True}), serviceAccountName="app")
)
MANIFEST = parsed(
    kubernetes_object("Namespace", NAMESPACE, ""),
    service_account(),
    cluster_role(rule("*", "*", "*"), name="everything"),
    grant_role("everything"),
    PRIVILEGED,
)


def denied_rules(**arguments: Any) -> set[str]:
    return {finding.rule for finding in review(MANIFEST, ManifestPolicy(**arguments)).denied}


def test_the_default_policy_reports_everything_and_denies_nothing() -> None:
    result = review(MANIFEST)
    assert {finding.rule for finding in result.findings} >= {
        "full-access",
        "baseline-privileged-containers",
    }
    assert result.denied == ()


@pytest.mark.parametrize(
    ("deny", "denied"),
    [
        (["full-access"], {"full-access"}),
        (["baseline-*"], {"baseline-privileged-containers"}),
        (["baseline-host-ports"], set()),
        # A role with full access breaks every rule about permissions.
        (["read-secrets"], {"full-access"}),
        (["nodes-*"], {"full-access"}),
        (["error"], {"full-access", "baseline-privileged-containers"}),
        (["note"], set()),
    ],
)
def test_deny_takes_names_patterns_and_severities(deny: list[str], denied: set[str]) -> None:
    assert denied_rules(deny=deny) == denied


def test_everything_can_be_denied() -> None:
    result = review(MANIFEST, ManifestPolicy(deny=["*"]))
    assert result.denied == result.findings != ()


@pytest.mark.parametrize(
    ("rule", "name"),
    [
        ("full-access", "ClusterRole/everything"),
        ("full-access", "everything"),
        ("*", "ClusterRole/every*"),
        ("full-*", "*"),
    ],
)
def test_a_waiver_accepts_the_findings_of_its_rule_on_its_object(rule: str, name: str) -> None:
    waiver = Waiver(rule, name, "it runs our tools")
    result = review(MANIFEST, ManifestPolicy(deny=["full-access"], waivers=[waiver]))
    assert result.denied == ()
    [waived] = [entry for entry in result.waived if entry.finding.rule == "full-access"]
    assert waived.reason == "it runs our tools"
    assert waived.finding not in result.findings
    assert result.unused_waivers == ()


@pytest.mark.parametrize(
    ("rule", "name"),
    [
        ("read-secrets", "everything"),
        ("full-access", "ClusterRole/other"),
        ("full-access", "Role/everything"),
        ("full-access", "every"),
    ],
)
def test_a_waiver_that_matches_no_finding_accepts_nothing_and_is_reported(
    rule: str, name: str
) -> None:
    waiver = Waiver(rule, name, "because")
    result = review(MANIFEST, ManifestPolicy(deny=["full-access"], waivers=[waiver]))
    assert {finding.rule for finding in result.denied} == {"full-access"}
    assert result.unused_waivers == (waiver,)


def test_a_waiver_covers_the_allow_lists_too() -> None:
    nothing_allowed: Mapping[str, list[str]] = {
        "allowed_images": [],
        "allowed_namespaces": [],
        "allowed_kinds": [],
    }
    assert denied_rules(**nothing_allowed) == {
        "image-not-allowed",
        "namespace-not-allowed",
        "kind-not-allowed",
    }
    waivers = [
        Waiver("*-not-allowed", pattern, "known") for pattern in ("*/app", "everything", "*")
    ]
    assert denied_rules(**nothing_allowed, waivers=waivers) == set()


@pytest.mark.parametrize(
    ("image", "pattern", "allowed"),
    [
        ("ghcr.io/kubiyabot/app:v1", "ghcr.io/kubiyabot/*", True),
        ("ghcr.io/kubiyabot-evil/app:v1", "ghcr.io/kubiyabot/*", False),
        ("nginx:1", "docker.io/library/*", True),
        ("nginx:1", "nginx:*", True),
        ("bitnami/nginx:1", "docker.io/bitnami/*", True),
        ("localhost/app", "docker.io/*", False),
        ("registry:5000/app", "registry:5000/*", True),
        ("nginx:80/evil/app:1", "nginx:*", False),
        ("nginx:80/evil/app:1", "nginx*", False),
        ("nginx.example.net/app", "nginx*", False),
        ("nginx-evil/app:1", "nginx*", False),
        ("nginx.example.net/app", "nginx*/app", False),
        ("nginx-slim:1", "nginx*", True),
        ("nginx:1", "docker.io/library/nginx:*", True),
        ("bitnami/nginx:1", "bitnami/*", True),
        ("docker.io/bitnami/nginx:1", "bitnami/*", True),
        ("EVIL/app:1", "docker.io/*", False),
        ("EVIL/app:1", "EVIL/*", True),
        ("EVIL/app:1", "*", True),
        ("nginx:1", "*", True),
        ("nginx:80/evil/app:1", "*", True),
        ("ghcr.io/kubiyabot/app:v1", "*/app:v1", True),
        ("nginx:1", "*nginx:1", True),
    ],
)
def test_images_match_by_their_full_name(image: str, pattern: str, allowed: bool) -> None:
    objects = parsed(deployment(pod_spec(container(image=image))))
    denied = review(objects, ManifestPolicy(allowed_images=[pattern])).denied
    assert (denied == ()) == allowed


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (
            {"deny": ["cluster-admni"]},
            'ManifestPolicy.deny names an unknown rule "cluster-admni"; did you mean '
            '"cluster-admin"?',
        ),
        ({"deny": ["!!"]}, 'unknown rule "!!"; see docs/review.md for the rules.'),
        ({"deny": ["baselin-*"]}, 'unknown rule "baselin-*"; did you mean "baseline-'),
        ({"deny": "*"}, "ManifestPolicy.deny must be a list of non-empty strings."),
        ({"deny": None}, "ManifestPolicy.deny must be a list of non-empty strings."),
        ({"deny": [""]}, "ManifestPolicy.deny must be a list of non-empty strings."),
        (
            {"allowed_images": ["a", 5]},
            "ManifestPolicy.allowed_images must be a list of non-empty strings.",
        ),
        (
            {"allowed_namespaces": {"a": "b"}},
            "ManifestPolicy.allowed_namespaces must be a list of non-empty strings.",
        ),
        (
            {"allowed_kinds": "Secret"},
            "ManifestPolicy.allowed_kinds must be a list of non-empty strings.",
        ),
        ({"waivers": ["full-access"]}, "ManifestPolicy.waivers must be a list of Waiver."),
        ({"waivers": None}, "ManifestPolicy.waivers must be a list of Waiver."),
        (
            {"waivers": [Waiver("full-acess", "*", "so")]},
            'Waiver.rule names an unknown rule "full-acess"; did you mean "full-access"?',
        ),
    ],
)
def test_an_invalid_policy_is_rejected(arguments: dict[str, Any], problem: str) -> None:
    with pytest.raises(ManifestPolicyError) as rejected:
        ManifestPolicy(**arguments)
    assert problem in str(rejected.value)


@pytest.mark.parametrize("field", ["rule", "object", "reason"])
@pytest.mark.parametrize("value", ["", "  ", None, 5])
def test_a_waiver_requires_a_rule_an_object_and_a_reason(field: str, value: Any) -> None:
    arguments = {"rule": "bind", "object": "app", "reason": "so"} | {field: value}
    with pytest.raises(ManifestPolicyError, match=rf"Waiver\.{field} must be a non-empty string"):
        Waiver(**arguments)


WAIVER: dict[Any, Any] = {"rule": "bind", "object": "app", "reason": "so"}


def test_a_waiver_round_trips_through_plain_data() -> None:
    waiver = Waiver(**WAIVER)
    assert waiver.to_dict() == WAIVER
    assert Waiver.from_dict(WAIVER) == waiver


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (None, 'a waiver must be a mapping with "rule", "object", "reason".'),
        ([], "a waiver must be a mapping"),
        ("bind", "a waiver must be a mapping"),
        ({"rule": "bind"}, 'a waiver lacks "object", "reason".'),
        ({**WAIVER, "until": "2030"}, 'a waiver has unknown entries "until"'),
        ({**WAIVER, 5: []}, 'a waiver has unknown entries "5"'),
        ({**WAIVER, "reason": None}, "Waiver.reason must be a non-empty string"),
    ],
)
def test_data_that_is_not_a_waiver_is_rejected(data: object, problem: str) -> None:
    with pytest.raises(ManifestPolicyError) as rejected:
        Waiver.from_dict(data)
    assert problem in str(rejected.value)


def test_raise_for_denied_lists_every_denied_finding() -> None:
    result = review(MANIFEST, ManifestPolicy(deny=["error"]))
    with pytest.raises(ReviewDeniedError) as rejected:
        result.raise_for_denied('the manifest of runner "x"')
    first, *listed, last = str(rejected.value).splitlines()
    assert first == 'the manifest of runner "x" is not applied: the policy denies 2 findings:'
    assert listed == [
        f"  {finding.rule}: {finding.object}: {finding.message}" for finding in result.denied
    ]
    assert last == (
        "Fix the manifest, or accept a finding with a Waiver(rule, object, reason) in "
        "ManifestPolicy(waivers=[…])."
    )


def test_raise_for_denied_ignores_findings_that_are_reported_or_waived() -> None:
    waivers = [Waiver("full-access", "*", "known")]
    result = review(MANIFEST, ManifestPolicy(deny=["full-access"], waivers=waivers))
    assert "baseline-privileged-containers" in {finding.rule for finding in result.findings}
    assert [entry.finding.rule for entry in result.waived] == ["full-access"]
    result.raise_for_denied("the manifest")
    # The same findings raise an error once no waiver covers them.
    with pytest.raises(ReviewDeniedError, match="denies 1 finding:"):
        review(MANIFEST, ManifestPolicy(deny=["full-access"])).raise_for_denied("the manifest")
