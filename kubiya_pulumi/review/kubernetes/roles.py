"""The Roles and ClusterRoles of a manifest, with the rules of aggregated ClusterRoles."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import chain
from typing import Any

from kubiya_pulumi.review.kubernetes.coerce import (
    as_list,
    as_mapping,
    as_mappings,
    as_str,
    as_strs,
    get_path,
)
from kubiya_pulumi.review.kubernetes.default_roles import default_roles
from kubiya_pulumi.review.kubernetes.limits import (
    MAX_GRANTS,
    MAX_SELECTOR_COMPARISONS,
    Budget,
    rule_value_budget,
)
from kubiya_pulumi.review.kubernetes.manifest import Body
from kubiya_pulumi.review.kubernetes.rbac import PolicyRule
from kubiya_pulumi.review.kubernetes.references import ObjectReference

SYSTEM_PREFIX = "system:"
"""The beginning of the names that Kubernetes reserves for roles and bindings of its own."""
ROLE_NAMESPACES = frozenset({"kube-system", "kube-public"})
"""The namespaces that contain default Roles."""

_API_VERSION = "rbac.authorization.k8s.io/v1"


@dataclass(frozen=True, eq=False)
class Role:
    """A Role or a ClusterRole."""

    reference: ObjectReference
    body: Body
    is_default: bool = False
    """Whether Kubernetes itself creates the role."""

    @property
    def has_reserved_name(self) -> bool:
        """Whether Kubernetes reserves the name for default roles."""
        namespace, name = self.reference.namespace, self.reference.name
        return name.startswith(SYSTEM_PREFIX) and (not namespace or namespace in ROLE_NAMESPACES)

    @property
    def is_aggregated(self) -> bool:
        """Whether a controller replaces the rules with those of the selected ClusterRoles."""
        has_selectors = isinstance(self.body.get("aggregationRule"), Mapping)
        return has_selectors and self.reference.kind == "ClusterRole"

    @cached_property
    def selectors(self) -> tuple[Mapping[str, Any], ...]:
        """The label selectors of an aggregated ClusterRole."""
        return as_mappings(get_path(self.body, "aggregationRule", "clusterRoleSelectors"))

    @cached_property
    def labels(self) -> Mapping[str, Any]:
        """The labels, by which aggregated ClusterRoles select the role."""
        return as_mapping(get_path(self.body, "metadata", "labels"))


@cache
def _default_roles() -> tuple[Role, ...]:
    return tuple(
        Role(
            ObjectReference(
                _API_VERSION,
                body["kind"],
                body["metadata"].get("namespace", ""),
                body["metadata"]["name"],
            ),
            body,
            is_default=True,
        )
        for body in default_roles()
    )


class Roles:
    """The roles that the bindings of a manifest can refer to."""

    def __init__(self, manifest_roles: Iterable[Role]) -> None:
        """Combine the roles of a manifest with the default roles.

        Args:
            manifest_roles: the Roles and ClusterRoles of the manifest.
        """
        same_key: dict[tuple[str, str, str], list[Role]] = defaultdict(list)
        for role in (*_default_roles(), *manifest_roles):
            reference = role.reference
            same_key[reference.kind, reference.namespace, reference.name].append(role)
        self._roles = {key: _merge_duplicates(roles) for key, roles in same_key.items()}
        self._changes_of_defaults = [
            change for first, *more in same_key.values() if first.is_default for change in more
        ]
        self._cluster_roles = sorted(
            (role for role in self._roles.values() if role.reference.kind == "ClusterRole"),
            key=lambda role: role.reference.name,
        )
        self._rule_budget = Budget(MAX_GRANTS, f"has roles with more than {MAX_GRANTS:,} rules")
        self._value_budget = rule_value_budget()
        self._comparison_budget = Budget(
            MAX_SELECTOR_COMPARISONS, "has too many aggregated ClusterRoles"
        )
        # Each result is computed once, so the budgets count the work that is really done.
        self._effective_rules: dict[Role, tuple[PolicyRule, ...]] = {}
        self._aggregated_from: dict[Role, tuple[Role, ...]] = {}
        self._reachable: dict[Role, Mapping[Role, None]] = {}
        self._selected: dict[Role, tuple[Role, ...]] = {}

    def __iter__(self) -> Iterator[Role]:
        """Yield all roles, then the changes that the manifest makes to default roles."""
        yield from self._roles.values()
        yield from self._changes_of_defaults

    def get(self, kind: str, namespace: str, name: str) -> Role | None:
        """Return the role that a binding in a namespace refers to, or None."""
        return self._roles.get((kind, namespace if kind == "Role" else "", name))

    @staticmethod
    def is_complete(role: Role | None) -> bool:
        """Return whether all rules of a role that a binding refers to can be known.

        They cannot if the role is neither in the manifest nor a default role. A role of the
        manifest with a name that Kubernetes reserves may be a default role of another version of
        Kubernetes, which adds the rules that the manifest omits.
        """
        return role is not None and (role.is_default or not role.has_reserved_name)

    def effective_rules(self, role: Role) -> tuple[PolicyRule, ...]:
        """Return the rules that a role has in the cluster, each once.

        Raises:
            ManifestError: the roles of the manifest exceed a limit.
        """
        if role not in self._effective_rules:
            rules: dict[PolicyRule, None] = {}
            for source in self.aggregated_from(role):
                entries = as_mappings(source.body.get("rules"))
                self._rule_budget.spend(len(entries))
                for entry in entries:
                    rule = PolicyRule.of(entry)
                    self._value_budget.spend(rule.value_count)
                    rules[rule] = None
            self._effective_rules[role] = tuple(rules)
        return self._effective_rules[role]

    def aggregated_from(self, role: Role) -> tuple[Role, ...]:
        """Return the roles whose rules a role has: itself, unless it is aggregated.

        Raises:
            ManifestError: the roles of the manifest exceed a limit.
        """
        if role not in self._aggregated_from:
            self._aggregated_from[role] = (
                self._find_sources(role) if role.is_aggregated else (role,)
            )
        return self._aggregated_from[role]

    def _find_sources(self, role: Role) -> tuple[Role, ...]:
        # The controller overwrites the rules that the manifest sets in an aggregated role. In a
        # cycle of aggregated roles another one may have copied them before, and then they stay.
        return tuple(
            source
            for source in self._reachable_from(role)
            if not source.is_aggregated or source in self._reachable_from(source)
        )

    def _reachable_from(self, role: Role) -> Mapping[Role, None]:
        """Return the roles in all chains of aggregation from this one; itself only in a cycle."""
        if role not in self._reachable:
            visited: dict[Role, None] = {}
            stack = [role]
            while stack:
                new = [source for source in self._selected_by(stack.pop()) if source not in visited]
                self._rule_budget.spend(len(new))
                visited.update(dict.fromkeys(new))
                stack.extend(source for source in new if source.is_aggregated)
            self._reachable[role] = visited
        return self._reachable[role]

    def _selected_by(self, role: Role) -> tuple[Role, ...]:
        """Return the roles that an aggregated role selects, except itself."""
        if role not in self._selected:
            conditions = sum(_count_conditions(selector) for selector in role.selectors)
            self._comparison_budget.spend(conditions * len(self._cluster_roles))
            self._selected[role] = tuple(
                candidate
                for candidate in self._cluster_roles
                if candidate is not role
                and any(selects(selector, candidate.labels) for selector in role.selectors)
            )
        return self._selected[role]


def _merge_duplicates(roles: Sequence[Role]) -> Role:
    """Return the role that several objects of the same name result in.

    Applying one of them keeps in the cluster what it does not set. So a permission that one
    object grants counts, whatever the others contain.
    """
    first, *more = roles
    if not more:
        return first
    selectors = [selector for role in roles for selector in role.selectors]
    is_aggregated = any(role.is_aggregated for role in roles)
    aggregation = {"aggregationRule": {"clusterRoleSelectors": selectors}} if is_aggregated else {}
    body = {
        "metadata": {"labels": dict(chain.from_iterable(role.labels.items() for role in roles))},
        "rules": [entry for role in roles for entry in as_mappings(role.body.get("rules"))],
        **aggregation,
    }
    return Role(first.reference, body, first.is_default)


def _count_conditions(selector: Mapping[str, Any]) -> int:
    expressions = as_mappings(selector.get("matchExpressions"))
    values = sum(1 + len(as_list(expression.get("values"))) for expression in expressions)
    return 1 + len(as_mapping(selector.get("matchLabels"))) + values


def selects(selector: Mapping[str, Any], labels: Mapping[str, Any]) -> bool:
    """Return whether a label selector matches; an empty one matches everything."""
    required = as_mapping(selector.get("matchLabels"))
    return all(labels.get(key) == value for key, value in required.items()) and all(
        _is_met(expression, labels) for expression in as_mappings(selector.get("matchExpressions"))
    )


def _is_met(expression: Mapping[str, Any], labels: Mapping[str, Any]) -> bool:
    value = labels.get(as_str(expression.get("key")))
    match expression.get("operator"):
        case "In":
            return value is not None and value in as_strs(expression.get("values"))
        case "NotIn":
            return value not in as_strs(expression.get("values"))
        case "Exists":
            return value is not None
        case "DoesNotExist":
            return value is None
    return False
