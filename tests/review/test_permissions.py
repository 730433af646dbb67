"""The permissions of a rule that others do not cover, checked request by request."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from kubiya_pulumi.review.kubernetes.limits import Budget
from kubiya_pulumi.review.kubernetes.permissions import PermissionSet, rules_not_covered_by
from kubiya_pulumi.review.kubernetes.rbac import Grant, PolicyRule, Subject

NEW = "unheard-of"
VERBS = ("get", "list", "*")
GROUPS = ("", "apps", "*")
RESOURCES = ("pods", "pods/log", "pods/*", "*/log", "jobs/log", "*")
NAMES = ("", "one", "two")
URLS = ("/a", "/a*", "/a**", "/a*b", "/a/*", "/a/b", "/*", "*")

REQUESTS = tuple(
    product(("get", NEW), ("", NEW), ("pods", NEW), ("", "log", "*", NEW), ("", "one", NEW))
)
PATHS = tuple(product(("get", NEW), ("/a", "/a*b", "/ab", "/a/b", "/a/c", "/b", "b")))


def some(values: Sequence[str], min_size: int = 1) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(values), min_size=min_size, max_size=3).map(tuple)


policy_rules = st.one_of(
    st.builds(
        PolicyRule,
        verbs=some(VERBS),
        api_groups=some(GROUPS),
        resources=some(RESOURCES),
        resource_names=some(NAMES, min_size=0),
    ),
    st.builds(PolicyRule, verbs=some(VERBS), non_resource_urls=some(URLS)),
)


def allowed(rules: Sequence[PolicyRule]) -> set[tuple[str, ...]]:
    """Return the requests that the rules allow a subject."""
    subject = Subject("ServiceAccount", "one", "app")
    grants = [
        Grant(**rule.to_fields(), subject=subject, namespace=None, role="", binding="")
        for rule in rules
    ]
    requests = {request for request in REQUESTS if any(g.allows(*request) for g in grants)}
    return requests | {path for path in PATHS if any(g.allows_url(*path) for g in grants)}


@given(st.lists(policy_rules, max_size=4), policy_rules)
def test_the_difference_allows_exactly_the_requests_that_are_not_covered(
    known: list[PolicyRule], rule: PolicyRule
) -> None:
    budget = Budget(1_000_000, "exceeds the limit")
    known_sets = [PermissionSet(known[:2], budget), PermissionSet(known[2:], budget)]
    difference = list(rules_not_covered_by(known_sets, rule, budget))
    assert allowed([rule]) - allowed(known) <= allowed(difference) <= allowed([rule])
    # Each single permission of the difference allows a request that was not allowed before.
    for remainder in difference:
        names = remainder.resource_names or (NEW,)
        for verb, group, resource, name in product(
            remainder.verbs, remainder.api_groups, remainder.resources, names
        ):
            kind, _, subresource = resource.partition("/")
            request = (as_new(verb), as_new(group), as_new(kind), subresource, name)
            assert not any(
                old.covers(*request[:4]) and (not old.resource_names or name in old.resource_names)
                for old in known
            )
        for verb, url in product(remainder.verbs, remainder.non_resource_urls):
            path = url.rstrip("*") + NEW if url.endswith("*") else url
            assert not any(old.covers_url(as_new(verb), path) for old in known)


def as_new(value: str) -> str:
    return NEW if value == "*" else value
