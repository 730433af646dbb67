"""Pulumi's mocks, with the resources of this package done for real."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from typing import Any

import pulumi
from pulumi.runtime import MockCallArgs, MockResourceArgs
from pulumi.runtime.rpc import is_rpc_secret, unwrap_rpc_secret

from kubiya_pulumi.api import RunnersApi
from kubiya_pulumi.dynamic.dynamic_provider import split_unknown
from kubiya_pulumi.dynamic.handler import ResourceHandler
from kubiya_pulumi.errors import KubiyaError
from kubiya_pulumi.lifecycle.runner import RunnerHandler
from kubiya_pulumi.lifecycle.runner_health import RunnerHealthHandler
from kubiya_pulumi.lifecycle.runner_manifest import RunnerManifestHandler
from kubiya_pulumi.testing.client import MemoryClient

HANDLERS: Mapping[str, ResourceHandler[Any, Any, Any]] = {
    handler.declaration.type_token: handler
    for handler in (RunnerHandler(), RunnerManifestHandler(), RunnerHealthHandler())
}
"""The handlers of this package's resources by type."""
STACK_REFERENCE = "pulumi:pulumi:StackReference"


class InvalidInputsError(KubiyaError):
    """A resource has invalid inputs; the engine would refuse it."""


class MissingStackError(KubiyaError):
    """A program refers to another stack, and the test does not say what that one exports."""


@dataclass(frozen=True)
class DeclaredResource:
    """A resource as a program declared it, and what it came to. Secrets are in plain."""

    type: str
    """Its type, such as `pulumi-python:dynamic/kubiya:Runner`."""
    name: str
    """Its name in the program."""
    inputs: dict[str, Any] = field(repr=False)
    """What it was given, without what is not known in a preview."""
    id: str
    """Its id; empty in a preview."""
    outputs: dict[str, Any] = field(repr=False)
    """What it gives; in a preview what is known."""


class Mocks(pulumi.runtime.Mocks):
    """Mocks for programs that use this package.

    Runners, manifests and health gates are checked and created as `pulumi up` would, with the
    client that is given here, and the get functions ask that client, too: neither the network
    nor the settings of the stack play a part. All other resources have their inputs as outputs.

    Subclass it to say more about other resources: override `new_resource` or `call`, and leave
    what you do not know to `super()`.

    Args:
        client: the client to use: a `MemoryClient`, or a `RunnersApi` of an emulator.
            Default: a new `MemoryClient`.
        stacks: outputs of other stacks, for `StackReference`: by the name of the stack as the
            program gives it; `{}` for one that has none. A reference to a stack that is not
            here is an error.
    """

    runners_client: RunnersApi
    """The client, which the get functions use as well."""
    resources: list[DeclaredResource]
    """All that was declared, in the order of registration."""

    def __init__(
        self,
        client: RunnersApi | None = None,
        *,
        stacks: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> None:
        self.runners_client = MemoryClient() if client is None else client
        self.resources = []
        self._stacks = stacks or {}

    def resource(self, name: str) -> DeclaredResource:
        """Give the one resource of that name.

        Raises:
            LookupError: none was declared, or several of different types; the message says which
                there are.
        """
        found = [each for each in self.resources if each.name == name]
        if len(found) != 1:
            there = [f"{each.name} ({each.type})" for each in found or self.resources]
            how_many = "several resources are" if found else "no resource is"
            raise LookupError(f'{how_many} named "{name}": {", ".join(there) or "there is none"}')
        return found[0]

    def new_resource(self, args: MockResourceArgs) -> tuple[str, dict[str, Any]]:
        """Do what the engine would do for a resource that is new, and give its id and outputs.

        Raises:
            InvalidInputsError: its inputs are invalid.
            MissingStackError: it is a reference to a stack whose outputs were not given.
            KubiyaError: what its creation raises.
        """
        inputs = {name: _plain(value) for name, value in args.inputs.items()}
        known, unknown = split_unknown(inputs)
        if args.typ in HANDLERS:
            id_, outputs = self._create(HANDLERS[args.typ], args.name, known, unknown.keys())
        elif args.typ == STACK_REFERENCE:
            id_ = known["name"]
            outputs = {"name": id_, "outputs": self._exported(id_), "secretOutputNames": []}
        else:
            id_, outputs = args.resource_id or f"{args.name}-id", known
        if pulumi.runtime.is_dry_run() and not args.resource_id:
            id_ = ""
        self.resources.append(DeclaredResource(args.typ, args.name, known, id_, outputs))
        return id_, _with_secrets(args, outputs)

    def call(self, args: MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]] | None]:
        """Return the arguments of another provider's function as its result."""
        return args.args, None

    def _exported(self, stack: str) -> dict[str, Any]:
        if stack not in self._stacks:
            raise MissingStackError(
                f'the program refers to the stack "{stack}", whose outputs the test does not give: '
                f'pass Mocks(stacks={{"{stack}": {{…}}}}) with those that it reads'
            )
        return dict(self._stacks[stack])

    def _create(
        self,
        handler: ResourceHandler[Any, Any, Any],
        name: str,
        known: dict[str, Any],
        unknown: Set[str],
    ) -> tuple[str, dict[str, Any]]:
        declaration = handler.declaration
        inputs, failures = handler.check(known, unknown)
        if failures:
            reasons = "; ".join(f"{failure.property} {failure.reason}" for failure in failures)
            raise InvalidInputsError(f'resource "{name}" has invalid inputs: {reasons}')
        if pulumi.runtime.is_dry_run():
            return "", inputs
        given = declaration.read_inputs({**inputs, **self._poll_once(inputs)})
        outputs = declaration.written(handler.create(self.runners_client, given))
        return outputs[declaration.id_property], {**outputs, **inputs}

    def _poll_once(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """Make a health gate poll once: in memory no runner changes meanwhile."""
        waits = "timeout_seconds" in inputs and isinstance(self.runners_client, MemoryClient)
        return {"timeout_seconds": 0.0} if waits else {}


def _plain(value: Any) -> Any:
    value = unwrap_rpc_secret(value)
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else value


def _with_secrets(args: MockResourceArgs, outputs: dict[str, Any]) -> dict[str, Any]:
    """Mark as secret what the engine would: declared secrets, and inputs that were secret."""
    handler = HANDLERS.get(args.typ)
    declared = frozenset() if handler is None else handler.declaration.secret_outputs
    inputs = {name: value for name, value in args.inputs.items() if outputs.get(name) is not None}
    return {
        name: pulumi.Output.secret(value)
        if name in declared or is_rpc_secret(args.inputs.get(name))
        else inputs.get(name, value)
        for name, value in outputs.items()
    }
