"""The RBAC permissions that an update would grant and revoke."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache

from kubiya_pulumi.preview_report.objects import ClusterObjects
from kubiya_pulumi.preview_report.steps import Urn
from kubiya_pulumi.review import KubernetesObject
from kubiya_pulumi.review.kubernetes.inventory import Inventory, grants_in
from kubiya_pulumi.review.kubernetes.limits import MAX_PERMISSIONS, Budget
from kubiya_pulumi.review.kubernetes.permissions import PermissionSet, rules_not_covered_by
from kubiya_pulumi.review.kubernetes.rbac import ANY_SUBJECT, Grant, PolicyRule
from kubiya_pulumi.review.kubernetes.roles import Role

_Scope = tuple[Hashable, ...]


@dataclass(frozen=True)
class ClusterGrant:
    """A grant in one of the clusters of a stack."""

    cluster: Urn
    """The Kubernetes provider of the cluster, or `DEFAULT_PROVIDER`."""
    grant: Grant
    """If its rules are unknown, it represents all rules of a role that is not in the preview."""


@dataclass(frozen=True)
class RbacDiff:
    """The grants that an update adds and removes."""

    gained: tuple[ClusterGrant, ...] = ()
    lost: tuple[ClusterGrant, ...] = ()


def diff_rbac(before: ClusterObjects, after: ClusterObjects, *, unchanged_listed: bool) -> RbacDiff:
    """Compare the grants before and after an update.

    Args:
        before: the objects before the update.
        after: the objects after the update.
        unchanged_listed: whether both include the unchanged objects. If not, the bindings of a
            role, or the role of a binding, may be missing.

    Raises:
        ManifestError: the objects grant too many permissions to compare.
    """
    # The default roles are in each cluster before and after the update.
    clusters = before.keys() | after.keys()
    old, new = (
        _cluster_grants(
            {cluster: objects.get(cluster, ()) for cluster in clusters},
            unchanged_listed=unchanged_listed,
        )
        for objects in (before, after)
    )
    budget = Budget(MAX_PERMISSIONS, f"grants more than {MAX_PERMISSIONS:,} single permissions")
    return RbacDiff(
        gained=tuple(_not_covered(new, by=old, budget=budget)),
        lost=tuple(_not_covered(old, by=new, budget=budget)),
    )


def _not_covered(
    grants: Iterable[ClusterGrant], *, by: Iterable[ClusterGrant], budget: Budget
) -> Iterator[ClusterGrant]:
    """Yield the grants, reduced to the permissions that the others do not include."""
    rules: dict[_Scope, dict[PolicyRule, None]] = defaultdict(dict)
    for other in by:
        rules[_scope(other, other.grant.namespace)][other.grant.rule] = None

    @cache
    def permissions(scope: _Scope) -> PermissionSet:
        return PermissionSet(rules[scope], budget)

    for grant in grants:
        rule = grant.grant.rule
        # A permission in the whole cluster includes the same permission in each namespace.
        namespaces = dict.fromkeys((grant.grant.namespace, None))
        scopes = [scope for name in namespaces if (scope := _scope(grant, name)) in rules]
        if any(rule in rules[scope] for scope in scopes):
            continue
        if not scopes or grant.grant.rules_unknown:
            yield grant
            continue
        granted = [permissions(scope) for scope in scopes]
        for remainder in rules_not_covered_by(granted, rule, budget):
            yield replace(grant, grant=replace(grant.grant, **remainder.to_fields()))


def _scope(row: ClusterGrant, namespace: str | None) -> _Scope:
    """Return the key of the grants that count together.

    All grants of one subject in one place count together, whatever the role and the binding. If
    the role's rules or its subjects are unknown, each role is compared by itself.
    """
    grant = row.grant
    is_known = not grant.rules_unknown and grant.subject != ANY_SUBJECT
    return (row.cluster, grant.subject, namespace, "" if is_known else grant.role)


def _cluster_grants(clusters: ClusterObjects, *, unchanged_listed: bool) -> list[ClusterGrant]:
    grants = [
        ClusterGrant(provider, grant)
        for provider, objects in clusters.items()
        for grant in _grants(objects, unchanged_listed=unchanged_listed)
    ]
    return sorted(grants, key=_sort_key)


def _sort_key(row: ClusterGrant) -> tuple[str, ...]:
    grant = row.grant
    return (row.cluster.value, str(grant.subject), grant.namespace or "", grant.role, grant.binding)


def _grants(objects: Sequence[KubernetesObject], *, unchanged_listed: bool) -> Iterator[Grant]:
    """Yield the grants of the bindings, and those of roles that may have other bindings."""
    inventory = Inventory(objects)
    yield from grants_in(inventory)
    bound = {inventory.role_of(binding) for binding in inventory.bindings}
    for role in inventory.roles:
        if role.is_default:
            # Each cluster has subjects of its own bound to these. Other changes of a default role
            # than those by aggregation are the rules of a further role, that of the stack.
            has_other_bindings = role.is_aggregated
        else:
            has_other_bindings = role not in bound or not unchanged_listed
        if has_other_bindings:
            for rule in inventory.roles.effective_rules(role):
                yield _grant_to_any_subject(role, rule)


def _grant_to_any_subject(role: Role, rule: PolicyRule) -> Grant:
    reference = role.reference
    return Grant(
        **rule.to_fields(),
        subject=ANY_SUBJECT,
        namespace=reference.namespace if reference.kind == "Role" else None,
        role=f"{reference.kind}/{reference.name}",
        binding="",
    )
