"""The base of a resource class: what it registers follows from the declaration."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi
from pulumi.dynamic import Resource

from kubiya_pulumi.dynamic.dynamic_provider import DynamicProvider


class DynamicResource(Resource):
    """A resource whose properties a handler's declaration describes."""

    def __init__(
        self,
        provider: DynamicProvider,
        resource_name: str,
        arguments: Mapping[str, Any],
        opts: pulumi.ResourceOptions | None,
    ) -> None:
        """Register the resource.

        Args:
            provider: the resource's provider.
            resource_name: Pulumi's name for the resource.
            arguments: the values of the inputs, by the names of the arguments. None means no value.
            opts: the user's options, which take precedence.

        Raises:
            TypeError: an argument is not declared.
        """
        declaration = provider.handler.declaration
        outputs = {n: None for n, item in declaration.outputs.items() if not item.hidden}
        names = {name: item.argument or name for name, item in declaration.inputs.items()}
        if undeclared := arguments.keys() - names.values():
            raise TypeError(
                f"{type(self).__name__} passes {', '.join(sorted(undeclared))}, which "
                f"{declaration.inputs_type.__name__} does not declare"
            )
        inputs = {name: arguments.get(argument) for name, argument in names.items()}
        own = pulumi.ResourceOptions(
            additional_secret_outputs=sorted(declaration.secret_outputs),
            # Also for a replacement that the user forces: the engine asks no provider about it.
            delete_before_replace=declaration.delete_before_replace or None,
        )
        merged = pulumi.ResourceOptions.merge(own, opts)
        super().__init__(provider, resource_name, {**outputs, **inputs}, merged)
