"""The objects of a manifest by kind, and the grants that its bindings make."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache, cached_property

from kubiya_pulumi.review.kubernetes.api_groups import RBAC_GROUP, RBAC_KINDS, api_group
from kubiya_pulumi.review.kubernetes.coerce import as_mappings, as_str, get_path
from kubiya_pulumi.review.kubernetes.custom_kinds import CustomKind, custom_kinds
from kubiya_pulumi.review.kubernetes.default_roles import default_bindings
from kubiya_pulumi.review.kubernetes.limits import MAX_GRANTS, Budget, rule_value_budget
from kubiya_pulumi.review.kubernetes.manifest import Body, KubernetesObject
from kubiya_pulumi.review.kubernetes.pod_search import PodSearch, find_pods, pod_budget
from kubiya_pulumi.review.kubernetes.rbac import Grant, PolicyRule, Subject
from kubiya_pulumi.review.kubernetes.references import ObjectReference, reference_to
from kubiya_pulumi.review.kubernetes.roles import Role, Roles
from kubiya_pulumi.review.kubernetes.workloads import Workload


@dataclass(frozen=True)
class Item:
    """An object of a manifest, with its reference."""

    reference: ObjectReference
    body: Body


@dataclass(frozen=True)
class Binding:
    """A RoleBinding or a ClusterRoleBinding."""

    reference: ObjectReference
    role_kind: str
    role_name: str
    subjects: tuple[Subject, ...]
    """The subjects, each once."""

    @property
    def namespace(self) -> str | None:
        """The namespace in which the role is granted; None for the whole cluster."""
        return None if self.reference.kind == "ClusterRoleBinding" else self.reference.namespace


class Inventory:
    """The objects of a manifest, parsed once for all checks."""

    def __init__(self, objects: Iterable[KubernetesObject]) -> None:
        """Read the objects.

        Args:
            objects: the result of `parse_manifest`.

        Raises:
            ManifestError: the objects run more than `MAX_PODS` pods.
        """
        self.items: tuple[Item, ...] = tuple(
            Item(reference_to(item), item.body) for item in objects
        )
        """All objects, in the order of the manifest."""
        self._by_kind: dict[str, list[Item]] = defaultdict(list)
        for item in self.items:
            if _is_kubernetes_kind(item.reference):
                self._by_kind[item.reference.kind].append(item)
        budget = pod_budget()
        self.pod_searches: tuple[PodSearch, ...] = tuple(
            find_pods(item.reference, item.body, budget) for item in self.items
        )
        """The search for pods in each of `items`."""
        self.workloads: tuple[Workload, ...] = tuple(
            workload for search in self.pod_searches for workload in search.workloads
        )
        """The pods that the objects run."""
        self.roles: Roles = Roles(
            Role(item.reference, item.body)
            for kind in ("Role", "ClusterRole")
            for item in self.of_kind(kind)
        )
        """The roles of the manifest, and the default roles of Kubernetes."""
        self.bindings: tuple[Binding, ...] = tuple(
            _binding(item)
            for kind in ("ClusterRoleBinding", "RoleBinding")
            for item in self.of_kind(kind)
        )
        """The bindings of the manifest."""
        self.default_bindings: tuple[Binding, ...] = tuple(
            _default_bindings_to(self.names("ServiceAccount"))
        )
        """The default bindings of Kubernetes to ServiceAccounts of the manifest, and no others."""

    def of_kind(self, kind: str) -> list[Item]:
        """Return the objects of a Kubernetes kind in any version, without custom kinds."""
        return self._by_kind.get(kind, [])

    def names(self, kind: str) -> set[tuple[str, str]]:
        """Return the namespace and name of each object of a kind."""
        return {(item.reference.namespace, item.reference.name) for item in self.of_kind(kind)}

    @cached_property
    def custom_kinds(self) -> Mapping[tuple[str, str], CustomKind]:
        """The kinds that the manifest defines, by their API group and kind."""
        return custom_kinds(item.body for item in self.items)

    @property
    def default_accounts(self) -> set[Subject]:
        """The ServiceAccounts of the manifest to which Kubernetes itself binds roles."""
        return {subject for binding in self.default_bindings for subject in binding.subjects}

    def role_of(self, binding: Binding) -> Role | None:
        """Return the role that a binding refers to, or None if it is unknown."""
        return self.roles.get(binding.role_kind, binding.reference.namespace, binding.role_name)


def grants_in(inventory: Inventory) -> tuple[Grant, ...]:
    """Return a grant for each subject of each binding and each rule of its role.

    The bindings are those of the manifest, and the default ones to ServiceAccounts of the manifest.

    If a role may have rules that are not known, a grant with `rules_unknown` represents them.

    Raises:
        ManifestError: the manifest makes more than `MAX_GRANTS` grants, or its roles exceed
            another limit.
    """
    budget = Budget(MAX_GRANTS, f"grants more than {MAX_GRANTS:,} permissions")
    value_budget = rule_value_budget()
    workloads = _WorkloadsBySubject(inventory.workloads)
    grants: list[Grant] = []
    for binding in (*inventory.bindings, *inventory.default_bindings):
        role = inventory.role_of(binding)
        rules = inventory.roles.effective_rules(role) if role else ()
        # Whether the rules of the row are unknown, and the rule of each row.
        rows = [(False, rule) for rule in rules]
        if not inventory.roles.is_complete(role):
            rows.insert(0, (True, PolicyRule()))
        value_count = sum(rule.value_count for rule in rules)
        for subject in binding.subjects:
            running = workloads.of(subject) if rows else ()
            budget.spend(len(rows) * (1 + len(running)))
            value_budget.spend(value_count)
            grants.extend(
                Grant(
                    **rule.to_fields(),
                    rules_unknown=rules_unknown,
                    subject=subject,
                    namespace=binding.namespace,
                    role=f"{binding.role_kind}/{binding.role_name}",
                    binding=f"{binding.reference.kind}/{binding.reference.name}",
                    workloads=running,
                )
                for rules_unknown, rule in rows
            )
    return tuple(grants)


class _WorkloadsBySubject:
    """The workloads that run as a subject, as text. The result for each subject is cached."""

    def __init__(self, workloads: Iterable[Workload]) -> None:
        self._by_account: dict[Subject, dict[str, None]] = defaultdict(dict)
        for workload in workloads:
            account = Subject("ServiceAccount", workload.namespace, workload.service_account)
            self._by_account[account][str(workload.reference)] = None
        self._by_subject: dict[Subject, tuple[str, ...]] = {}

    def of(self, subject: Subject) -> tuple[str, ...]:
        if subject not in self._by_subject:
            accounts = [subject] if subject.kind == "ServiceAccount" else self._by_account
            names = (
                name
                for account in accounts
                if subject.includes(account)
                for name in self._by_account.get(account, ())
            )
            self._by_subject[subject] = tuple(dict.fromkeys(names))
        return self._by_subject[subject]


def _is_kubernetes_kind(reference: ObjectReference) -> bool:
    """Return whether the API group is the one that a kind has in Kubernetes."""
    return api_group(reference) == (RBAC_GROUP if reference.kind in RBAC_KINDS else "core")


@cache
def _default_bindings() -> tuple[Binding, ...]:
    return tuple(
        _binding(
            Item(
                ObjectReference(
                    f"{RBAC_GROUP}/v1",
                    body["kind"],
                    body["metadata"].get("namespace", ""),
                    body["metadata"]["name"],
                ),
                body,
            )
        )
        for body in default_bindings()
    )


def _default_bindings_to(accounts: set[tuple[str, str]]) -> Iterator[Binding]:
    for binding in _default_bindings():
        subjects = tuple(
            subject
            for subject in binding.subjects
            if subject.kind == "ServiceAccount" and (subject.namespace, subject.name) in accounts
        )
        if subjects:
            yield replace(binding, subjects=subjects)


def _binding(item: Item) -> Binding:
    reference = item.reference
    namespace = "" if reference.kind == "ClusterRoleBinding" else reference.namespace
    subjects = (Subject.of(entry, namespace) for entry in as_mappings(item.body.get("subjects")))
    return Binding(
        reference=reference,
        role_kind=as_str(get_path(item.body, "roleRef", "kind")),
        role_name=as_str(get_path(item.body, "roleRef", "name")),
        subjects=tuple(dict.fromkeys(subjects)),
    )
