"""The options of a resource that `pulumi.dynamic` ignores, or fails on with a traceback."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import pulumi

PACKAGE = "pulumi-python"
"""The package of every dynamic resource of Python, and of its explicit providers."""


class InvalidResourceError(pulumi.RunError):
    """A program declares a resource in a way that cannot work.

    It ends the program with its message and without a traceback.
    """


def check_options(
    resource: str, opts: pulumi.ResourceOptions | None, import_advice: str = ""
) -> None:
    """Refuse the options that cannot work.

    Args:
        resource: the resource, for the message: `Topic "orders"`.
        opts: its options.
        import_advice: what to do instead of an import, as sentences.

    Raises:
        InvalidResourceError: the options contain `import_` or `env_var_mappings`.
    """
    if opts is None:
        return
    if opts.import_ is not None:
        raise InvalidResourceError(
            f"{resource}: Pulumi cannot import a dynamic resource of Python by its id. Remove the "
            f"option import_. {import_advice}".rstrip()
        )
    if getattr(opts, "env_var_mappings", None):
        raise InvalidResourceError(
            f"{resource}: the option env_var_mappings works only for a provider. Set it in the "
            "options of the provider, and pass that with the option provider."
        )


def with_module_provider(
    opts: pulumi.ResourceOptions | None, module: str
) -> pulumi.ResourceOptions | None:
    """Return options in which a provider under the name of a module applies.

    `providers={"kubiya": provider}` names the module of the resources. Their package is that of
    every dynamic resource, so Pulumi would ignore the provider.

    Args:
        opts: the options of a resource or a component.
        module: the module in the types of the resources, such as `kubiya`.

    Raises:
        InvalidResourceError: that provider is of another package, or contradicts one that the
            resource inherits.
    """
    provider = _module_provider(opts, module)
    if opts is None or provider is None or _has_package(opts.provider):
        return opts
    # Not `merge`, which warns about the name of the module.
    changed = copy.copy(opts)
    others = {name: item for name, item in _by_package(opts).items() if name != module}
    changed.providers = {**others, PACKAGE: provider}
    return changed


def inherited_provider(parent: pulumi.Resource, module: str) -> pulumi.ProviderResource | None:
    """Return the provider that the children of a resource use; None for the default provider.

    Args:
        parent: the resource.
        module: the module in the types of its children, such as `kubiya`.

    Raises:
        InvalidResourceError: as for `with_module_provider`.
    """
    by_module = _checked(parent.get_provider(f"{module}:index:Resource"), module)
    by_package = parent.get_provider(f"{PACKAGE}:index:Resource")
    if by_module is not None and by_package not in (None, by_module):
        raise InvalidResourceError(
            f'the options providers of the parents of a resource contain both "{module}" and '
            f'"{PACKAGE}", with different providers. Pass the intended one to the resource with '
            "the option provider."
        )
    return by_module or by_package


def _module_provider(
    opts: pulumi.ResourceOptions | None, module: str
) -> pulumi.ProviderResource | None:
    """Return the provider under the module's name that applies, of the options or a parent."""
    if opts is None or PACKAGE in _by_package(opts):
        return None
    if (own := _by_package(opts).get(module)) is not None:
        return _checked(own, module)
    if isinstance(opts.parent, pulumi.Resource):
        return inherited_provider(opts.parent, module)
    return None


def _checked(
    provider: pulumi.ProviderResource | None, module: str
) -> pulumi.ProviderResource | None:
    if provider is not None and not _has_package(provider):
        raise InvalidResourceError(
            f'the option providers has a provider of {provider.package} for "{module}", which its '
            f"resources cannot use. Pass a provider of {PACKAGE}."
        )
    return provider


def _by_package(opts: pulumi.ResourceOptions) -> Mapping[str, pulumi.ProviderResource]:
    given: Any = opts.providers or {}
    return given if isinstance(given, Mapping) else {item.package: item for item in given}


def _has_package(provider: pulumi.ProviderResource | None) -> bool:
    return provider is not None and provider.package == PACKAGE
