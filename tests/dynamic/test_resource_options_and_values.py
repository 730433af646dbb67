"""Options and values of a resource that Pulumi ignores, or fails on with a traceback."""

from __future__ import annotations

import asyncio
import datetime
import itertools
import warnings
from collections.abc import Callable
from enum import Enum
from functools import wraps
from types import MappingProxyType
from typing import Any

import pulumi
import pytest

from kubiya_pulumi.dynamic.program_values import unsupported_value
from kubiya_pulumi.dynamic.resource_options import (
    InvalidResourceError,
    check_options,
    inherited_provider,
    with_module_provider,
)
from kubiya_pulumi.testing import Mocks, run_program

Options = pulumi.ResourceOptions
NO_MAPPINGS: dict[str, Any] = (
    {"env_var_mappings": {}} if hasattr(Options(), "env_var_mappings") else {}
)
"""Empty with a version of Pulumi that does not know the option."""


class Color(Enum):
    RED = "red"


def in_program(test: Callable[[], None]) -> Callable[[], None]:
    """Run a test as a program, because it declares resources."""

    @wraps(test)
    def run() -> None:
        run_program(test, Mocks())

    return run


_names = map("r{}".format, itertools.count())


def provider(package: str = "pulumi-python") -> pulumi.ProviderResource:
    return pulumi.ProviderResource(package, next(_names))


def component(**options: Any) -> pulumi.ComponentResource:
    return pulumi.ComponentResource("acme:index:Team", next(_names), None, Options(**options))


def applied(opts: pulumi.ResourceOptions | None) -> Any:
    """Return the provider that a resource with these options uses."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        opts = with_module_provider(opts, "acme")
        return pulumi.CustomResource(
            "pulumi-python:dynamic/acme:A", next(_names), {}, opts
        )._provider


@in_program
def test_a_provider_under_the_name_of_the_module_applies() -> None:
    acme, other = provider(), provider()
    cluster = provider("kubernetes")
    both = {"acme": acme, "kubernetes": cluster}
    assert applied(Options(providers=both)) is acme
    assert applied(Options(parent=component(providers=both))) is acme
    assert inherited_provider(component(providers=both), "acme") is acme
    # The correct name, and the resource's own option, take precedence.
    assert applied(Options(providers={"acme": acme, "pulumi-python": other})) is other
    assert applied(Options(providers={"acme": acme}, provider=other)) is other
    assert applied(Options(providers=[other], parent=component(providers=both))) is other
    # A provider of the children of the resource is not its own.
    assert applied(Options(providers={"acme": acme}, provider=cluster)) is acme


@pytest.mark.parametrize("opts", [None, Options(), Options(providers=[]), Options(parent=None)])
def test_options_without_such_a_provider_stay_the_same(opts: Any) -> None:
    assert with_module_provider(opts, "acme") is opts


@in_program
def test_the_given_options_are_not_changed() -> None:
    opts = Options(providers={"acme": provider()})
    with_module_provider(opts, "acme")
    assert list(opts.providers) == ["acme"]


@in_program
def test_a_provider_of_another_package_is_refused() -> None:
    wrong = {"acme": provider("kubernetes")}
    with pytest.raises(InvalidResourceError, match='a provider of kubernetes for "acme"'):
        with_module_provider(Options(providers=wrong), "acme")
    with pytest.raises(InvalidResourceError, match='a provider of kubernetes for "acme"'):
        inherited_provider(component(providers=wrong), "acme")


@in_program
def test_two_different_inherited_providers_are_refused() -> None:
    """Which of them is nearer cannot be known."""
    acme, other = provider(), provider()
    outer = component(providers={"acme": acme})
    with pytest.raises(InvalidResourceError, match='contain both "acme" and "pulumi-python"'):
        applied(Options(parent=component(parent=outer, providers=[other])))
    assert applied(Options(parent=component(parent=outer, providers=[acme]))) is acme


@pytest.mark.parametrize(
    "opts", [None, Options(), Options(**NO_MAPPINGS), Options(id="x", protect=True)]
)
def test_other_options_are_accepted(opts: Any) -> None:
    check_options('Topic "a"', opts)


def test_an_import_without_advice() -> None:
    with pytest.raises(InvalidResourceError) as raised:
        check_options('Topic "a"', Options(import_="x"))
    assert str(raised.value) == (
        'Topic "a": Pulumi cannot import a dynamic resource of Python by its id. Remove the option '
        "import_."
    )


@pytest.mark.parametrize(
    "value",
    [
        *(None, "a", b"".decode(), True, 1, 1.5, float("nan"), Color.RED),
        *([], (1, [2]), {"a": {"b": ()}}, MappingProxyType({"a": 1})),
        *(pulumi.StringAsset("x"), pulumi.FileArchive(".")),
    ],
)
def test_values_that_can_be_sent(value: Any) -> None:
    assert unsupported_value(value) is None


@in_program
def test_values_that_are_known_later() -> None:
    assert unsupported_value([pulumi.Output.from_input(1), component()]) is None
    waiting = asyncio.sleep(0)
    assert unsupported_value({"a": waiting}) is None
    waiting.close()


@pytest.mark.parametrize(
    ("value", "path", "kind"),
    [
        (b"x", "", "bytes"),
        (range(3), "", "range"),
        ({1}, "", "set"),
        ((i for i in ()), "", "generator"),
        ([1, object()], "[1]", "object"),
        ({"a b": [datetime.date(2020, 1, 1)]}, '["a b"][0]', "date"),
        ({"b": {"c": 1j}}, ".b.c", "complex"),
    ],
)
def test_values_that_cannot_be_sent(value: Any, path: str, kind: str) -> None:
    problem = unsupported_value(value)
    assert problem is not None
    assert problem.path == path
    assert problem.reason.startswith(f"is of type {kind}, which Pulumi cannot store; convert it")


@pytest.mark.parametrize(("value", "path"), [({5: 1}, ""), ([{"a": {None: 1}}], "[0].a")])
def test_keys_that_cannot_be_sent(value: Any, path: str) -> None:
    problem = unsupported_value(value)
    assert problem is not None
    assert problem.path == path
    key = "5" if path == "" else "None"
    assert problem.reason == f"has the key {key}, which Pulumi cannot store; convert it to a string"
