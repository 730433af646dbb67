"""The adapter between the engine's calls and a handler."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import wraps
from typing import Any, ClassVar, Concatenate, ParamSpec, TypeVar

from pulumi.dynamic import (
    CheckFailure,
    CheckResult,
    CreateResult,
    DiffResult,
    ReadResult,
    ResourceProvider,
    UpdateResult,
)
from pulumi.output import contains_unknowns

from .handler import InputFailure, ResourceHandler, StateOnlyHandler
from .plugin import report_only
from .properties import ResourceDeclaration
from .secret_values import secret_output

P = ParamSpec("P")
T = TypeVar("T")

EngineProperties = dict[str, Any]
"""Properties as the engine passes them: with `__provider`, and in a preview with unknowns."""


def _without_traceback(
    method: Callable[Concatenate[Any, P], T],
) -> Callable[Concatenate[DynamicProvider, P], T]:
    """Let the engine print only the message of an error that is a sentence for the user."""

    @wraps(method)
    def call(self: DynamicProvider, /, *args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return method(self, *args, **kwargs)
        except self.errors as error:
            report_only(self.describe_error(error, method.__name__))
            # Without its frames and causes: if the message is not used, the engine prints them.
            raise error.with_traceback(None) from None

    return call


class DynamicProvider(ResourceProvider, ABC):
    """Translates the engine's calls for one kind of resource to calls of its handler.

    A stack stores a reference to the subclass, by module path and class name, and an instance
    without attributes. Settings arrive with `configure`.
    """

    serialize_as_secret_always = False  # An instance without attributes contains no secret.
    handler: ClassVar[ResourceHandler[Any, Any, Any]]
    errors: ClassVar[tuple[type[Exception], ...]] = ()
    """The errors that are sentences for the user, and print without a traceback."""

    @abstractmethod
    def api(self) -> Any:
        """Return the API with the configured settings."""

    def describe_error(self, error: Exception, method: str) -> str:  # noqa: ARG002
        """Return the message of an error for the user.

        Args:
            error: one of `errors`.
            method: the method that raised it: `create`, `read`, `update` or `delete`.
        """
        return str(error)

    def setting_failures(self) -> list[InputFailure]:
        """Return what is wrong with the settings. A failed check prints as one line."""
        return []

    # The parameters have the names of the base class, some with an underscore. All are used.

    def check(self, _olds: EngineProperties, news: EngineProperties) -> CheckResult:
        """Validate the inputs and the settings."""
        inputs, unknown = split_unknown(news)
        checked, failures = self.handler.check(inputs, unknown.keys(), _olds)
        failures += self.setting_failures()
        return CheckResult(
            {**checked, **unknown},
            [CheckFailure(failure.property, failure.reason) for failure in failures],
        )

    def diff(self, _id: str, _olds: EngineProperties, _news: EngineProperties) -> DiffResult:
        """Compare the state with the inputs."""
        inputs, unknown = split_unknown(_news)
        diff = self.handler.diff(known_properties(_olds), inputs, unknown.keys())
        return DiffResult(
            # None makes the engine name the changed inputs in its reports; True would not.
            changes=None if diff.updates or diff.replaces else False,
            replaces=list(diff.replaces),
            delete_before_replace=diff.delete_before_replace,
        )

    @_without_traceback
    def create(self, props: EngineProperties) -> CreateResult:
        """Create the object."""
        declaration = self.handler.declaration
        inputs = declaration.parse_inputs(known_properties(props))
        state = self.handler.create(self.api(), inputs)
        outputs = declaration.to_properties(state)
        return CreateResult(outputs[declaration.id_property], _stored(declaration, outputs))

    @_without_traceback
    def read(self, id_: str, props: EngineProperties) -> ReadResult:
        """Read the object. An empty id means that it is gone."""
        declaration = self.handler.declaration
        state = self.handler.read(self.api(), declaration.parse_state(id_, known_properties(props)))
        if state is None:
            return ReadResult("", {})
        outputs = _stored(declaration, declaration.to_properties(state))
        return ReadResult(id_, outputs, declaration.inputs_in(state))

    @_without_traceback
    def update(self, _id: str, _olds: EngineProperties, _news: EngineProperties) -> UpdateResult:
        """Change the object in place."""
        declaration = self.handler.declaration
        state = declaration.parse_state(_id, known_properties(_olds))
        inputs = declaration.parse_inputs(known_properties(_news))
        updated = self.handler.update(self.api(), state, inputs)
        return UpdateResult(_stored(declaration, declaration.to_properties(updated)))

    @_without_traceback
    def delete(self, _id: str, _props: EngineProperties) -> None:
        """Delete the object. A resource without one needs no settings, such as a key."""
        if isinstance(self.handler, StateOnlyHandler):
            return
        state = self.handler.declaration.parse_state(_id, known_properties(_props))
        self.handler.delete(self.api(), state)


def _stored(
    declaration: ResourceDeclaration[Any, Any], outputs: EngineProperties
) -> EngineProperties:
    """Return the outputs with the secrets marked.

    The options of the resource class mark them too, but no program has set them yet when a resource
    is refreshed that was imported.
    """
    return {
        name: secret_output(value) if name in declaration.secret_outputs else value
        for name, value in outputs.items()
    }


def known_properties(properties: EngineProperties) -> EngineProperties:
    """Return the properties of the resource itself: without `__provider` and unknown values.

    Only a preview has unknown values, in `check` and `diff`; elsewhere this returns all of them.
    """
    return split_unknown(properties)[0]


def split_unknown(properties: EngineProperties) -> tuple[EngineProperties, EngineProperties]:
    """Return the properties that are known, and those that a preview does not know yet."""
    known: EngineProperties = {}
    unknown: EngineProperties = {}
    for name, value in properties.items():
        if not name.startswith("__"):
            (unknown if contains_unknowns(value) else known)[name] = value
    return known, unknown
