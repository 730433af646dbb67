"""What one rule allows beyond others: as the API server would take it, for each request."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from kubiya_pulumi.review.kubernetes.limits import Allowance
from kubiya_pulumi.review.kubernetes.permissions import Reach, beyond
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


def some(values: Sequence[str], least: int = 1) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(values), min_size=least, max_size=3).map(tuple)


policy_rules = st.one_of(
    st.builds(
        PolicyRule,
        verbs=some(VERBS),
        api_groups=some(GROUPS),
        resources=some(RESOURCES),
        resource_names=some(NAMES, least=0),
    ),
    st.builds(PolicyRule, verbs=some(VERBS), non_resource_urls=some(URLS)),
)


def allowed(rules: Sequence[PolicyRule]) -> set[tuple[str, ...]]:
    """Those of the requests that a subject with these rules may make."""
    who = Subject("ServiceAccount", "one", "app")
    grants = [
        Grant(**vars(rule), subject=who, namespace=None, role="", binding="") for rule in rules
    ]
    found = {request for request in REQUESTS if any(each.allows(*request) for each in grants)}
    return found | {path for path in PATHS if any(each.allows_url(*path) for each in grants)}


@given(st.lists(policy_rules, max_size=4), policy_rules)
def test_no_request_more_and_none_less(known: list[PolicyRule], rule: PolicyRule) -> None:
    allowance = Allowance(1_000_000, "is too much")
    parts = [Reach(known[:2], allowance), Reach(known[2:], allowance)]
    more = list(beyond(rule, parts, allowance))
    assert allowed([rule]) - allowed(known) <= allowed(more) <= allowed([rule])
    # Each single right of what is more stands for a request that is new.
    for each in more:
        names = each.resource_names or (NEW,)
        for verb, group, resource, name in product(
            each.verbs, each.api_groups, each.resources, names
        ):
            kind, _, subresource = resource.partition("/")
            request = (as_new(verb), as_new(group), as_new(kind), subresource, name)
            assert not any(
                old.covers(*request[:4]) and (not old.resource_names or name in old.resource_names)
                for old in known
            )
        for verb, url in product(each.verbs, each.non_resource_urls):
            path = url.rstrip("*") + NEW if url.endswith("*") else url
            assert not any(old.covers_url(as_new(verb), path) for old in known)


def as_new(value: str) -> str:
    return NEW if value == "*" else value
