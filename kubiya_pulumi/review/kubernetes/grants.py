"""The table of access: what the bindings of a manifest give to whom."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from kubiya_pulumi.review.kubernetes.inventory import Inventory
from kubiya_pulumi.review.kubernetes.limits import MOST_RIGHTS, Allowance
from kubiya_pulumi.review.kubernetes.rbac import Grant, PolicyRule, Subject
from kubiya_pulumi.review.kubernetes.roles import is_system_role
from kubiya_pulumi.review.kubernetes.workloads import Workload


def grants_in(inventory: Inventory) -> tuple[Grant, ...]:
    """A row for each subject of each binding and each rule of its role.

    Raises:
        ManifestError: it would have more than `MOST_RIGHTS` rows.
    """
    allowance = Allowance(MOST_RIGHTS, f"gives out more than {MOST_RIGHTS:,} rights")
    workloads = _Workloads(inventory.workloads)
    found: list[Grant] = []
    for binding in inventory.bindings:
        where = binding.reference
        role = inventory.roles.get(binding.role_kind, where.namespace, binding.role_name)
        rules = inventory.roles.rules_of(role) if role else ()
        if is_system_role(binding.role_name):
            rules = (PolicyRule(), *rules)
        for subject in binding.subjects:
            running = workloads.of(subject) if rules else ()
            allowance.take(len(rules) * (1 + len(running)))
            found.extend(
                Grant(
                    **vars(rule),
                    subject=subject,
                    namespace=binding.namespace,
                    role=f"{binding.role_kind}/{binding.role_name}",
                    binding=f"{where.kind}/{where.name}",
                    workloads=running,
                )
                for rule in rules
            )
    return tuple(found)


class _Workloads:
    """The workloads that run as a subject, as text, each list made once."""

    def __init__(self, workloads: Iterable[Workload]) -> None:
        by_account: dict[Subject, list[str]] = defaultdict(list)
        for each in workloads:
            place = each.reference.namespace
            account = Subject("ServiceAccount", place, each.service_account)
            by_account[account].append(str(each.reference))
        self._by_account = by_account
        self._found: dict[Subject, tuple[str, ...]] = {}

    def of(self, subject: Subject) -> tuple[str, ...]:
        if subject not in self._found:
            accounts = [subject] if subject.kind == "ServiceAccount" else self._by_account
            self._found[subject] = tuple(
                name
                for account in accounts
                if subject.includes(account)
                for name in self._by_account.get(account, ())
            )
        return self._found[subject]
