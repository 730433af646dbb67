"""Checks of roles that grant too much, and of the subjects that they are granted to.

A role is checked with the scope of its bindings: the whole cluster, or namespaces. A role that
the manifest does not bind is checked with the widest scope that a binding could give it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from kubiya_pulumi.review.checks import (
    access_rules,
    cluster_rights,
    identity_rights,
    workload_rights,
)
from kubiya_pulumi.review.checks.access_scope import Scope, place_text
from kubiya_pulumi.review.findings import Finding, Rule
from kubiya_pulumi.review.kubernetes import rbac
from kubiya_pulumi.review.kubernetes.api_groups import RBAC_KINDS
from kubiya_pulumi.review.kubernetes.default_roles import default_names
from kubiya_pulumi.review.kubernetes.inventory import Binding, Inventory, Item
from kubiya_pulumi.review.kubernetes.limits import rule_value_budget
from kubiya_pulumi.review.kubernetes.rbac import PolicyRule, Subject
from kubiya_pulumi.review.kubernetes.references import ObjectReference
from kubiya_pulumi.review.kubernetes.roles import Role
from kubiya_pulumi.text import join_names, join_quoted

RISKS = (*identity_rights.RISKS, *workload_rights.RISKS, *cluster_rights.RISKS)
RULES = tuple(
    sorted(
        (
            *access_rules.RULES,
            identity_rights.READ_SECRETS_EVERYWHERE,
            identity_rights.READ_SECRETS,
            *(risk.rule for risk in RISKS),
        ),
        key=lambda rule: rule.id,
    )
)


def findings(inventory: Inventory) -> Iterator[Finding]:
    """Yield the findings about roles, bindings and their subjects."""
    bindings_of: dict[Role, list[Binding]] = defaultdict(list)
    for binding in inventory.bindings:
        yield from _subject_findings(binding)
        role = inventory.role_of(binding)
        if not inventory.roles.is_complete(role):
            yield _unknown_role_finding(binding)
        if role:
            bindings_of[role].append(binding)
    budget = rule_value_budget()
    for reference, role, scope in _reviewed_roles(inventory, bindings_of):
        rules = inventory.roles.effective_rules(role)
        budget.spend(sum(rule.value_count for rule in rules))
        yield from _role_findings(reference, role, rules, scope)
    yield from _default_role_findings(inventory)
    yield from _service_account_findings(inventory)


def _subject_findings(binding: Binding) -> Iterator[Finding]:
    for subject in binding.subjects:
        if rule := _subject_rule(subject):
            message = f"The binding grants {_role_text(binding)} to {subject}. {rule.remediation}"
            yield rule.finding(binding.reference, message)


def _subject_rule(subject: Subject) -> Rule | None:
    match subject.kind, subject.name:
        case "Group", "system:masters":
            return access_rules.SYSTEM_MASTERS
        case ("Group", rbac.ALL_UNAUTHENTICATED) | ("User", rbac.ANONYMOUS):
            return access_rules.UNAUTHENTICATED
        case "Group", (rbac.ALL_AUTHENTICATED | rbac.ALL_SERVICE_ACCOUNTS):
            return access_rules.ALL_USERS
        case "Group", name if name.startswith(f"{rbac.ALL_SERVICE_ACCOUNTS}:"):
            return access_rules.ALL_SERVICE_ACCOUNTS
    return None


def _unknown_role_finding(binding: Binding) -> Finding:
    rule = access_rules.UNKNOWN_ROLE
    subjects = join_names((str(subject) for subject in binding.subjects), 3) or "no subject"
    place = place_text([] if binding.namespace is None else [binding.namespace])
    return rule.finding(
        binding.reference,
        f"The roleRef refers to {_role_text(binding)}, whose rules are not known. The binding "
        f"grants all that the role allows {place} to {subjects}. {rule.remediation}",
    )


def _role_text(binding: Binding) -> str:
    return f"{join_names([binding.role_kind])} {join_quoted([binding.role_name])}"


def _service_account_findings(inventory: Inventory) -> Iterator[Finding]:
    """Yield the findings about workloads that run as ServiceAccounts of the cluster."""
    rule = access_rules.UNKNOWN_SERVICE_ACCOUNT
    accounts = inventory.names("ServiceAccount")
    for workload in inventory.workloads:
        account = Subject("ServiceAccount", workload.namespace, workload.service_account)
        # Each namespace has the account `default`, with or without the manifest.
        if account.name != "default" and (account.namespace, account.name) not in accounts:
            message = (
                f"The pod runs as {account}, whose permissions in the cluster are not known. "
                f"{rule.remediation}"
            )
            yield rule.finding(workload.reference, workload.locate(message))


def _reviewed_roles(
    inventory: Inventory, bindings_of: Mapping[Role, list[Binding]]
) -> Iterator[tuple[ObjectReference, Role, Scope]]:
    """Yield each role to check, with its scope and the object that its findings name."""
    manifest_roles = [role for role in inventory.roles if not role.is_default]
    in_manifest = _aggregating(inventory, manifest_roles)
    in_cluster = _aggregating(inventory, (role for role in inventory.roles if role.is_default))
    for role in manifest_roles:
        # The rules of a role that another role of the manifest aggregates are checked there, unless
        # a default ClusterRole, which exists in every cluster, aggregates them too.
        if role in bindings_of or role in in_cluster or role not in in_manifest:
            names = in_cluster.get(role)
            bindings = bindings_of.get(role, [])
            scope = Scope.of_aggregated(names) if names else Scope.of(role, bindings)
            yield role.reference, role, scope
    for role, bindings in bindings_of.items():
        if role.is_default:
            for binding in bindings:
                yield binding.reference, role, Scope.of(role, [binding])
    for item in inventory.of_kind("ServiceAccount"):
        for binding in _default_bindings_of(item, inventory):
            if default_role := inventory.role_of(binding):
                scope = Scope.of_default_binding(binding, _account(item))
                yield item.reference, default_role, scope


def _aggregating(inventory: Inventory, roles: Iterable[Role]) -> Mapping[Role, list[str]]:
    """Return each role whose rules aggregated ones among the roles have, with their names."""
    names: dict[Role, list[str]] = defaultdict(list)
    for role in roles:
        if role.is_aggregated:
            for source in inventory.roles.aggregated_from(role):
                names[source].append(role.reference.name)
    return names


def _role_findings(
    reference: ObjectReference, role: Role, rules: Sequence[PolicyRule], scope: Scope
) -> Iterator[Finding]:
    role_findings = [
        *_aggregation_findings(reference, role, scope),
        *_wildcard_findings(reference, rules, scope),
        *_risk_findings(reference, rules, scope),
    ]
    if not any(_grants_everything(rule) for rule in rules):
        yield from role_findings
        return
    rule = access_rules.CLUSTER_ADMIN_BOUND if role.is_default else access_rules.FULL_ACCESS
    message = scope.message(rule, "every verb on every resource")
    yield rule.finding(reference, message, includes=role_findings)


def _aggregation_findings(
    reference: ObjectReference, role: Role, scope: Scope
) -> Iterator[Finding]:
    if role.is_aggregated and role.selectors:
        rule = access_rules.AGGREGATED_ROLE
        permissions = (
            "the rules of the ClusterRoles that the aggregationRule selects, including those of "
            "the cluster,"
        )
        yield rule.finding(reference, scope.message(rule, permissions))


def _grants_everything(rule: PolicyRule) -> bool:
    has_wildcards = "*" in rule.verbs and "*" in rule.api_groups and "*" in rule.resources
    return has_wildcards and not rule.is_named


def _wildcard_findings(
    reference: ObjectReference, rules: Sequence[PolicyRule], scope: Scope
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
            yield wildcard_rule.finding(reference, scope.message(wildcard_rule, permissions))


def _risk_findings(
    reference: ObjectReference, rules: Sequence[PolicyRule], scope: Scope
) -> Iterator[Finding]:
    if permissions := identity_rights.SECRETS.granted_by(rules, scope.namespaces):
        rule = identity_rights.READ_SECRETS
        finding = rule.finding(reference, scope.message(rule, permissions))
        if not scope.namespaces:
            rule = identity_rights.READ_SECRETS_EVERYWHERE
            finding = rule.finding(reference, scope.message(rule, permissions), [finding])
        yield finding
    for risk in RISKS:
        if permissions := risk.granted_by(rules, scope.namespaces):
            yield risk.rule.finding(reference, scope.message(risk.rule, permissions))


def _default_role_findings(inventory: Inventory) -> Iterator[Finding]:
    rule = access_rules.DEFAULT_ROLE
    for kind in RBAC_KINDS:
        for item in inventory.of_kind(kind):
            if item.reference.name in default_names(kind, item.reference.namespace):
                yield rule.finding(
                    item.reference,
                    f"The name {join_quoted([item.reference.name])} belongs to a default {kind} of "
                    "Kubernetes: applying the manifest changes it, and `pulumi destroy` deletes "
                    f"it. {rule.remediation}",
                )
    for item in inventory.of_kind("ServiceAccount"):
        if bindings := _default_bindings_of(item, inventory):
            roles = join_names(map(_role_text, bindings))
            yield rule.finding(
                item.reference,
                f"Kubernetes itself binds {roles} to {_account(item)}: what runs as the account or "
                f"holds its token has these permissions. {rule.remediation}",
            )


def _default_bindings_of(item: Item, inventory: Inventory) -> list[Binding]:
    """Return the default bindings to a ServiceAccount of the manifest."""
    account = _account(item)
    return [binding for binding in inventory.default_bindings if account in binding.subjects]


def _account(item: Item) -> Subject:
    return Subject("ServiceAccount", item.reference.namespace, item.reference.name)


def _distinct(values: Iterable[Iterable[str]]) -> list[str]:
    """Return each value once, in the order of first occurrence."""
    return list(dict.fromkeys(value for group in values for value in group))
