"""Every rule finds what it is about, and passes over what only looks like it."""

import pytest

from kubiya_pulumi.review import RULES, ManifestPolicy, review
from tests.review.manifest_objects import deployment, parsed
from tests.review.rule_cases import RULE_CASES

PROFILES = ("baseline-", "restricted-")
AS_IT_COMES = ManifestPolicy()

ALLOWED = {
    "image-not-allowed": "images",
    "namespace-not-allowed": "namespaces",
    "kind-not-allowed": "kinds",
}


def found(objects, rules=AS_IT_COMES):
    return {each.rule for each in review(parsed(*objects), rules).findings}


@pytest.mark.parametrize("name", RULE_CASES)
def test_a_rule_finds_its_case(name):
    bad, good = RULE_CASES[name]
    assert name in found(bad)
    assert name not in found(good)


@pytest.mark.parametrize("name", RULE_CASES)
def test_a_finding_has_what_its_rule_says_and_a_sentence(name):
    bad, _ = RULE_CASES[name]
    [finding, *_] = [f for f in review(parsed(*bad)).findings if f.rule == name]
    rule = RULES[name]
    assert (finding.severity, finding.direction) == (rule.severity, rule.direction)
    assert finding.message[0].isupper()
    assert finding.message.endswith(".")
    assert finding.object.name


def test_every_rule_is_tried():
    standards = {name for name in RULES if name.startswith(PROFILES)}
    assert {*RULE_CASES, *ALLOWED, *standards} == set(RULES)


def test_every_rule_names_its_document():
    for name, rule in RULES.items():
        assert rule.name == name
        assert rule.url.startswith("https://kubernetes.io/docs/")
        assert rule.description.endswith(".")


@pytest.mark.parametrize(
    ("rule", "rules"),
    [
        ("image-not-allowed", ManifestPolicy(allowed_images=["ghcr.io/kubiyabot/*"])),
        ("namespace-not-allowed", ManifestPolicy(allowed_namespaces=["kubiya-*"])),
        (
            "kind-not-allowed",
            ManifestPolicy(allowed_kinds=["ConfigMap", "apps/v1beta1/Deployment"]),
        ),
    ],
)
def test_what_is_outside_of_a_list_is_denied(rule, rules):
    [finding] = review(parsed(deployment()), rules).denied
    assert finding.rule == rule


@pytest.mark.parametrize(
    "rules",
    [
        ManifestPolicy(),
        ManifestPolicy(allowed_images=["ghcr.io/example/*"]),
        ManifestPolicy(allowed_namespaces=["kubiya-*", "runners"]),
        ManifestPolicy(allowed_kinds=["Deployment"]),
        ManifestPolicy(allowed_kinds=["apps/*"]),
    ],
)
def test_what_is_inside_of_a_list_is_not(rules):
    assert not found([deployment()], rules) & set(ALLOWED)


def test_an_empty_list_allows_nothing():
    denied = review(
        parsed(deployment()),
        ManifestPolicy(allowed_images=[], allowed_namespaces=[], allowed_kinds=[]),
    ).denied
    assert {each.rule for each in denied} == set(ALLOWED)
