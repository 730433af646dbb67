"""The base of a resource class: what it registers follows from the declaration."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import pulumi
from pulumi.dynamic import Resource

from .dynamic_provider import DynamicProvider
from .program_values import unsupported_value
from .properties import ResourceDeclaration
from .resource_options import InvalidResourceError, check_options, with_module_provider


class DynamicResource(Resource):
    """A resource whose type and properties a declaration describes.

    Pass it to the subclass: `class Topic(DynamicResource, declaration=TOPIC)`.
    """

    declaration: ClassVar[ResourceDeclaration[Any, Any] | None] = None
    """The declaration of the resource."""
    hidden_outputs: ClassVar[frozenset[str]] = frozenset()
    """The hidden outputs that the class itself uses in the program."""
    import_advice: ClassVar[str] = ""
    """What to do instead of an import by id, as sentences."""

    def __init_subclass__(
        cls, *, declaration: ResourceDeclaration[Any, Any] | None = None, **kwargs: Any
    ) -> None:
        """Set the type of the resource; a class without a declaration has that of its base."""
        if declaration is not None:
            cls.declaration = declaration
        if cls.declaration is not None:
            kwargs.update(module=cls.declaration.module, name=cls.declaration.name)
        super().__init_subclass__(**kwargs)

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
            opts: the user's options, which take precedence. A provider under the module's name,
                `providers={"kubiya": …}`, applies too.

        Raises:
            InvalidResourceError: an option or a value cannot work.
            TypeError: the class has no declaration, its provider has another one, or an argument
                is not declared.
        """
        declaration = self._require_declaration(provider)
        resource = f'{type(self).__name__} "{resource_name}"'
        check_options(resource, opts, self.import_advice)
        outputs = {
            name: None
            for name, item in declaration.outputs.items()
            if not item.hidden or name in self.hidden_outputs
        }
        names = {name: item.argument or name for name, item in declaration.inputs.items()}
        if undeclared := arguments.keys() - names.values():
            raise TypeError(
                f"{type(self).__name__} passes {', '.join(sorted(undeclared))}, which "
                f"{declaration.inputs_type.__name__} does not declare"
            )
        for argument, value in arguments.items():
            if problem := unsupported_value(value):
                raise InvalidResourceError(
                    f"{resource}: {argument}{problem.path} {problem.reason}."
                )
        inputs = {name: arguments.get(argument) for name, argument in names.items()}
        own = pulumi.ResourceOptions(
            additional_secret_outputs=sorted(declaration.secret_outputs),
            # Also for a replacement that the user forces: the engine asks no provider about it.
            delete_before_replace=declaration.delete_before_replace or None,
        )
        merged = pulumi.ResourceOptions.merge(own, with_module_provider(opts, declaration.module))
        super().__init__(provider, resource_name, {**outputs, **inputs}, merged)

    def _require_declaration(self, provider: DynamicProvider) -> ResourceDeclaration[Any, Any]:
        name, handled = type(self).__name__, provider.handler.declaration
        if self.declaration is None:
            raise TypeError(
                f"{name} has no declaration; pass one: class {name}(DynamicResource, declaration=…)"
            )
        if self.declaration != handled:
            raise TypeError(
                f"{name} is declared as {self.declaration.type_token}, but "
                f"{type(provider).__name__} handles {handled.type_token}; use the same declaration"
            )
        return self.declaration
