"""How a get function calls the API: with which settings, and with which errors.

Settings have the same sources as those of resources, and calls with the same settings share one
client.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import pulumi
from pulumi.runtime import settings as runtime

from kubiya_pulumi import config
from kubiya_pulumi.api import RunnersApi, shared_client
from kubiya_pulumi.declarations import MODULE
from kubiya_pulumi.dynamic.resource_options import inherited_provider
from kubiya_pulumi.errors import KubiyaError
from kubiya_pulumi.plaintext_key_warning import warn_about_plaintext_key
from kubiya_pulumi.provider import KubiyaProvider

T = TypeVar("T")


class GetError(KubiyaError, pulumi.RunError):
    """A get function failed. It ends the program with its sentence, not with a traceback.

    `__cause__` is the error of the client or the lifecycle, for programs that catch it.
    """


Settings = Mapping[str, pulumi.Input[str | float]] | None
"""The settings of an explicit provider; None for those of the stack's configuration."""


def call(request: Callable[[RunnersApi], T], opts: pulumi.InvokeOptions | None) -> T:
    """Send a request at once and return its result.

    Args:
        request: sends the request.
        opts: the options of the get function.

    Raises:
        GetError: the options or the settings are invalid, or the request failed.
    """
    settings = _settings(opts)
    if any(isinstance(value, pulumi.Output) for value in (settings or {}).values()):
        raise GetError(
            "the provider's settings are outputs, whose values are not known yet: use the "
            "_output form of the get function, or give the provider plain values."
        )
    return _translate_errors(request, _client(settings))


def call_output(
    request: Callable[[RunnersApi, Any], T], name: Any, opts: pulumi.InvokeOptions | None
) -> pulumi.Output[T]:
    """Send a request as soon as its argument is known.

    Args:
        request: sends the request; its second argument is the known `name`.
        name: the argument of the get function, which may be an output.
        opts: the options of the get function.
    """
    # The key is a secret; the response to a request with it is not, unless the name is one.
    settings = pulumi.Output.unsecret(pulumi.Output.from_input(_settings(opts)))
    after = pulumi.Output.from_input(getattr(opts, "depends_on", None) or [])

    def call(known: dict[str, Any]) -> Any:
        # In a thread, so that the program's other outputs are not blocked.
        return asyncio.to_thread(
            _translate_errors,
            lambda api: request(api, known["name"]),
            _client(known["settings"]),
        )

    inputs = {"name": name, "settings": settings, "after": after.apply(_dependency_ids)}
    return pulumi.Output.all(**inputs).apply(call)


def _dependency_ids(dependencies: Any) -> list[pulumi.Output[Any]]:
    """Return the ids of resources, and of the parts of components.

    A preview does not know the id of a resource that it would create, so it sends no request.
    """
    waiting = list(dependencies) if isinstance(dependencies, list) else [dependencies]
    found: dict[pulumi.Resource, None] = {}
    while waiting:
        resource = waiting.pop()
        if not isinstance(resource, pulumi.Resource):
            raise GetError(
                f"depends_on of the get function contains {resource!r}: pass resources only."
            )
        if resource not in found:
            found[resource] = None
            waiting += _parts(resource)
    # A component has no id, and its URN is known once it is registered.
    return [vars(resource).get("id", resource.urn) for resource in found]


def _parts(resource: pulumi.Resource) -> list[pulumi.Resource]:
    """Return the resources whose parent a component is; none of another resource.

    The SDK has no public name for them. Without its private one, they are those that the component
    has as attributes.
    """
    if not isinstance(resource, pulumi.ComponentResource):
        return []
    attributes = [item for item in vars(resource).values() if isinstance(item, pulumi.Resource)]
    return list(getattr(resource, "_childResources", attributes))


def _translate_errors(request: Callable[[RunnersApi], T], api: RunnersApi) -> T:
    try:
        return request(api)
    except KubiyaError as error:
        raise GetError(str(error)) from error


def _client(settings: Settings) -> RunnersApi:
    # A unit test has no API: the mocks of `kubiya_pulumi.testing` provide a client.
    if mocks := getattr(runtime.get_monitor(), "mocks", None):
        client: RunnersApi | None = getattr(mocks, "runners_client", None)
        if client is None:
            raise GetError(
                "get functions do not call the API under mocks: use those of "
                "kubiya_pulumi.testing, or derive yours from them."
            )
        return client
    configured = _stack_setting if settings is None else settings.get
    try:
        return shared_client(config.read_connection(configured, warn=pulumi.log.warn))
    except KubiyaError as error:
        raise GetError(str(error)) from error


def _stack_setting(name: str) -> str | None:
    namespace, _, key = name.partition(":")
    return pulumi.Config(namespace).get(key)


def _settings(opts: pulumi.InvokeOptions | None) -> Settings:
    provider = opts.provider if opts else None
    if provider is None and opts and opts.parent:
        provider = inherited_provider(opts.parent, MODULE)
    if provider is None:
        warn_about_plaintext_key()
        return None
    if not isinstance(provider, KubiyaProvider):
        raise GetError(
            "the provider of the get function is not a KubiyaProvider: pass one, or omit it to "
            "use the stack's configuration."
        )
    return provider._settings
