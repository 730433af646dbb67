"""The programs of a walk through a stack's changes: components, runners and their options."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

HEADER = """
import pulumi
from pulumi import Alias, ResourceOptions as Options
from kubiya_pulumi import KubiyaRunner

group = pulumi.ComponentResource("test:index:Group", "group")
"""
_PARENTS = {True: "group", False: "pulumi.ROOT_STACK_RESOURCE"}

Place = tuple[str, bool]
"""The name of a resource, and whether the component `group` is its parent."""


@dataclass(frozen=True)
class Declared:
    """A resource, and the runner that it declares."""

    resource: str
    runner: str
    description: str
    in_group: bool = False
    aliases: tuple[Place, ...] = ()
    adopts: bool = False
    """Whether it may take over an existing runner."""
    is_owned: bool = False
    """Whether the service reports that this stack created the runner."""
    options: str = ""
    """Further options, as the text of arguments."""

    def moved(self, resource: str, *, in_group: bool) -> Declared:
        """Return the resource with another name or parent, and with aliases of its earlier ones."""
        aliases = {*self.aliases, (self.resource, self.in_group)} - {(resource, in_group)}
        return replace(self, resource=resource, in_group=in_group, aliases=tuple(sorted(aliases)))

    @property
    def line(self) -> str:
        """The line of the program."""
        aliases = ", ".join(
            f'Alias(name="{name}", parent={_PARENTS[in_group]})' for name, in_group in self.aliases
        )
        parent = "parent=group, " if self.in_group else ""
        return (
            f'KubiyaRunner("{self.resource}", name="{self.runner}", '
            f'description="{self.description}", adopt_existing={self.adopts}, '
            f"opts=Options({parent}aliases=[{aliases}], {self.options}))"
        )


def program_of(declared: Iterable[Declared]) -> str:
    """Return the program that declares these resources."""
    return HEADER + "".join(f"{item.line}\n" for item in declared)
