"""RBAC: subjects, rules and grants, with the API server's semantics."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

from kubiya_pulumi.review.kubernetes.coerce import (
    as_list,
    as_mapping,
    as_str,
    as_strs,
    get_path,
)
from kubiya_pulumi.text import sanitize

_SERVICE_ACCOUNT_PREFIX = "system:serviceaccount:"
ALL_SERVICE_ACCOUNTS = "system:serviceaccounts"
"""The group of all ServiceAccounts. With `:` and a namespace: the group of those in it."""
ALL_AUTHENTICATED = "system:authenticated"
"""The group of everybody who has authenticated, including all ServiceAccounts."""
ALL_UNAUTHENTICATED = "system:unauthenticated"
"""The group of the user `system:anonymous`, whose requests have no credentials."""
ANONYMOUS = "system:anonymous"
"""The user of requests without credentials."""


@dataclass(frozen=True)
class Subject:
    """A user, a group or a ServiceAccount. As text: `Kind namespace/name`."""

    kind: str
    """`ServiceAccount`, `User` or `Group`."""
    namespace: str
    """Empty for users and groups."""
    name: str

    def __str__(self) -> str:
        return sanitize(f"{self.kind} {'/'.join(filter(None, (self.namespace, self.name)))}")

    @classmethod
    def of(cls, entry: object, namespace: str) -> Subject:
        """Return the subject of a binding.

        A user with the user name of a ServiceAccount is that ServiceAccount.

        Args:
            entry: an entry of the binding's `subjects`.
            namespace: the namespace of the binding; empty for a ClusterRoleBinding.
        """
        kind, name = as_str(get_path(entry, "kind")), as_str(get_path(entry, "name"))
        if kind == "ServiceAccount":
            return cls(kind, as_str(get_path(entry, "namespace")) or namespace, name)
        if kind == "User" and name.startswith(_SERVICE_ACCOUNT_PREFIX):
            parts = name.removeprefix(_SERVICE_ACCOUNT_PREFIX).partition(":")
            account_namespace, separator, account_name = parts
            if separator:
                return cls("ServiceAccount", account_namespace, account_name)
        return cls(kind, "", name)

    def includes(self, other: Subject) -> bool:
        """Return whether a grant to this subject is also a grant to the other one."""
        if self == other:
            return True
        if self.kind != "Group":
            return False
        if other.kind == "ServiceAccount":
            return self.name in (
                ALL_SERVICE_ACCOUNTS,
                f"{ALL_SERVICE_ACCOUNTS}:{other.namespace}",
                ALL_AUTHENTICATED,
            )
        is_anonymous = other.name == ANONYMOUS
        everybody = ALL_UNAUTHENTICATED if is_anonymous else ALL_AUTHENTICATED
        return other.kind == "User" and self.name == everybody


ANY_SUBJECT = Subject("", "", "")
"""Represents the subjects of a role whose bindings are not known."""


@dataclass(frozen=True, kw_only=True)
class PolicyRule:
    """A rule of a Role or ClusterRole, with the fields that it has in Kubernetes."""

    verbs: tuple[str, ...] = ()
    api_groups: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    """Such as `pods`, `pods/exec`, `*/scale` (that subresource of every resource) or `*`."""
    resource_names: tuple[str, ...] = ()
    """Empty for objects of any name."""
    non_resource_urls: tuple[str, ...] = ()

    @classmethod
    def of(cls, entry: object) -> PolicyRule:
        """Return the rule of an entry of a role's `rules`, or of the data of a grant."""
        rule = as_mapping(entry)
        return cls(
            verbs=_texts(rule.get("verbs")),
            api_groups=_texts(rule.get("apiGroups")),
            resources=_texts(rule.get("resources")),
            resource_names=_texts(rule.get("resourceNames")),
            non_resource_urls=_texts(rule.get("nonResourceURLs")),
        )

    @property
    def value_count(self) -> int:
        """The number of values in all lists of the rule."""
        return sum(map(len, self.to_fields().values()))

    def to_fields(self) -> dict[str, Any]:
        """Return the fields by their names."""
        return {field.name: getattr(self, field.name) for field in fields(PolicyRule)}

    @property
    def is_named(self) -> bool:
        """Whether the rule matches only objects whose names it lists.

        The name "" is that of requests for a collection (`list`, `watch`, `deletecollection`) and
        of `create`, so a rule that lists it matches these as if it listed no names.
        """
        return bool(self.resource_names) and "" not in self.resource_names

    def covers(self, verb: str, api_group: str, resource: str, subresource: str = "") -> bool:
        """Return whether the rule matches a request, whatever the name of the object."""
        return (
            self.covers_group(api_group)
            and self.covers_verb(verb)
            and self.covers_resource(resource, subresource)
        )

    def covers_group(self, api_group: str) -> bool:
        """Return whether the rule applies to an API group; the core group is empty."""
        return _matches(self._group_set, api_group)

    def covers_verb(self, verb: str) -> bool:
        """Return whether the rule allows a verb."""
        return _matches(self._verb_set, verb)

    def covers_resource(self, resource: str, subresource: str = "") -> bool:
        """Return whether the rule applies to a resource, or to a subresource of it."""
        resources = self._resource_set
        if not subresource:
            return _matches(resources, resource)
        return _matches(resources, f"{resource}/{subresource}") or f"*/{subresource}" in resources

    # A rule may have any number of values, and is compared with every right: sets keep that linear.
    @cached_property
    def _group_set(self) -> frozenset[str]:
        return frozenset(self.api_groups)

    @cached_property
    def _verb_set(self) -> frozenset[str]:
        return frozenset(self.verbs)

    @cached_property
    def _resource_set(self) -> frozenset[str]:
        return frozenset(self.resources)

    def covers_url(self, verb: str, path: str) -> bool:
        """Return whether the rule allows a request to a non-resource URL such as `/metrics`."""
        return self.covers_verb(verb) and any(
            path == url or (url.endswith("*") and path.startswith(url.rstrip("*")))
            for url in self.non_resource_urls
        )


