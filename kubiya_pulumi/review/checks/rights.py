"""Rights that let their holder gain more than they say, and whether a role grants them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from kubiya_pulumi.review.findings import Rule
from kubiya_pulumi.review.kubernetes.rbac import PolicyRule
from kubiya_pulumi.text import join_names, join_quoted

READ = ("get", "list", "watch")
WRITE = ("create", "update", "patch")
DELETE = ("delete", "deletecollection")
_UNNAMED = ("create", "deletecollection")
"""Verbs of requests without an object name, unless they are for a subresource."""


@dataclass(frozen=True)
class Right:
    """Verbs and resources, each combination of which is risky.

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

    def granted_by(self, rule: PolicyRule) -> tuple[list[str], list[str]]:
        """Return the verbs and the resources of the right that a rule grants; both or none.

        The steps grow with the number of values of the rule, not with their combinations.
        """
        if self.any_name and rule.is_named:
            return [], []
        verbs = list(self._verbs_in(rule))
        if not (verbs and self._has_group_in(rule)):
            return [], []
        resources = list(self._resources_in(rule))
        if rule.is_named:
            # These requests have no object name, so a rule with names does not match them.
            has_named_verb = any(verb not in _UNNAMED for verb in verbs)
            has_subresource = any("/" in resource for resource in resources)
            verbs = [verb for verb in verbs if verb not in _UNNAMED or has_subresource]
            resources = [name for name in resources if "/" in name or has_named_verb]
        return (verbs, resources) if verbs and resources else ([], [])

    def _has_group_in(self, rule: PolicyRule) -> bool:
        if self.api_group == "*":
            return bool(rule.api_groups)
        return rule.covers_group(self.api_group)

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
            elif rule.covers_resource(*resource.split("/")):
                yield resource

    def _verbs_in(self, rule: PolicyRule) -> Iterator[str]:
        for verb in self.verbs:
            if verb.endswith("*"):
                yield from (named for named in rule.verbs if named.startswith(verb[:-1]))
            elif rule.covers_verb(verb):
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
        rights = [right for right in self.rights if right.exists_in(names)]
        verbs: dict[str, None] = {}
        resources: dict[str, None] = {}
        granting: list[PolicyRule] = []
        for rule, right in product(rules, rights):
            granted_verbs, granted_resources = right.granted_by(rule)
            if granted_verbs:
                verbs.update(dict.fromkeys(granted_verbs))
                resources.update(dict.fromkeys(granted_resources))
                granting.append(rule)
        if not granting:
            return ""
        objects = dict.fromkeys(name for rule in granting for name in rule.resource_names)
        has_unnamed = not all(rule.is_named for rule in granting)
        named = "" if has_unnamed else f" named {join_quoted(objects)}"
        return f"{join_names(verbs)} on {join_names(resources)}{named}"
