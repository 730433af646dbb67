"""Who may do what: the rows of the table of access, and the API server's rules for them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from kubiya_pulumi.review.kubernetes.coerce import inside, mapping, text, texts
from kubiya_pulumi.text import sanitize

_ACCOUNT_PREFIX = "system:serviceaccount:"
_ALL_ACCOUNTS = "system:serviceaccounts"
_ALL_USERS = "system:authenticated"


@dataclass(frozen=True)
class Subject:
    """To whom a binding gives access. As text: `Kind namespace/name`."""

    kind: str
    """`ServiceAccount`, `User` or `Group`."""
    namespace: str
    """Empty for users and groups."""
    name: str

    def __str__(self) -> str:
        return sanitize(f"{self.kind} {'/'.join(filter(None, (self.namespace, self.name)))}")

    @classmethod
    def of(cls, entry: object, namespace: str) -> Subject:
        """Read a subject of a binding in a namespace, which is empty for a ClusterRoleBinding.

        A user by the name that a ServiceAccount has as a user is that ServiceAccount.
        """
        kind, name = text(inside(entry, "kind")), text(inside(entry, "name"))
        if kind == "ServiceAccount":
            return cls(kind, text(inside(entry, "namespace")) or namespace, name)
        account, found, account_name = name.removeprefix(_ACCOUNT_PREFIX).partition(":")
        if kind == "User" and name.startswith(_ACCOUNT_PREFIX) and found:
            return cls("ServiceAccount", account, account_name)
        return cls(kind, "", name)

    def includes(self, other: Subject) -> bool:
        """Whether what is given to this subject is given to the other one."""
        if self == other:
            return True
        if self.kind != "Group":
            return False
        if other.kind == "ServiceAccount":
            own = (_ALL_ACCOUNTS, f"{_ALL_ACCOUNTS}:{other.namespace}", _ALL_USERS)
            return self.name in own
        return other.kind == "User" and self.name == _ALL_USERS


@dataclass(frozen=True, kw_only=True)
class PolicyRule:
    """One rule of a Role or ClusterRole, with the fields that it has in Kubernetes."""

    verbs: tuple[str, ...] = ()
    api_groups: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    """Such as `pods`, `pods/exec`, `*/scale` (the subresource of everything) or `*`."""
    resource_names: tuple[str, ...] = ()
    """Empty: the resources of any name."""
    non_resource_urls: tuple[str, ...] = ()

    @classmethod
    def of(cls, entry: object) -> PolicyRule:
        """Read a rule as it stands in a role, or in the data of a grant."""
        rule = mapping(entry)
        return cls(
            verbs=texts(rule.get("verbs")),
            api_groups=texts(rule.get("apiGroups")),
            resources=texts(rule.get("resources")),
            resource_names=texts(rule.get("resourceNames")),
            non_resource_urls=texts(rule.get("nonResourceURLs")),
        )

    def covers(self, verb: str, api_group: str, resource: str, subresource: str = "") -> bool:
        """Whether the rule is about such a request, for an object of one name or another."""
        return (
            _has(self.api_groups, api_group)
            and _has(self.verbs, verb)
            and (
                _has(self.resources, f"{resource}/{subresource}" if subresource else resource)
                or (bool(subresource) and f"*/{subresource}" in self.resources)
            )
        )

    def covers_url(self, verb: str, path: str) -> bool:
        """Whether the rule allows a request to a path that is no resource, such as `/metrics`."""
        return _has(self.verbs, verb) and any(
            path == url or (url.endswith("*") and path.startswith(url.rstrip("*")))
            for url in self.non_resource_urls
        )


@dataclass(frozen=True, kw_only=True)
class Grant(PolicyRule):
    """One row of the table of access: what one subject may do by one rule of one role.

    A row without verbs stands for a role that is part of Kubernetes and not of the manifest,
    such as `system:node`, and whose rules the review does not know.
    """

    subject: Subject
    namespace: str | None
    """None: in the whole cluster."""
    role: str
    """Such as `ClusterRole/edit`."""
    binding: str
    """Such as `RoleBinding/tool-manager`."""
    workloads: tuple[str, ...] = ()
    """The workloads that run as the subject, such as `Deployment/kubiya-system/tool-manager`."""

    @property
    def rule(self) -> PolicyRule:
        """What it allows, whoever has it and wherever."""
        return PolicyRule(
            verbs=self.verbs,
            api_groups=self.api_groups,
            resources=self.resources,
            resource_names=self.resource_names,
            non_resource_urls=self.non_resource_urls,
        )

    def allows(
        self,
        verb: str,
        api_group: str,
        resource: str,
        subresource: str = "",
        name: str = "",
        namespace: str = "",
    ) -> bool:
        """Whether the API server would allow the subject this request by this row.

        Args:
            verb: such as `list`.
            api_group: empty for the core group.
            resource: such as `pods`.
            subresource: such as `exec`.
            name: of the object; empty where a request has none, as for `list` and `create`.
            namespace: empty for resources of the whole cluster, and for all namespaces at once.
        """
        return (
            self.namespace in (None, namespace)
            and (not self.resource_names or name in self.resource_names)
            and self.covers(verb, api_group, resource, subresource)
        )

    def allows_url(self, verb: str, path: str) -> bool:
        """Whether the API server would allow a request to a path that is no resource."""
        return self.namespace is None and self.covers_url(verb, path)

    def to_dict(self) -> dict[str, Any]:
        """Plain data, with the keys of Kubernetes; without `namespace` for the whole cluster."""
        place = {} if self.namespace is None else {"namespace": self.namespace}
        return {
            "subject": {
                "kind": self.subject.kind,
                "namespace": self.subject.namespace,
                "name": self.subject.name,
            },
            **place,
            "verbs": list(self.verbs),
            "apiGroups": list(self.api_groups),
            "resources": list(self.resources),
            "resourceNames": list(self.resource_names),
            "nonResourceURLs": list(self.non_resource_urls),
            "role": self.role,
            "binding": self.binding,
            "workloads": list(self.workloads),
        }

    @classmethod
    def from_dict(cls, data: object) -> Grant:
        """Read what `to_dict` wrote; whatever is missing is empty."""
        entry = mapping(data)
        namespace = entry.get("namespace")
        return cls(
            **vars(PolicyRule.of(entry)),
            subject=Subject(
                *(text(inside(entry, "subject", key)) for key in ("kind", "namespace", "name"))
            ),
            namespace=namespace if isinstance(namespace, str) else None,
            role=text(entry.get("role")),
            binding=text(entry.get("binding")),
            workloads=texts(entry.get("workloads")),
        )


def can(
    grants: Iterable[Grant],
    subject: Subject,
    verb: str,
    api_group: str,
    resource: str,
    subresource: str = "",
    name: str = "",
    namespace: str = "",
) -> bool:
    """Whether the grants let a subject make a request, be it as a member of a group.

    Args:
        grants: the table of access.
        subject: who asks; of a group, only what is given to that group counts.
        verb: such as `list`.
        api_group: empty for the core group.
        resource: such as `pods`.
        subresource: such as `exec`.
        name: of the object; empty where a request has none, as for `list` and `create`.
        namespace: empty for resources of the whole cluster, and for all namespaces at once.
    """
    return any(
        grant.subject.includes(subject)
        and grant.allows(verb, api_group, resource, subresource, name, namespace)
        for grant in grants
    )


def _has(values: tuple[str, ...], value: str) -> bool:
    return "*" in values or value in values
