"""Findings on roles that allow more than a workload should have, and on whom they are given to.

A role is looked at with the reach that its bindings give it: the whole cluster, or namespaces.
One that nothing in the manifest binds counts with all the reach that a binding could give it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from kubiya_pulumi.review.checks import rbac_rules
from kubiya_pulumi.review.checks.rbac_rules import Risk
from kubiya_pulumi.review.findings import Finding, ObjectReference, Rule
from kubiya_pulumi.review.kubernetes.inventory import Binding, Inventory
from kubiya_pulumi.review.kubernetes.rbac import PolicyRule, Subject
from kubiya_pulumi.review.kubernetes.roles import Role
from kubiya_pulumi.text import join_names, join_quoted

RULES = rbac_rules.RULES

_SUBJECT_RULES = {
    Subject("Group", "", "system:masters"): rbac_rules.SYSTEM_MASTERS,
    Subject("Group", "", "system:unauthenticated"): rbac_rules.UNAUTHENTICATED,
    Subject("User", "", "system:anonymous"): rbac_rules.UNAUTHENTICATED,
}


@dataclass(frozen=True)
class _Reach:
    """To whom a role is given, and where."""

    in_cluster: bool
    who: str
    where: str

    @classmethod
    def of(cls, role: Role, bindings: Sequence[Binding]) -> _Reach:
        if not bindings:
            namespace = role.reference.namespace
            spaces = [namespace] if namespace else []
        else:
            # Once it is given in the whole cluster, that is what there is to say.
            wide = [each for each in bindings if each.namespace is None]
            spaces = [] if wide else [each.namespace or "" for each in bindings]
            bindings = wide or bindings
        subjects = dict.fromkeys(str(one) for each in bindings for one in each.subjects)
        return cls(
            in_cluster=not spaces,
            who=join_names(subjects, most=3) or "Whoever is bound to it",
            where=f"in namespace {join_quoted(dict.fromkeys(spaces), most=3)}"
            if spaces
            else "in the whole cluster",
        )


def findings(inventory: Inventory) -> Iterator[Finding]:
    """Rights that good practice warns of, and subjects that should have none."""
    bindings: dict[Role, list[Binding]] = defaultdict(list)
    for binding in inventory.bindings:
        for subject in binding.subjects:
            if rule := _SUBJECT_RULES.get(subject):
                yield rule.found(binding.reference, f"Gives rights to {subject}.")
        namespace = binding.reference.namespace
        if role := inventory.roles.get(binding.role_kind, namespace, binding.role_name):
            bindings[role].append(binding)
    for where, role, bound in _looked_at(inventory, bindings):
        yield from _of_role(where, role, inventory.roles.rules_of(role), _Reach.of(role, bound))


def _looked_at(
    inventory: Inventory, bindings: dict[Role, list[Binding]]
) -> Iterator[tuple[ObjectReference, Role, list[Binding]]]:
    """Roles with their bindings, and the object of the manifest that is to be named."""
    ours = [role for role in inventory.roles if not role.built_in]
    # What another role of the manifest gathers is found there, unless a role that is in every
    # cluster gathers it as well.
    others = [role for role in inventory.roles if role.built_in]
    found_elsewhere = _gathered(inventory, ours) - _gathered(inventory, others)
    for role in ours:
        if role in bindings or role not in found_elsewhere:
            yield role.reference, role, bindings.get(role, [])
    for role, bound in bindings.items():
        if role.built_in:
            for binding in bound:
                yield binding.reference, role, [binding]


def _gathered(inventory: Inventory, into: Iterable[Role]) -> set[Role]:
    return {
        source for role in into if role.aggregated for source in inventory.roles.gathered_from(role)
    }


def _of_role(
    where: ObjectReference, role: Role, rules: Sequence[PolicyRule], reach: _Reach
) -> Iterator[Finding]:
    found = [*_wildcards(where, rules, reach), *_risks(where, rules, reach)]
    if not any(_is_full(rule) for rule in rules):
        yield from found
        return
    named = rbac_rules.CLUSTER_ADMIN_BOUND if role.built_in else rbac_rules.FULL_ACCESS
    message = f"{reach.who} may do everything with everything {reach.where}."
    yield named.found(where, message, includes=found)


def _is_full(rule: PolicyRule) -> bool:
    every = "*" in rule.verbs and "*" in rule.api_groups and "*" in rule.resources
    return every and not rule.resource_names


def _wildcards(
    where: ObjectReference, rules: Sequence[PolicyRule], reach: _Reach
) -> Iterator[Finding]:
    kinds: tuple[tuple[Rule, Callable[[PolicyRule], bool]], ...] = (
        (rbac_rules.WILDCARD_VERBS, lambda rule: "*" in rule.verbs),
        (rbac_rules.WILDCARD_RESOURCES, lambda rule: "*" in rule.resources),
        (rbac_rules.WILDCARD_API_GROUPS, lambda rule: "*" in rule.api_groups),
    )
    for named, has in kinds:
        hits = [rule for rule in rules if rule.verbs and has(rule)]
        verbs = _all(rule.verbs for rule in hits)
        things = _all((*rule.resources, *rule.non_resource_urls) for rule in hits)
        groups = _all(rule.api_groups for rule in hits)
        if things:
            of = join_quoted(group or "core" for group in groups)
            of = f" of the API groups {of}" if groups else ""
            yield named.found(
                where,
                f"{reach.who} has {join_quoted(verbs)} on {join_quoted(things)}{of} {reach.where}.",
            )


def _risks(where: ObjectReference, rules: Sequence[PolicyRule], reach: _Reach) -> Iterator[Finding]:
    unnamed = [rule for rule in rules if not rule.resource_names]
    if message := _message(rbac_rules.SECRETS, unnamed, reach):
        reading = rbac_rules.READ_SECRETS.found(where, message)
        everywhere = rbac_rules.READ_SECRETS_EVERYWHERE
        yield everywhere.found(where, message, [reading]) if reach.in_cluster else reading
    for risk in rbac_rules.RISKS:
        counts = reach.in_cluster or not risk.cluster_only
        if counts and (message := _message(risk, rules, reach)):
            yield risk.rule.found(where, message)


def _message(risk: Risk, rules: Sequence[PolicyRule], reach: _Reach) -> str:
    """What the rules allow of the risk; empty where they allow none of it."""
    hits = [
        (verb, resource, rule)
        for rule in rules
        for group, resource in risk.resources
        for verb in risk.verbs
        if _allows(rule, verb, group, resource)
    ]
    if not hits:
        return ""
    verbs = _all((verb,) for verb, _, _ in hits)
    resources = _all((resource,) for _, resource, _ in hits)
    names = _all(rule.resource_names for _, _, rule in hits)
    unnamed = any(not rule.resource_names for _, _, rule in hits)
    only = "" if unnamed else f" named {join_quoted(names)}"
    return f"{reach.who} may {join_names(verbs)} {join_names(resources)}{only} {reach.where}."


def _allows(rule: PolicyRule, verb: str, group: str, resource: str) -> bool:
    resource, _, subresource = resource.partition("/")
    # Such requests have no name yet, and a rule with names is not about them.
    nameless = verb in ("create", "deletecollection") and not subresource
    return rule.covers(verb, group, resource, subresource) and not (
        nameless and rule.resource_names
    )


def _all(values: Iterable[Iterable[str]]) -> list[str]:
    """Each value once, in the order of their first places."""
    return list(dict.fromkeys(value for each in values for value in each))
