"""What rules allow, taken apart into single rights, and what one allows beyond others."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import product

from kubiya_pulumi.review.kubernetes.limits import Allowance
from kubiya_pulumi.review.kubernetes.rbac import PolicyRule

_Right = tuple[str, str, str | None, str]
"""A resource, its API group, the name of the object (None: any), and a verb."""
_OnUrl = tuple[str, str]
"""A path that is no resource, or a pattern of paths, and a verb."""
_Tuple = tuple[str | None, ...]

_ANY_NAME = (None,)


class Reach:
    """All that some rules allow in one place.

    Args:
        rules: those that count together.
        allowance: of the single rights that they are made of.

    Raises:
        ManifestError: they are made of more.
    """

    def __init__(self, rules: Iterable[PolicyRule], allowance: Allowance) -> None:
        self._rights: set[_Right] = set()
        self._on_urls: set[_OnUrl] = set()
        for rule in rules:
            self._rights.update(_rights(rule, allowance))
            self._on_urls.update(_on_urls(rule, allowance))
        self._lengths = {len(url) - 1 for url, _ in self._on_urls if url.endswith("*")}

    def allows(self, right: _Right) -> bool:
        """Whether it allows all that the right does, a star included: what is to come, too."""
        return not self._rights.isdisjoint(_wider(right))

    def allows_on_url(self, right: _OnUrl) -> bool:
        """Whether it allows a verb on a path, or on all paths of a pattern such as `/logs/*`."""
        url, verb = right
        wider = (f"{url[:length]}*" for length in self._lengths if length <= len(url))
        return not self._on_urls.isdisjoint(product((url, *wider), (verb, "*")))


def beyond(rule: PolicyRule, known: Sequence[Reach], allowance: Allowance) -> Iterator[PolicyRule]:
    """What a rule allows and none of the known does, in as few rules as can say it.

    Args:
        rule: what to look for.
        known: what is allowed anyway.
        allowance: of the single rights that the rule is made of.

    Raises:
        ManifestError: there are more of them.
    """
    rights = [
        right
        for right in _rights(rule, allowance)
        if not any(reach.allows(right) for reach in known)
    ]
    for resources, groups, names, verbs in _products(rights):
        yield PolicyRule(
            verbs=_texts(verbs),
            api_groups=_texts(groups),
            resources=_texts(resources),
            resource_names=_texts(names),
        )
    on_urls = [
        right
        for right in _on_urls(rule, allowance)
        if not any(reach.allows_on_url(right) for reach in known)
    ]
    for urls, verbs in _products(on_urls):
        yield PolicyRule(verbs=_texts(verbs), non_resource_urls=_texts(urls))


def _rights(rule: PolicyRule, allowance: Allowance) -> Iterator[_Right]:
    names = rule.resource_names or _ANY_NAME
    parts = (rule.resources, rule.api_groups, names, rule.verbs)
    allowance.take(len(parts[0]) * len(parts[1]) * len(parts[2]) * len(parts[3]))
    return product(*parts)


def _on_urls(rule: PolicyRule, allowance: Allowance) -> Iterator[_OnUrl]:
    allowance.take(len(rule.non_resource_urls) * len(rule.verbs))
    # Several stars at the end are as good as one.
    urls = (url.rstrip("*") + "*" * url.endswith("*") for url in rule.non_resource_urls)
    return product(urls, rule.verbs)


def _wider(right: _Right) -> Iterator[_Right]:
    """The rights of which each allows all that this one does, itself among them."""
    resource, group, name, verb = right
    _, slash, subresource = resource.partition("/")
    resources = {resource, "*"} | ({f"*/{subresource}"} if slash else set())
    return product(resources, {group, "*"}, {name, None}, {verb, "*"})


def _products(tuples: Iterable[_Tuple]) -> Iterator[tuple[_Tuple, ...]]:
    """Tuples of one length as products: `(a, x), (b, x)` is all of `(a, b)` with all of `(x,)`."""
    rests: dict[str | None, dict[_Tuple, None]] = defaultdict(dict)
    for first, *rest in tuples:
        rests[first][tuple(rest)] = None
    alike: dict[tuple[_Tuple, ...], list[str | None]] = defaultdict(list)
    for one, its_rests in rests.items():
        alike[tuple(its_rests)].append(one)
    for those, firsts in alike.items():
        ends = _products(those) if those != ((),) else [()]
        for end in ends:
            yield (tuple(firsts), *end)


def _texts(values: _Tuple) -> tuple[str, ...]:
    return tuple(value for value in values if value is not None)
