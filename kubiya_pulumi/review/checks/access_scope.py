"""To whom and where a role is granted."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Self

from kubiya_pulumi.review.checks import access_rules
from kubiya_pulumi.review.findings import Rule
from kubiya_pulumi.review.kubernetes.inventory import Binding
from kubiya_pulumi.review.kubernetes.rbac import Subject
from kubiya_pulumi.review.kubernetes.roles import Role
from kubiya_pulumi.text import join_names, join_quoted


@dataclass(frozen=True, kw_only=True)
class Scope:
    """To whom and where a role is granted, and by what."""

    namespaces: tuple[str, ...] = ()
    """Empty for the whole cluster."""
    subjects: str
    granter: str = "role"
    """What grants the permissions, as a noun for messages."""
    remediation: str = ""
    """How to fix a finding if the manifest cannot restrict the role; otherwise empty."""

    @classmethod
    def of(cls, role: Role, bindings: Sequence[Binding]) -> Self:
        """Return the scope that bindings give a role.

        Args:
            role: the role.
            bindings: its bindings; without any, it has the widest scope that one could give it.
        """
        if not bindings:
            namespace = role.reference.namespace
            namespaces = [namespace] if namespace else []
        else:
            # A binding for the whole cluster includes those in namespaces.
            cluster_wide = [binding for binding in bindings if binding.namespace is None]
            namespaces = [] if cluster_wide else [binding.namespace or "" for binding in bindings]
            bindings = cluster_wide or bindings
        subjects = dict.fromkeys(str(s) for binding in bindings for s in binding.subjects)
        return cls(
            namespaces=tuple(dict.fromkeys(namespaces)),
            subjects=join_names(subjects, 3) or "any subject that is bound to it",
            granter="binding" if role.is_default else "role",
            # The manifest cannot restrict a default role, only bind another one.
            remediation=access_rules.CLUSTER_ADMIN_BOUND.remediation if role.is_default else "",
        )

    @classmethod
    def of_default_binding(cls, binding: Binding, account: Subject) -> Self:
        """Return the scope that a default binding of Kubernetes gives a role.

        Args:
            binding: the default binding.
            account: the ServiceAccount of the manifest that it refers to.
        """
        return cls(
            namespaces=() if binding.namespace is None else (binding.namespace,),
            subjects=str(account),
            granter=f"default {binding.reference.kind} {join_quoted([binding.reference.name])}",
            remediation=access_rules.DEFAULT_ROLE.remediation,
        )

    @classmethod
    def of_aggregated(cls, names: Sequence[str]) -> Self:
        """Return the scope of a role whose rules default ClusterRoles have.

        Args:
            names: the default ClusterRoles. Subjects of the cluster are bound to them everywhere.
        """
        return cls(subjects=f"any subject that is bound to {join_quoted(names)}")

    def message(self, rule: Rule, permissions: str) -> str:
        """Return the message of a finding.

        Args:
            rule: the rule that the permissions break.
            permissions: the permissions, as text.
        """
        return (
            f"The {self.granter} grants {permissions} {place_text(self.namespaces)} to "
            f"{self.subjects}. {self.remediation or rule.remediation}"
        )


def place_text(namespaces: Collection[str]) -> str:
    """Return namespaces as a part of a sentence; none stands for the whole cluster."""
    if not namespaces:
        return "in the whole cluster"
    return f"in namespace{'s' if len(namespaces) > 1 else ''} {join_quoted(namespaces, 3)}"
