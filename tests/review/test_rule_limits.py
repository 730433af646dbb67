"""Rules with many values: the review takes steps for their values, not for their combinations."""

from __future__ import annotations

import pytest

from kubiya_pulumi.review import ManifestError, review
from kubiya_pulumi.review.checks.rights import Right
from kubiya_pulumi.review.kubernetes import limits
from kubiya_pulumi.review.kubernetes.rbac import PolicyRule
from tests.review.manifest_objects import (
    Object,
    cluster_role,
    grant_role,
    parsed,
    rule,
    subject,
)

SIZE = 10_000
LABELS = {"part": "of-all"}
AGGREGATION = {"aggregationRule": {"clusterRoleSelectors": [{"matchLabels": LABELS}]}}


def many(prefix: str, size: int = SIZE) -> tuple[str, ...]:
    return tuple(f"{prefix}{number}" for number in range(size))


@pytest.mark.timeout(10)
@pytest.mark.parametrize(
    ("right", "policy_rule", "expected"),
    [
        (
            Right(("impersonate-on:*",), "*", ("*",)),
            PolicyRule(verbs=many("impersonate-on:v"), api_groups=many("g"), resources=many("r")),
            (many("impersonate-on:v"), many("r")),
        ),
        (
            Right(("impersonate:*",), "g1", ("userextras/*",)),
            PolicyRule(
                verbs=many("impersonate:v"), api_groups=many("g"), resources=many("userextras/v")
            ),
            (many("impersonate:v"), many("userextras/v")),
        ),
        (
            Right(("create", "get"), "", ("secrets", "pods")),
            PolicyRule(verbs=many("v"), api_groups=many("g"), resources=many("r")),
            ((), ()),
        ),
        (
            Right(many("v"), "", many("r")),
            PolicyRule(verbs=("*",), api_groups=("",), resources=(*many("r"), "x")),
            (many("v"), many("r")),
        ),
    ],
)
def test_each_verb_and_resource_of_a_right_is_returned_once(
    right: Right, policy_rule: PolicyRule, expected: tuple[tuple[str, ...], tuple[str, ...]]
) -> None:
    verbs, resources = right.granted_by(policy_rule)
    assert (tuple(verbs), tuple(resources)) == expected


@pytest.mark.timeout(10)
def test_a_role_with_many_values_is_reviewed() -> None:
    policy_rule = {
        "apiGroups": ["authentication.k8s.io", *many("g", 2_000)],
        "resources": [*many("userextras/v", 2_000)],
        "verbs": [*many("impersonate:v", 2_000), *many("impersonate-on:v", 2_000)],
    }
    [finding] = review(parsed(cluster_role(policy_rule))).findings
    assert finding.rule == "constrained-impersonation"
    assert "and 3995 more on userextras/v0" in finding.message


_BIG = rule("core", " ".join(many("r", 90)), "get")


@pytest.mark.parametrize(
    "objects",
    [
        [
            cluster_role(_BIG, name="part", labels=LABELS),
            *(cluster_role(name=name, **AGGREGATION) for name in many("all", 12)),
        ],
        [cluster_role(_BIG), grant_role("app", *map(subject, many("account", 12)))],
        [
            cluster_role(_BIG, labels={"rbac.authorization.k8s.io/aggregate-to-view": "true"}),
            *(grant_role("view", name=name) for name in many("binding", 12)),
        ],
        [cluster_role(rule("core", " ".join(many("r", 3_000)), "get"))],
    ],
    ids=["aggregated", "subjects", "bindings", "one rule"],
)
def test_values_of_rules_are_limited(
    objects: list[Object], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rule counts as often as it is reviewed, so that small manifests cannot multiply it."""
    assert review(parsed(*objects))
    monkeypatch.setattr(limits, "MAX_RULE_VALUES", 1_000)
    with pytest.raises(ManifestError, match="rules with more than 1,000 values"):
        review(parsed(*objects))
