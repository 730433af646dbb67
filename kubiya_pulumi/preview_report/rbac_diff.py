"""Who would be allowed more, and who less."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache

from kubiya_pulumi.preview_report.objects import Objects
from kubiya_pulumi.preview_report.plan import Urn
from kubiya_pulumi.review import KubernetesObject, review
from kubiya_pulumi.review.kubernetes.coerce import inside, mappings, text
from kubiya_pulumi.review.kubernetes.limits import MOST_SINGLE_RIGHTS, Allowance
from kubiya_pulumi.review.kubernetes.permissions import Reach, beyond
from kubiya_pulumi.review.kubernetes.rbac import Grant, PolicyRule, Subject

WHOEVER_IS_BOUND = Subject("", "", "")
"""The subject of a role's rules whose bindings the preview does not list."""

_Scope = tuple[Hashable, ...]

_ROLES = ("Role", "ClusterRole")
_BINDINGS = ("RoleBinding", "ClusterRoleBinding")


@dataclass(frozen=True)
class Access:
    """A row of the table of access, in one of the clusters of a stack."""

    cluster: Urn
    """The Kubernetes provider; `DEFAULT` for the default one."""
    grant: Grant
    """Without verbs: all that the role allows, which the preview does not tell."""


@dataclass(frozen=True)
class AccessChange:
    """What the table of access gains and loses."""

    gained: tuple[Access, ...] = ()
    lost: tuple[Access, ...] = ()


def access_change(before: Objects, after: Objects, *, all_listed: bool) -> AccessChange:
    """Compare the table of access before and after.

    Args:
        before: the objects as they are.
        after: the objects as they would be.
        all_listed: whether objects that stay as they are are among them. If not, a role may
            have bindings that are missing, and a binding a role.
    """
    old, new = _table(before, all_listed=all_listed), _table(after, all_listed=all_listed)
    allowance = Allowance(
        MOST_SINGLE_RIGHTS, f"stands for more than {MOST_SINGLE_RIGHTS:,} single rights"
    )
    return AccessChange(
        gained=tuple(_beyond(old, new, allowance)), lost=tuple(_beyond(new, old, allowance))
    )


def _beyond(
    known: Iterable[Access], rows: Iterable[Access], allowance: Allowance
) -> Iterator[Access]:
    """What the rows allow that the known ones do not, in rows with the rest left out."""
    rules: dict[_Scope, dict[PolicyRule, None]] = defaultdict(dict)
    for row in known:
        rules[_scope(row, row.grant.namespace)][row.grant.rule] = None

    @cache
    def reach(scope: _Scope) -> Reach:
        return Reach(rules[scope], allowance)

    for row in rows:
        rule = row.grant.rule
        # What is allowed in the whole cluster is allowed in each namespace.
        places = dict.fromkeys((row.grant.namespace, None))
        scopes = [scope for place in places if (scope := _scope(row, place)) in rules]
        if any(rule in rules[scope] for scope in scopes):
            continue
        if not scopes or not rule.verbs:
            yield row
            continue
        for more in beyond(rule, [reach(scope) for scope in scopes], allowance):
            yield replace(row, grant=replace(row.grant, **vars(more)))


def _scope(row: Access, namespace: str | None) -> _Scope:
    """Whose rights count together. By which role and binding makes no difference to a subject."""
    grant = row.grant
    # What is not told of a role, or of who is bound to it, is compared role by role.
    told = grant.verbs and grant.subject != WHOEVER_IS_BOUND
    return (row.cluster, grant.subject, namespace, "" if told else grant.role)


def _table(clusters: Objects, *, all_listed: bool) -> list[Access]:
    rows = [
        Access(provider, grant)
        for provider, objects in clusters.items()
        for grant in _grants(objects, all_listed=all_listed)
    ]
    return sorted(rows, key=_order)


def _order(row: Access) -> tuple[str, ...]:
    grant = row.grant
    return (row.cluster.value, str(grant.subject), grant.namespace or "", grant.role, grant.binding)


def _grants(objects: Sequence[KubernetesObject], *, all_listed: bool) -> Iterator[Grant]:
    """The rows of the review, and rows for the ends that the listed objects leave open."""
    yield from (grants := review(objects).grants)
    resolved = {(grant.binding, grant.namespace) for grant in grants}
    roles = {_key(item.kind, item): item for item in _of_kind(objects, _ROLES)}
    bound = set()
    for binding in _of_kind(objects, _BINDINGS):
        role = _key(text(inside(binding.body, "roleRef", "kind")), binding)
        bound.add(role)
        if role not in roles and (_short(binding), _place(binding)) not in resolved:
            yield from _without_role(binding)
    for key, item in roles.items():
        if not all_listed or key not in bound:
            yield from _without_binding(item)


def _of_kind(
    objects: Sequence[KubernetesObject], kinds: tuple[str, ...]
) -> Iterator[KubernetesObject]:
    for item in objects:
        if item.kind in kinds and item.api_version.startswith("rbac.authorization.k8s.io/"):
            yield item


def _key(kind: str, item: KubernetesObject) -> tuple[str, str | None, str]:
    """A role by kind, namespace and name: the item itself, or the one that a binding names."""
    name = text(inside(item.body, "roleRef", "name")) if item.kind in _BINDINGS else item.name
    return (kind, _place(item) if kind == "Role" else None, name)


def _place(item: KubernetesObject) -> str | None:
    """The namespace; None for an object of the whole cluster."""
    return None if item.kind.startswith("Cluster") else item.namespace or "default"


def _short(item: KubernetesObject) -> str:
    return f"{item.kind}/{item.name}"


def _without_role(binding: KubernetesObject) -> Iterator[Grant]:
    """All that the role allows, for each subject."""
    reference = inside(binding.body, "roleRef")
    role = f"{text(inside(reference, 'kind'))}/{text(inside(reference, 'name'))}"
    for entry in mappings(binding.body.get("subjects")):
        yield Grant(
            subject=Subject.of(entry, binding.namespace),
            namespace=_place(binding),
            role=role,
            binding=_short(binding),
        )


def _without_binding(role: KubernetesObject) -> Iterator[Grant]:
    """Each rule of the role, for whoever is bound to it."""
    for entry in mappings(role.body.get("rules")):
        yield Grant(
            **vars(PolicyRule.of(entry)),
            subject=WHOEVER_IS_BOUND,
            namespace=_place(role),
            role=_short(role),
            binding="",
        )
