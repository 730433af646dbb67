"""Every rule reports its violations, and nothing that is only similar."""

import pytest

from kubiya_pulumi.review import RULES, ManifestPolicy, review
from tests.review.manifest_objects import deployment, parsed
from tests.review.rule_cases import RULE_CASES

PROFILES = ("baseline-", "restricted-")
REPORT_ALL = ManifestPolicy()

ALLOWED = {
    "image-not-allowed": "images",
    "namespace-not-allowed": "namespaces",
    "kind-not-allowed": "kinds",
}


def broken(objects, policy=REPORT_ALL):
    return {finding.rule for finding in review(parsed(*objects), policy).findings}


@pytest.mark.parametrize("name", RULE_CASES)
def test_a_rule_reports_its_case(name):
    bad, good = RULE_CASES[name]
    assert name in broken(bad)
    assert name not in broken(good)


@pytest.mark.parametrize("name", RULE_CASES)
def test_a_finding_has_the_properties_of_its_rule_and_a_sentence(name):
    bad, _ = RULE_CASES[name]
    [finding, *_] = [f for f in review(parsed(*bad)).findings if f.rule == name]
    rule = RULES[name]
    assert (finding.severity, finding.category) == (rule.severity, rule.category)
    assert finding.message[0].isupper()
    assert finding.message.endswith(".")
    assert finding.object.name


def test_every_rule_is_covered():
    standards = {name for name in RULES if name.startswith(PROFILES)}
    assert {*RULE_CASES, *ALLOWED, *standards} == set(RULES)


def test_every_rule_is_documented():
    for name, rule in RULES.items():
        assert rule.name == name
        assert rule.url.startswith("https://kubernetes.io/docs/")
        assert rule.description.endswith(".")


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
def test_an_object_outside_an_allow_list_is_denied(rule, policy):
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
def test_an_object_inside_an_allow_list_is_not_denied(policy):
    assert not broken([deployment()], policy) & set(ALLOWED)


def test_an_empty_allow_list_allows_nothing():
    denied = review(
        parsed(deployment()),
        ManifestPolicy(allowed_images=[], allowed_namespaces=[], allowed_kinds=[]),
    ).denied
    assert {finding.rule for finding in denied} == set(ALLOWED)
