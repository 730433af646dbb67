"""Every rule reports its violations, and nothing that is only similar."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest

from kubiya_pulumi.review import RULES, ManifestPolicy, review
from tests.review.manifest_objects import Object, deployment, parsed
from tests.review.rule_cases import RULE_CASES

PROFILES = ("baseline-", "restricted-")
REPORT_ALL = ManifestPolicy()

ALLOWED = {
    "image-not-allowed": "images",
    "namespace-not-allowed": "namespaces",
    "kind-not-allowed": "kinds",
}


def broken(objects: Sequence[Object], policy: ManifestPolicy = REPORT_ALL) -> set[str]:
    return {finding.rule for finding in review(parsed(*objects), policy).findings}


@pytest.mark.parametrize("name", RULE_CASES)
def test_a_rule_reports_its_case(name: str) -> None:
    bad, good = RULE_CASES[name]
    assert name in broken(bad)
    assert name not in broken(good)


@pytest.mark.parametrize("name", RULE_CASES)
def test_a_finding_has_the_properties_of_its_rule_and_a_sentence(name: str) -> None:
    bad, _ = RULE_CASES[name]
    [finding, *_] = [f for f in review(parsed(*bad)).findings if f.rule == name]
    rule = RULES[name]
    assert (finding.severity, finding.category) == (rule.severity, rule.category)
    assert finding.message[0].isupper()
    assert finding.message.endswith(".")
    assert finding.object.name


def test_every_rule_is_covered() -> None:
    standards = {name for name in RULES if name.startswith(PROFILES)}
    assert {*RULE_CASES, *ALLOWED, *standards} == set(RULES)


def test_every_rule_is_documented() -> None:
    for name, rule in RULES.items():
        assert rule.name == name
        assert rule.url.startswith("https://kubernetes.io/docs/")
        assert rule.description.endswith(".")
        assert rule.remediation.endswith(".")
        assert re.fullmatch(r"KR-\d{3}", rule.id)
        for reference in rule.references:
            assert re.fullmatch(r"(Baseline|Restricted): \S.*|CIS 5\.\d\.\d+", reference)


def test_ids_are_unique() -> None:
    ids = [rule.id for rule in RULES.values()]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("name", [name for name in RULES if name.startswith(PROFILES)])
def test_pod_security_rules_name_their_control(name: str) -> None:
    profile = name.partition("-")[0].capitalize()
    assert RULES[name].references[0].startswith(f"{profile}: ")


@pytest.mark.parametrize(
    ("rule", "policy"),
    [
        ("image-not-allowed", ManifestPolicy(allowed_images=["ghcr.io/kubiyabot/*"])),
        ("namespace-not-allowed", ManifestPolicy(allowed_namespaces=["kubiya-*"])),
        (
            "kind-not-allowed",
            ManifestPolicy(allowed_kinds=["ConfigMap", "apps/v1beta1/Deployment"]),
        ),
    ],
)
def test_an_object_outside_an_allow_list_is_denied(rule: str, policy: ManifestPolicy) -> None:
    [finding] = review(parsed(deployment()), policy).denied
    assert finding.rule == rule


@pytest.mark.parametrize(
    "policy",
    [
        ManifestPolicy(),
        ManifestPolicy(allowed_images=["ghcr.io/example/*"]),
        ManifestPolicy(allowed_namespaces=["kubiya-*", "runners"]),
        ManifestPolicy(allowed_kinds=["Deployment"]),
        ManifestPolicy(allowed_kinds=["apps/*"]),
    ],
)
def test_an_object_inside_an_allow_list_is_not_denied(policy: ManifestPolicy) -> None:
    assert not broken([deployment()], policy) & set(ALLOWED)


def test_an_empty_allow_list_allows_nothing() -> None:
    denied = review(
        parsed(deployment()),
        ManifestPolicy(allowed_images=[], allowed_namespaces=[], allowed_kinds=[]),
    ).denied
    assert {finding.rule for finding in denied} == set(ALLOWED)