@dataclass(frozen=True, kw_only=True)
class Grant(PolicyRule):
    """What one rule of one role allows one subject."""

    subject: Subject
    namespace: str | None
    """None for the whole cluster."""
    role: str
    """Such as `ClusterRole/edit`."""
    binding: str
    """Such as `RoleBinding/tool-manager`."""
    workloads: tuple[str, ...] = ()
    """The workloads that run as the subject, such as `Deployment/kubiya-system/tool-manager`."""
    rules_unknown: bool = False
    """Whether the grant represents all rules of a role that is neither in the manifest nor a
    default role of Kubernetes. Its own rule is empty, but the role may allow everything."""

    @property
    def rule(self) -> PolicyRule:
        """The rule alone, without its subject and scope."""
        return PolicyRule(**self.to_fields())

    def allows(
        self,
        verb: str,
        api_group: str,
        resource: str,
        subresource: str = "",
        name: str = "",
        namespace: str = "",
    ) -> bool:
        """Return whether this grant allows its subject a request, or may allow it.

        If the rules are unknown, it may allow every request in its namespace.

        Args:
            verb: such as `list`.
            api_group: empty for the core group.
            resource: such as `pods`.
            subresource: such as `exec`.
            name: the name of the object; empty for requests without one (`list`, `create`).
            namespace: empty for cluster-scoped resources, and for all namespaces at once.
        """
        return self.namespace in (None, namespace) and (
            self.rules_unknown
            or (
                (not self.resource_names or name in self.resource_names)
                and self.covers(verb, api_group, resource, subresource)
            )
        )

    def allows_url(self, verb: str, path: str) -> bool:
        """Return whether this grant allows its subject a request to a non-resource URL.

        If the rules are unknown, it may allow every request in the whole cluster.
        """
        return self.namespace is None and (self.rules_unknown or self.covers_url(verb, path))

    def to_dict(self) -> dict[str, Any]:
        """Return plain data, with the keys of Kubernetes; no `namespace` for the whole cluster."""
        scope = {} if self.namespace is None else {"namespace": self.namespace}
        return {
            "subject": {
                "kind": self.subject.kind,
                "namespace": self.subject.namespace,
                "name": self.subject.name,
            },
            **scope,
            "verbs": list(self.verbs),
            "apiGroups": list(self.api_groups),
            "resources": list(self.resources),
            "resourceNames": list(self.resource_names),
            "nonResourceURLs": list(self.non_resource_urls),
            "rulesUnknown": self.rules_unknown,
            "role": self.role,
            "binding": self.binding,
            "workloads": list(self.workloads),
        }

    @classmethod
    def from_dict(cls, data: object) -> Grant:
        """Return the grant that `to_dict` wrote; missing entries are empty.

        Versions of this package that did not write `rulesUnknown` wrote no verbs in such a grant.
        """
        entry = as_mapping(data)
        namespace = entry.get("namespace")
        rule = PolicyRule.of(entry)
        return cls(
            **rule.to_fields(),
            rules_unknown=entry.get("rulesUnknown", not rule.verbs) is not False,
            subject=Subject(
                *(as_str(get_path(entry, "subject", key)) for key in ("kind", "namespace", "name"))
            ),
            namespace=namespace if isinstance(namespace, str) else None,
            role=as_str(entry.get("role")),
            binding=as_str(entry.get("binding")),
            workloads=as_strs(entry.get("workloads")),
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
    """Return whether the grants allow a subject a request, directly or as a member of a group.

    A grant with unknown rules counts as allowing it, since it may do so.

    Args:
        grants: the grants of a review.
        subject: the subject; for a group, only grants to that group count.
        verb: such as `list`.
        api_group: empty for the core group.
        resource: such as `pods`.
        subresource: such as `exec`.
        name: the name of the object; empty for requests without one (`list`, `create`).
        namespace: empty for cluster-scoped resources, and for all namespaces at once.
    """
    return any(
        grant.subject.includes(subject)
        and grant.allows(verb, api_group, resource, subresource, name, namespace)
        for grant in grants
    )


def _texts(value: object) -> tuple[str, ...]:
    """Return the strings of a list. The API server reads null as the empty string."""
    return as_strs(["" if entry is None else entry for entry in as_list(value)])


def _matches(patterns: frozenset[str], value: str) -> bool:
    return "*" in patterns or value in patterns
