"""What each role of a manifest allows, with the rules that it gathers from other roles."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import chain
from typing import Any

from kubiya_pulumi.review.findings import ObjectReference
from kubiya_pulumi.review.kubernetes.coerce import inside, listed, mapping, mappings, text, texts
from kubiya_pulumi.review.kubernetes.default_cluster_roles import BUILT_IN_ROLES
from kubiya_pulumi.review.kubernetes.limits import MOST_COMPARISONS, MOST_RIGHTS, Allowance
from kubiya_pulumi.review.kubernetes.manifest import Body
from kubiya_pulumi.review.kubernetes.rbac import PolicyRule

AUTHENTICATION_READER = "extension-apiserver-authentication-reader"
"""A Role in `kube-system`, the one of Kubernetes there whose name does not begin with `system:`."""

_GROUP = "rbac.authorization.k8s.io/v1"


@dataclass(frozen=True, eq=False)
class Role:
    """A Role or a ClusterRole."""

    reference: ObjectReference
    body: Body
    built_in: bool = False
    """Whether it is Kubernetes' own, and not in the manifest."""

    @property
    def aggregated(self) -> bool:
        """Whether a controller gathers its rules, in place of those in the manifest."""
        gathers = isinstance(self.body.get("aggregationRule"), Mapping)
        return gathers and self.reference.kind == "ClusterRole"

    @property
    def selectors(self) -> tuple[Mapping[str, Any], ...]:
        """Those of the labels of the roles whose rules it gathers."""
        return mappings(inside(self.body, "aggregationRule", "clusterRoleSelectors"))

    @cached_property
    def labels(self) -> Mapping[str, Any]:
        """The labels by which other roles gather its rules."""
        return mapping(inside(self.body, "metadata", "labels"))


def is_system_role(name: str) -> bool:
    """Whether a role of that name is in every cluster, with rules that are not known here."""
    return name.startswith("system:") or name == AUTHENTICATION_READER


class Roles:
    """The roles that bindings of a manifest can refer to.

    Args:
        manifest: the Roles and ClusterRoles of the manifest.
    """

    def __init__(self, manifest: Iterable[Role]) -> None:
        built_in = (
            Role(ObjectReference(_GROUP, "ClusterRole", "", name), body, built_in=True)
            for name, body in BUILT_IN_ROLES.items()
        )
        named: dict[tuple[str, str, str], list[Role]] = defaultdict(list)
        for role in (*built_in, *manifest):
            named[_key(role.reference)].append(role)
        self._roles = {key: _united(roles) for key, roles in named.items()}
        self._own = [own for first, *more in named.values() if first.built_in for own in more]
        self._cluster_roles = sorted(
            (role for role in self._roles.values() if role.reference.kind == "ClusterRole"),
            key=lambda role: role.reference.name,
        )
        self._rules = Allowance(MOST_RIGHTS, f"has roles with more than {MOST_RIGHTS:,} rules")
        self._comparisons = Allowance(
            MOST_COMPARISONS, "has too many roles that gather their rules from others"
        )
        # Caches of this object alone, so that they end with it.
        self.gathered_from: Callable[[Role], tuple[Role, ...]] = cache(self._gathered_from)
        """The roles whose rules a role has, itself if it is not aggregated."""
        self.rules_of: Callable[[Role], tuple[PolicyRule, ...]] = cache(self._rules_of)
        """What a role allows: each rule once."""
        self._reached: Callable[[Role], Mapping[Role, None]] = cache(self._reached_from)
        self._matched: Callable[[Role], tuple[Role, ...]] = cache(self._matched_by)

    def __iter__(self) -> Iterator[Role]:
        """All roles, and what the manifest itself says of a role of Kubernetes."""
        yield from self._roles.values()
        yield from self._own

    def get(self, kind: str, namespace: str, name: str) -> Role | None:
        """The role that a binding in a namespace refers to, or None."""
        return self._roles.get((kind, namespace if kind == "Role" else "", name))

    def _rules_of(self, role: Role) -> tuple[PolicyRule, ...]:
        found: dict[PolicyRule, None] = {}
        for source in self.gathered_from(role):
            entries = mappings(source.body.get("rules"))
            self._rules.take(len(entries))
            found.update(dict.fromkeys(PolicyRule.of(entry) for entry in entries))
        return tuple(found)

    def _gathered_from(self, role: Role) -> tuple[Role, ...]:
        if not role.aggregated:
            return (role,)
        # A controller overwrites the rules that stand in an aggregated role. In a circle of
        # such roles others may have gathered them by then, and they come back for good.
        found = self._reached(role)
        return tuple(each for each in found if not each.aggregated or each in self._reached(each))

    def _reached_from(self, role: Role) -> Mapping[Role, None]:
        """The roles in all chains of aggregation from this one; itself only in a circle."""
        seen: dict[Role, None] = {}
        ahead = [role]
        while ahead:
            matched = [each for each in self._matched(ahead.pop()) if each not in seen]
            self._rules.take(len(matched))
            seen.update(dict.fromkeys(matched))
            ahead.extend(each for each in matched if each.aggregated)
        return seen

    def _matched_by(self, role: Role) -> tuple[Role, ...]:
        """The roles that the selectors of an aggregated one select, itself left out."""
        self._comparisons.take(sum(map(_size, role.selectors)) * len(self._cluster_roles))
        return tuple(
            each
            for each in self._cluster_roles
            if each is not role and any(_selects(s, each.labels) for s in role.selectors)
        )


def _key(reference: ObjectReference) -> tuple[str, str, str]:
    return reference.kind, reference.namespace, reference.name


def _united(roles: Sequence[Role]) -> Role:
    """The role that objects of the same name make.

    Applying one of them leaves in the cluster what it does not name. So what is known to be
    allowed stays so, whatever another object says of it.
    """
    first, *more = roles
    if not more:
        return first
    selectors = [selector for role in roles for selector in role.selectors]
    gathering = {"aggregationRule": {"clusterRoleSelectors": selectors}}
    body = {
        "metadata": {"labels": dict(chain.from_iterable(role.labels.items() for role in roles))},
        "rules": [entry for role in roles for entry in mappings(role.body.get("rules"))],
        **(gathering if any(role.aggregated for role in roles) else {}),
    }
    return Role(first.reference, body, first.built_in)


def _size(selector: Mapping[str, Any]) -> int:
    expressions = mappings(selector.get("matchExpressions"))
    values = sum(1 + len(listed(each.get("values"))) for each in expressions)
    return 1 + len(mapping(selector.get("matchLabels"))) + values


def _selects(selector: Mapping[str, Any], labels: Mapping[str, Any]) -> bool:
    """Whether a label selector holds; an empty one holds for all."""
    wanted = mapping(selector.get("matchLabels"))
    return all(labels.get(key) == value for key, value in wanted.items()) and all(
        _holds(expression, labels) for expression in mappings(selector.get("matchExpressions"))
    )


def _holds(expression: Mapping[str, Any], labels: Mapping[str, Any]) -> bool:
    value = labels.get(text(expression.get("key")))
    match expression.get("operator"):
        case "In":
            return value is not None and value in texts(expression.get("values"))
        case "NotIn":
            return value not in texts(expression.get("values"))
        case "Exists":
            return value is not None
        case "DoesNotExist":
            return value is None
    return False
