"""Checks of roles that grant too much, and of the subjects that they are granted to.

A role is checked with the scope of its bindings: the whole cluster, or namespaces. A role that
the manifest does not bind is checked with the widest scope that a binding could give it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from kubiya_pulumi.review.checks import access_rules
from kubiya_pulumi.review.checks.access_rules import Risk
from kubiya_pulumi.review.findings import Finding, Rule
from kubiya_pulumi.review.kubernetes.default_cluster_roles import (
    CLUSTER_ADMIN,
    DEFAULT_CLUSTER_ROLES,
)
from kubiya_pulumi.review.kubernetes.inventory import Binding, Inventory
from kubiya_pulumi.review.kubernetes.rbac import PolicyRule, Subject
from kubiya_pulumi.review.kubernetes.references import ObjectReference
from kubiya_pulumi.review.kubernetes.roles import AUTHENTICATION_READER, Role
from kubiya_pulumi.text import join_names, join_quoted

RULES = access_rules.RULES

_SUBJECT_RULES = {
    Subject("Group", "", "system:masters"): access_rules.SYSTEM_MASTERS,
    Subject("Group", "", "system:unauthenticated"): access_rules.UNAUTHENTICATED,
    Subject("User", "", "system:anonymous"): access_rules.UNAUTHENTICATED,
}

# The default roles and bindings whose names do not start with `system:`, by kind and namespace.
_DEFAULT_NAMES: Mapping[tuple[str, str], frozenset[str]] = {
    ("ClusterRole", ""): frozenset(DEFAULT_CLUSTER_ROLES),
    ("ClusterRoleBinding", ""): frozenset({CLUSTER_ADMIN}),
    ("Role", "kube-system"): frozenset({AUTHENTICATION_READER}),
    ("Role", "kube-public"): frozenset(),
    ("RoleBinding", "kube-system"): frozenset(),
    ("RoleBinding", "kube-public"): frozenset(),
}


@dataclass(frozen=True)
class _Scope:
    """To whom and where a role is granted."""

    is_default_role: bool
    is_cluster_wide: bool
    subjects: str
    place: str

    @classmethod
    def of(cls, role: Role, bindings: Sequence[Binding]) -> _Scope:
        if not bindings:
            namespace = role.reference.namespace
            namespaces = [namespace] if namespace else []
        else:
            # A binding for the whole cluster includes those in namespaces.
            cluster_wide = [binding for binding in bindings if binding.namespace is None]
            namespaces = [] if cluster_wide else [binding.namespace or "" for binding in bindings]
            bindings = cluster_wide or bindings
        subjects = dict.fromkeys(str(s) for binding in bindings for s in binding.subjects)
        names = dict.fromkeys(namespaces)
        return cls(
            is_default_role=role.is_default,
            is_cluster_wide=not names,
            subjects=join_names(subjects, 3) or "any subject that is bound to it",
            place=f"in namespace{'s' if len(names) > 1 else ''} {join_quoted(names, 3)}"
            if names
            else "in the whole cluster",
        )


def findings(inventory: Inventory) -> Iterator[Finding]:
    """Yield the findings about roles, bindings and their subjects."""
    bindings_of: dict[Role, list[Binding]] = defaultdict(list)
    for binding in inventory.bindings:
        for subject in binding.subjects:
            if rule := _SUBJECT_RULES.get(subject):
                yield rule.finding(
                    binding.reference, f"The binding grants a role to {subject}. {rule.remediation}"
                )
        if role := inventory.role_of(binding):
            bindings_of[role].append(binding)
    for reference, role, bindings in _reviewed_roles(inventory, bindings_of):
        rules = inventory.roles.effective_rules(role)
        yield from _role_findings(reference, role, rules, _Scope.of(role, bindings))
    yield from _default_role_findings(inventory)


def _reviewed_roles(
    inventory: Inventory, bindings_of: Mapping[Role, list[Binding]]
) -> Iterator[tuple[ObjectReference, Role, list[Binding]]]:
    """Yield each role to check, with its bindings and the object that its findings name."""
    manifest_roles = [role for role in inventory.roles if not role.is_default]
    default_roles = [role for role in inventory.roles if role.is_default]
    # The rules of a role that another role of the manifest aggregates are checked there, unless a
    # default ClusterRole, which exists in every cluster, aggregates them too.
    checked_elsewhere = _sources(inventory, manifest_roles) - _sources(inventory, default_roles)
    for role in manifest_roles:
        if role in bindings_of or role not in checked_elsewhere:
            yield role.reference, role, bindings_of.get(role, [])
    for role, bindings in bindings_of.items():
        if role.is_default:
            for binding in bindings:
                yield binding.reference, role, [binding]


def _sources(inventory: Inventory, roles: Iterable[Role]) -> set[Role]:
    """Return the roles whose rules the aggregated ones among the roles have."""
    return {
        source
        for role in roles
        if role.is_aggregated
        for source in inventory.roles.aggregated_from(role)
    }


def _role_findings(
    reference: ObjectReference, role: Role, rules: Sequence[PolicyRule], scope: _Scope
) -> Iterator[Finding]:
    role_findings = [
        *_wildcard_findings(reference, rules, scope),
        *_risk_findings(reference, rules, scope),
    ]
    if not any(_grants_everything(rule) for rule in rules):
        yield from role_findings
        return
    rule = access_rules.CLUSTER_ADMIN_BOUND if role.is_default else access_rules.FULL_ACCESS
    message = _message(rule, "every verb on every resource", scope)
    yield rule.finding(reference, message, includes=role_findings)


def _grants_everything(rule: PolicyRule) -> bool:
    has_wildcards = "*" in rule.verbs and "*" in rule.api_groups and "*" in rule.resources
    return has_wildcards and not rule.resource_names


def _message(rule: Rule, permissions: str, scope: _Scope) -> str:
    # The manifest cannot restrict a default role, only bind another one.
    fix = access_rules.CLUSTER_ADMIN_BOUND if scope.is_default_role else rule
    granter = "binding" if scope.is_default_role else "role"
    return (
        f"The {granter} grants {permissions} {scope.place} to {scope.subjects}. {fix.remediation}"
    )


def _wildcard_findings(
    reference: ObjectReference, rules: Sequence[PolicyRule], scope: _Scope
) -> Iterator[Finding]:
    wildcard_rules: tuple[tuple[Rule, Callable[[PolicyRule], bool]], ...] = (
        (access_rules.WILDCARD_VERBS, lambda rule: "*" in rule.verbs),
        (access_rules.WILDCARD_RESOURCES, lambda rule: "*" in rule.resources),
        (access_rules.WILDCARD_API_GROUPS, lambda rule: "*" in rule.api_groups),
    )
    for wildcard_rule, has_wildcard in wildcard_rules:
        matching = [rule for rule in rules if rule.verbs and has_wildcard(rule)]
        verbs = _distinct(rule.verbs for rule in matching)
        targets = _distinct((*rule.resources, *rule.non_resource_urls) for rule in matching)
        groups = _distinct(rule.api_groups for rule in matching)
        if targets:
            permissions = f"{join_quoted(verbs)} on {join_quoted(targets)}"
            if groups:
                plural = "s" if len(groups) > 1 else ""
                names = join_quoted(group or "core" for group in groups)
                permissions += f" of API group{plural} {names}"
            yield wildcard_rule.finding(reference, _message(wildcard_rule, permissions, scope))


def _risk_findings(
    reference: ObjectReference, rules: Sequence[PolicyRule], scope: _Scope
) -> Iterator[Finding]:
    without_names = [rule for rule in rules if not rule.resource_names]
    if permissions := _risky_permissions(access_rules.SECRETS, without_names):
        rule = access_rules.READ_SECRETS
        finding = rule.finding(reference, _message(rule, permissions, scope))
        if scope.is_cluster_wide:
            rule = access_rules.READ_SECRETS_EVERYWHERE
            finding = rule.finding(reference, _message(rule, permissions, scope), [finding])
        yield finding
    for risk in access_rules.RISKS:
        applies = scope.is_cluster_wide or not risk.cluster_only
        if applies and (permissions := _risky_permissions(risk, rules)):
            yield risk.rule.finding(reference, _message(risk.rule, permissions, scope))


def _risky_permissions(risk: Risk, rules: Sequence[PolicyRule]) -> str:
    """Return the permissions of a risk that the rules grant; empty if they grant none."""
    granted = [
        (verb, resource, rule)
        for rule in rules
        for group, resource in risk.resources
        for verb in risk.verbs
        if _grants(rule, verb, group, resource)
    ]
    if not granted:
        return ""
    verbs = _distinct((verb,) for verb, _, _ in granted)
    resources = _distinct((resource,) for _, resource, _ in granted)
    names = _distinct(rule.resource_names for _, _, rule in granted)
    has_unnamed = any(not rule.resource_names for _, _, rule in granted)
    named = "" if has_unnamed else f" named {join_quoted(names)}"
    return f"{join_names(verbs)} on {join_names(resources)}{named}"


def _grants(rule: PolicyRule, verb: str, group: str, resource: str) -> bool:
    resource, _, subresource = resource.partition("/")
    # These requests have no object name, so a rule with names does not match them.
    has_no_name = verb in ("create", "deletecollection") and not subresource
    return rule.covers(verb, group, resource, subresource) and not (
        has_no_name and rule.resource_names
    )


def _default_role_findings(inventory: Inventory) -> Iterator[Finding]:
    rule = access_rules.DEFAULT_ROLE
    for kind in dict.fromkeys(kind for kind, _ in _DEFAULT_NAMES):
        for item in inventory.of_kind(kind):
            if _is_default(item.reference):
                yield rule.finding(
                    item.reference,
                    f"The name {join_quoted([item.reference.name])} belongs to a default {kind} of "
                    "Kubernetes: applying the manifest changes it, and `pulumi destroy` deletes "
                    f"it. {rule.remediation}",
                )


def _is_default(reference: ObjectReference) -> bool:
    names = _DEFAULT_NAMES.get((reference.kind, reference.namespace))
    return names is not None and (reference.name in names or reference.name.startswith("system:"))


def _distinct(values: Iterable[Iterable[str]]) -> list[str]:
    """Return each value once, in the order of first occurrence."""
    return list(dict.fromkeys(value for group in values for value in group))
