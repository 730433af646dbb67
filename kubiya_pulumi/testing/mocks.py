"""Pulumi mocks that run the handlers of dynamic resources."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass, field, replace
from typing import Any

import pulumi
from pulumi.runtime import MockCallArgs, MockResourceArgs
from pulumi.runtime.rpc import is_rpc_secret, unwrap_rpc_secret

from kubiya_pulumi.api import RunnersApi
from kubiya_pulumi.declarations import RunnerHealthInputs
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
    """A resource has invalid inputs. The engine would reject it in `check`."""


class MissingStackError(KubiyaError):
    """A program refers to a stack whose outputs the test does not define."""


@dataclass(frozen=True)
class DeclaredResource:
    """A resource that a program declared, with its id and outputs. Secrets are in plain text."""

    type: str
    """Its type, such as `pulumi-python:dynamic/kubiya:Runner`."""
    name: str
    """Its name in the program."""
    inputs: dict[str, Any] = field(repr=False)
    """Its inputs, without those that a preview does not know."""
    id: str
    """Its id; empty in a preview."""
    outputs: dict[str, Any] = field(repr=False)
    """Its outputs; in a preview, those that are known."""


class Mocks(pulumi.runtime.Mocks):
    """Mocks for programs that use this package.

    The inputs of this package's resources are validated and their handlers called as in
    `pulumi up`, but with `client`, which the get functions use too. The settings of the stack are
    not used. The outputs of every other resource are its inputs.

    To mock other resources or functions, override `new_resource` or `call` in a subclass, and call
    `super()` for all others.

    Args:
        client: the client of the resources and get functions: a `MemoryClient`, or a
            `RunnersClient` of an emulator. Default: a new `MemoryClient`.
        stacks: the outputs of other stacks, by the name that the program passes to
            `StackReference`; `{}` for a stack without outputs. A reference to any other stack
            raises `MissingStackError`. Default: None, no stacks.
        handlers: the handlers of your own dynamic resources, each with the API that it gets.
            Default: None, no further handlers.
    """

    runners_client: RunnersApi
    """The client of the resources and get functions."""
    resources: list[DeclaredResource]
    """The declared resources, in the order of their registration."""

    def __init__(
        self,
        client: RunnersApi | None = None,
        *,
        stacks: Mapping[str, Mapping[str, Any]] | None = None,
        handlers: Mapping[ResourceHandler[Any, Any, Any], Any] | None = None,
    ) -> None:
        self.runners_client = MemoryClient() if client is None else client
        self.resources = []
        self._stacks = stacks or {}
        apis = {**dict.fromkeys(HANDLERS.values(), self.runners_client), **(handlers or {})}
        self._handlers = {handler.declaration.type_token: handler for handler in apis}
        self._apis = apis

    def resource(self, name: str) -> DeclaredResource:
        """Return the declared resource with this name.

        Args:
            name: Pulumi's name for the resource.

        Raises:
            LookupError: no resource has the name, or resources of several types have it. The
                message lists the candidates.
        """
        matches = [resource for resource in self.resources if resource.name == name]
        if len(matches) == 1:
            return matches[0]
        problem = "several resources are" if matches else "no resource is"
        candidates = [f"{item.name} ({item.type})" for item in matches or self.resources]
        declared = ", ".join(candidates) or "the program declares no resources"
        raise LookupError(f'{problem} named "{name}": {declared}')

    def new_resource(self, args: MockResourceArgs) -> tuple[str, dict[str, Any]]:
        """Create a resource as the engine would in a new stack, and return its id and outputs.

        Raises:
            InvalidInputsError: its inputs are invalid.
            MissingStackError: it refers to a stack whose outputs are not defined.
            KubiyaError: its creation failed.
        """
        inputs = {name: _plain(value) for name, value in args.inputs.items()}
        known, unknown = split_unknown(inputs)
        handler = self._handlers.get(args.typ)
        if handler is not None and args.resource_id:
            id_, outputs = args.resource_id, self._read(handler, args.resource_id, known)
        elif handler is not None:
            id_, outputs = self._create(handler, args.name, known, unknown.keys())
        elif args.typ == STACK_REFERENCE:
            id_ = known["name"]
            outputs = {"name": id_, "outputs": self._exported(id_), "secretOutputNames": []}
        else:
            id_, outputs = args.resource_id or f"{args.name}-id", known
        if pulumi.runtime.is_dry_run() and not args.resource_id:
            id_ = ""
        self.resources.append(DeclaredResource(args.typ, args.name, known, id_, outputs))
        secret = frozenset() if handler is None else handler.declaration.secret_outputs
        return id_, _with_secrets(args, outputs, secret)

    def call(self, args: MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]] | None]:
        """Return the arguments of another provider's function as its result."""
        return args.args, None

    def _exported(self, stack: str) -> dict[str, Any]:
        if stack not in self._stacks:
            raise MissingStackError(
                f'the program refers to the stack "{stack}", whose outputs the test does not '
                f'define: pass Mocks(stacks={{"{stack}": {{…}}}}) with the outputs that it reads'
            )
        return dict(self._stacks[stack])

    def _read(
        self, handler: ResourceHandler[Any, Any, Any], resource_id: str, known: dict[str, Any]
    ) -> dict[str, Any]:
        """Read a resource that the program does not manage."""
        declaration = handler.declaration
        state = handler.read(self._apis[handler], declaration.parse_state(resource_id, known))
        return {} if state is None else declaration.to_properties(state)

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
        typed = declaration.parse_inputs(inputs)
        if isinstance(typed, RunnerHealthInputs) and isinstance(self.runners_client, MemoryClient):
            # In memory no health changes, so one request is enough.
            typed = replace(typed, timeout_seconds=0.0)
        outputs = declaration.to_properties(handler.create(self._apis[handler], typed))
        return outputs[declaration.id_property], {**outputs, **inputs}


def _plain(value: Any) -> Any:
    value = unwrap_rpc_secret(value)
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else value


def _with_secrets(
    args: MockResourceArgs, outputs: dict[str, Any], declared: frozenset[str]
) -> dict[str, Any]:
    """Mark the outputs that the engine would: declared secrets, and secret inputs."""
    inputs = {name: value for name, value in args.inputs.items() if outputs.get(name) is not None}
    return {
        name: pulumi.Output.secret(value)
        if name in declared or is_rpc_secret(args.inputs.get(name))
        else inputs.get(name, value)
        for name, value in outputs.items()
    }
