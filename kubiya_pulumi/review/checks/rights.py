"""Rights that let their holder gain more than they say, and whether a role grants them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from kubiya_pulumi.review.findings import Rule
from kubiya_pulumi.review.kubernetes.rbac import PolicyRule
from kubiya_pulumi.text import join_names, join_quoted

READ = ("get", "list", "watch")
WRITE = ("create", "update", "patch")
DELETE = ("delete", "deletecollection")


@dataclass(frozen=True)
class Right:
    """Verbs on resources, of which each combination is risky.

    A value that ends in `*`, such as `userextras/*`, stands for all values that begin like it. Such
    a value matches only what a rule names, and not a wildcard of the rule.
    """

    verbs: tuple[str, ...]
    api_group: str
    """`*` for any."""
    resources: tuple[str, ...]
    """Resources, which may include a subresource (`pods/exec`); `*` for any."""
    cluster_only: bool = False
    """Whether the resources are cluster-scoped: a grant in a namespace has no effect on them."""
    only_namespace: str = ""
    """The namespace whose objects matter; empty for all."""
    any_name: bool = False
    """Whether rules that list objects in `resourceNames` do not give the right."""

    def exists_in(self, namespaces: Iterable[str]) -> bool:
        """Return whether a grant can give the right if it applies in these namespaces.

        Args:
            namespaces: the namespaces of the grant; empty for the whole cluster.
        """
        names = set(namespaces)
        if not names:
            return True
        return not self.cluster_only and (not self.only_namespace or self.only_namespace in names)

    def granted_by(self, rule: PolicyRule) -> Iterator[tuple[str, str]]:
        """Yield the verb and resource of each part of the right that a rule grants."""
        if self.any_name and rule.resource_names:
            return
        groups = rule.api_groups if self.api_group == "*" else (self.api_group,)
        for group in groups:
            for resource in self._resources_in(rule):
                for verb in self._verbs_in(rule):
                    if _grants(rule, verb, group, resource):
                        yield verb, resource

    def _resources_in(self, rule: PolicyRule) -> Iterator[str]:
        for resource in self.resources:
            parent, any_subresource, _ = resource.partition("/*")
            if resource == "*":
                yield from rule.resources
            elif any_subresource:
                for named in rule.resources:
                    prefix, _, subresource = named.partition("/")
                    if subresource and prefix in (parent, "*"):
                        yield f"{parent}/{subresource}"
            else:
                yield resource

    def _verbs_in(self, rule: PolicyRule) -> Iterator[str]:
        for verb in self.verbs:
            if verb.endswith("*"):
                yield from (named for named in rule.verbs if named.startswith(verb[:-1]))
            else:
                yield verb


@dataclass(frozen=True)
class Risk:
    """Rights that are risky in the same way."""

    rule: Rule
    """The rule that a role breaks if it grants any part of any of the rights."""
    rights: tuple[Right, ...]

    def granted_by(self, rules: Sequence[PolicyRule], namespaces: Iterable[str] = ()) -> str:
        """Return the part of the rights that rules grant, as text; empty if they grant none.

        Args:
            rules: the rules of a role.
            namespaces: the namespaces in which the role is granted; empty for the whole cluster.
        """
        names = tuple(namespaces)
        granted = [
            (verb, resource, rule)
            for rule in rules
            for right in self.rights
            if right.exists_in(names)
            for verb, resource in right.granted_by(rule)
        ]
        if not granted:
            return ""
        verbs = dict.fromkeys(verb for verb, _, _ in granted)
        resources = dict.fromkeys(resource for _, resource, _ in granted)
        objects = dict.fromkeys(name for _, _, rule in granted for name in rule.resource_names)
        has_unnamed = any(not rule.resource_names for _, _, rule in granted)
        named = "" if has_unnamed else f" named {join_quoted(objects)}"
        return f"{join_names(verbs)} on {join_names(resources)}{named}"


def _grants(rule: PolicyRule, verb: str, group: str, resource: str) -> bool:
    resource, _, subresource = resource.partition("/")
    # These requests have no object name, so a rule with names does not match them.
    has_no_name = verb in ("create", "deletecollection") and not subresource
    return rule.covers(verb, group, resource, subresource) and not (
        has_no_name and rule.resource_names
    )
