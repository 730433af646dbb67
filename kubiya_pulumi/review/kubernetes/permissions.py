"""Sets of RBAC permissions, and the permissions of a rule that other rules do not cover."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import product

from kubiya_pulumi.review.kubernetes.limits import Budget
from kubiya_pulumi.review.kubernetes.rbac import PolicyRule

_Permission = tuple[str, str, str | None, str]
"""A resource, its API group, the name of the object (None: any name) and a verb."""
_UrlPermission = tuple[str, str]
"""A non-resource URL, or a pattern of such URLs, and a verb."""
_Values = tuple[str | None, ...]
"""Values of the dimensions of one permission, or the values of one dimension."""

_ANY_NAME = (None,)


class PermissionSet:
    """All permissions that some rules grant in one scope."""

    def __init__(self, rules: Iterable[PolicyRule], budget: Budget) -> None:
        """Expand the rules into single permissions.

        Args:
            rules: the rules that count together.
            budget: bounds the number of single permissions.

        Raises:
            ManifestError: the budget is exceeded.
        """
        self._permissions: set[_Permission] = set()
        self._url_permissions: set[_UrlPermission] = set()
        for rule in rules:
            self._permissions.update(_expand(rule, budget))
            self._url_permissions.update(_expand_urls(rule, budget))
        self._prefix_lengths = {
            len(url) - 1 for url, _ in self._url_permissions if url.endswith("*")
        }

    def covers(self, permission: _Permission) -> bool:
        """Return whether the set includes the permission.

        A wildcard in the permission also stands for resources and verbs that do not exist yet, so
        only the same wildcard covers it.
        """
        return not self._permissions.isdisjoint(_broader_permissions(permission))

    def covers_url(self, permission: _UrlPermission) -> bool:
        """Return whether the set includes a verb on a URL, or on all URLs of a pattern."""
        url, verb = permission
        patterns = (f"{url[:length]}*" for length in self._prefix_lengths if length <= len(url))
        return not self._url_permissions.isdisjoint(product((url, *patterns), (verb, "*")))


def rules_not_covered_by(
    known: Sequence[PermissionSet], rule: PolicyRule, budget: Budget
) -> Iterator[PolicyRule]:
    """Yield the permissions of a rule that none of the sets covers, as few rules as possible.

    Args:
        known: the permissions that are granted anyway.
        rule: the rule to compare.
        budget: bounds the number of single permissions of the rule.

    Raises:
        ManifestError: the budget is exceeded.
    """
    permissions = [
        permission
        for permission in _expand(rule, budget)
        if not any(permission_set.covers(permission) for permission_set in known)
    ]
    for resources, groups, names, verbs in _group_into_rules(permissions):
        yield PolicyRule(
            verbs=_strings(verbs),
            api_groups=_strings(groups),
            resources=_strings(resources),
            resource_names=_strings(names),
        )
    url_permissions = [
        permission
        for permission in _expand_urls(rule, budget)
        if not any(permission_set.covers_url(permission) for permission_set in known)
    ]
    for urls, verbs in _group_into_rules(url_permissions):
        yield PolicyRule(verbs=_strings(verbs), non_resource_urls=_strings(urls))


def _expand(rule: PolicyRule, budget: Budget) -> Iterator[_Permission]:
    names = rule.resource_names or _ANY_NAME
    budget.spend(len(rule.resources) * len(rule.api_groups) * len(names) * len(rule.verbs))
    return product(rule.resources, rule.api_groups, names, rule.verbs)


def _expand_urls(rule: PolicyRule, budget: Budget) -> Iterator[_UrlPermission]:
    budget.spend(len(rule.non_resource_urls) * len(rule.verbs))
    # Several stars at the end of a URL mean the same as one.
    urls = (url.rstrip("*") + "*" * url.endswith("*") for url in rule.non_resource_urls)
    return product(urls, rule.verbs)


def _broader_permissions(permission: _Permission) -> Iterator[_Permission]:
    """Yield the permissions that each include this one, and the permission itself."""
    resource, group, name, verb = permission
    _, slash, subresource = resource.partition("/")
    resources = {resource, "*"} | ({f"*/{subresource}"} if slash else set())
    return product(resources, {group, "*"}, {name, None}, {verb, "*"})


def _group_into_rules(permissions: Iterable[_Values]) -> Iterator[tuple[_Values, ...]]:
    """Group permissions into Cartesian products, as the lists of a rule are.

    The first dimension is merged by equal remainders: values that occur with the same set of
    remaining dimensions share a product. The remainders are grouped likewise. So `(pods, get)`,
    `(pods, list)`, `(jobs, get)` and `(jobs, list)` become `((pods, jobs), (get, list))`.

    Args:
        permissions: tuples of the same length, one value for each dimension.

    Yields:
        For each product, the values of each dimension.
    """
    remainders_of_value: dict[str | None, dict[_Values, None]] = defaultdict(dict)
    for value, *remainder in permissions:
        remainders_of_value[value][tuple(remainder)] = None
    values_by_remainders: dict[tuple[_Values, ...], list[str | None]] = defaultdict(list)
    for value, remainders in remainders_of_value.items():
        values_by_remainders[tuple(remainders)].append(value)
    for shared_remainders, values in values_by_remainders.items():
        is_last_dimension = shared_remainders == ((),)
        if is_last_dimension:
            yield (tuple(values),)
        else:
            for remaining_dimensions in _group_into_rules(shared_remainders):
                yield (tuple(values), *remaining_dimensions)


def _strings(values: _Values) -> tuple[str, ...]:
    return tuple(value for value in values if value is not None)
