"""A dynamic provider that does nothing: the floor of the benchmark.

It has a module of its own. If the program declared its class, the SDK would store the code of
the class in the state of each resource, and the engine would take longer.
"""

from __future__ import annotations

from typing import Any

from pulumi.dynamic import CreateResult, DiffResult, Resource, ResourceProvider, UpdateResult

Properties = dict[str, Any]


class Plain(Resource, module="bench", name="Plain"):
    """A resource whose provider does nothing."""

    name: object

    def __init__(self, resource_name: str, name: object, description: str = "") -> None:
        super().__init__(_Nothing(), resource_name, {"name": name, "description": description})


class _Nothing(ResourceProvider):
    serialize_as_secret_always = False

    def create(self, props: Properties) -> CreateResult:
        return CreateResult(props["name"], props)

    def diff(self, _id: str, _olds: Properties, _news: Properties) -> DiffResult:
        return DiffResult(changes=_olds["description"] != _news["description"])

    def update(self, _id: str, _olds: Properties, _news: Properties) -> UpdateResult:
        return UpdateResult(_news)
