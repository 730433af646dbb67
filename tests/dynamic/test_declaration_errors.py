"""A wrong declaration is a TypeError when its module is imported, and names what is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, make_dataclass, replace
from typing import Any, Literal, Optional

import pytest

from kubiya_pulumi.dynamic.dynamic_provider import DynamicProvider
from kubiya_pulumi.dynamic.dynamic_resource import DynamicResource
from kubiya_pulumi.dynamic.properties import (
    OnChange,
    Property,
    ResourceDeclaration,
    prop,
    properties_of,
)
from tests.dynamic.test_properties import TOPIC, TopicHandler


def inputs_with(hint: Any, **arguments: Any) -> type:
    """Return an inputs class with the id `name` and another property `size`."""
    return declare({"name": (str, topic_id()), "size": (hint, prop("The size.", **arguments))})


def declare(fields: Mapping[str, tuple[Any, Any]], base: type | None = None) -> type:
    return make_dataclass(
        "TopicInputs" if base is None else "TopicState",
        [(name, hint, declared) for name, (hint, declared) in fields.items()],
        bases=() if base is None else (base,),
        frozen=True,
        kw_only=True,
    )


def topic_id(**arguments: Any) -> Any:
    return prop("The name.", **{"is_id": True, "on_change": OnChange.REPLACE, **arguments})


def error_of(inputs: type, state: type | None = None) -> str:
    """Return the error of a declaration. Default of the state: the inputs."""
    with pytest.raises(TypeError) as caught:
        ResourceDeclaration("example", "Topic", inputs, inputs if state is None else state)
    return str(caught.value)


SUPPORTED_TYPES: dict[Any, Any] = {
    str: "a",
    bool: True,
    int: 3,
    float: 0.5,
    Any: {"a": [1]},
    list[str]: ["a"],
    list[int]: [1, 2],
    list[Any]: ["a", 1],
    dict[str, str]: {"a": "b"},
    dict[str, Any]: {"a": 1},
    list[dict[str, str]]: [{"a": "b"}],
    dict[str, list[int]]: {"a": [1]},
    list[str | None]: ["a", None],
}


@pytest.mark.parametrize("optional", [False, True])
@pytest.mark.parametrize("hint", SUPPORTED_TYPES, ids=str)
def test_a_supported_type_accepts_its_values(hint: Any, optional: bool) -> None:
    value = SUPPORTED_TYPES[hint]
    inputs = inputs_with(Optional[hint] if optional else hint, default=value)  # noqa: UP045
    size: Property = ResourceDeclaration("example", "Topic", inputs, inputs).inputs["size"]
    assert size.problem(value) is None
    assert (size.problem(None) is None) == (optional or hint is Any)
    assert hint is Any or size.problem(object()) is not None


@pytest.mark.parametrize(
    ("hint", "name"),
    [
        (set[str], "set[str]"),
        (tuple[str, ...], "tuple[str, ...]"),
        (list, "list"),
        (dict, "dict"),
        (bytes, "bytes"),
        (object, "object"),
        (str | int, "str | int"),
        (str | int | None, "str | int | None"),
        (dict[int, str], "dict[int, str]"),
        (list[set[str]], "list[set[str]]"),
        (dict[str, bytes], "dict[str, bytes]"),
        (list[str | int], "list[str | int]"),
        (Mapping[str, str], "collections.abc.Mapping[str, str]"),
        (Literal["a"], "typing.Literal['a']"),
        (type(None), "NoneType"),
    ],
)
def test_an_unsupported_type(hint: Any, name: str) -> None:
    assert error_of(inputs_with(hint, default=None)) == (
        f"TopicInputs.size has the type {name}, which is not supported; use str, bool, int, "
        "float, Any, list[…], dict[str, …], and each of them with | None"
    )


@pytest.mark.parametrize(
    ("hint", "default", "problem"),
    [
        (str, 5, "must be a string, not a number; put it in quotes if it comes from YAML"),
        (str, None, "must be a string, not None"),
        (int, 1.5, "must be a whole number"),
        (int, True, "must be a whole number, not a boolean"),
        (float, float("nan"), "must be a finite number"),
        (float, "1", "must be a number, not str"),
        (list[str], {}, "must be a list, not dict"),
        (list[int], ["a"], "size[0] must be a whole number, not str"),
        (
            dict[str, str],
            {"a": 5},
            "size.a must be a string, not a number; put it in quotes if it comes from YAML",
        ),
        (
            dict[str, str],
            {5: "a"},
            "has a key that must be a string, not a number; put it in quotes if it comes from YAML",
        ),
    ],
)
def test_a_default_of_another_type(hint: Any, default: Any, problem: str) -> None:
    assert error_of(inputs_with(hint, default=default)) == (
        f"TopicInputs.size has an invalid default: {problem}"
    )


def test_a_default_that_the_validation_rejects() -> None:
    inputs = inputs_with(float, default=0.0, validate=lambda _: "must be positive")
    assert error_of(inputs) == "TopicInputs.size has an invalid default: must be positive"


def test_an_unknown_change() -> None:
    assert error_of(inputs_with(str, default="", on_change="replace")) == (
        "TopicInputs.size sets on_change='replace'; use a member of OnChange"
    )


def test_a_deletion_before_a_replacement_that_never_happens() -> None:
    assert error_of(inputs_with(str, default="", delete_before_replace=True)) == (
        "TopicInputs.size sets delete_before_replace=True, which needs on_change=OnChange.REPLACE"
    )


def test_a_field_without_prop() -> None:
    assert error_of(declare({"name": (str, topic_id()), "size": (int, 3)})) == (
        "TopicInputs.size is not declared with prop(…)"
    )


def test_a_class_that_is_not_a_dataclass() -> None:
    class TopicInputs:
        name: str = topic_id()

    with pytest.raises(TypeError, match="TopicInputs is not a dataclass; decorate it with @data"):
        properties_of(TopicInputs)


def test_no_id() -> None:
    assert error_of(declare({"name": (str, prop("The name."))})) == (
        "TopicInputs must have one property with is_id=True; it has none"
    )


def test_two_ids() -> None:
    assert error_of(declare({"name": (str, topic_id()), "key": (str, topic_id())})) == (
        "TopicInputs must have one property with is_id=True; it has name, key"
    )


@pytest.mark.parametrize("on_change", [OnChange.NOTHING, OnChange.UPDATE])
def test_an_id_that_changes_without_a_replacement(on_change: OnChange) -> None:
    assert error_of(declare({"name": (str, topic_id(on_change=on_change))})) == (
        "TopicInputs.name is the id, so it needs on_change=OnChange.REPLACE"
    )


@pytest.mark.parametrize("hint", [int, str | None])
def test_an_id_that_is_not_a_string(hint: Any) -> None:
    assert error_of(declare({"name": (hint, topic_id())})) == (
        "TopicInputs.name is the id, so its type must be str"
    )


def test_an_input_that_the_state_lacks() -> None:
    @dataclass(frozen=True, kw_only=True)
    class TopicState:
        name: str = topic_id()

    assert error_of(inputs_with(int, default=3), TopicState) == (
        "TopicState lacks size of TopicInputs; derive it from TopicInputs"
    )


def test_a_property_of_the_state_without_a_default() -> None:
    inputs = inputs_with(int)
    message = "TopicState.{} needs a default, for a state of a version that did not store it; {}"
    assert error_of(inputs, declare({"url": (str, prop("The URL."))}, inputs)) == (
        message.format("size", "declare it in TopicState too, with prop(…, default=…)")
    )
    complete = declare(
        {"size": (int, prop("The size.", default=0)), "url": (str, prop("."))}, inputs
    )
    assert error_of(inputs, complete) == message.format("url", "pass default=… to prop")
    state = declare({"size": (int, prop("The size.", default=0))}, inputs)
    assert ResourceDeclaration("example", "Topic", inputs, state).id_property == "name"


@pytest.mark.parametrize(
    ("given", "stored"), [(int, str), (float, int), (list[str], list[int]), (str, Any), (Any, str)]
)
def test_a_property_with_another_type_in_the_state(given: Any, stored: Any) -> None:
    inputs = inputs_with(given | None, default=None)
    state = declare({"size": (stored | None, prop("The size.", default=None))}, inputs)
    assert error_of(inputs, state).startswith("TopicState.size has the type ")
    assert error_of(inputs, state).endswith("every diff would be a change")


def test_a_property_of_the_state_may_always_or_never_have_a_value() -> None:
    inputs = inputs_with(str | None, default=None)
    state = declare({"size": (str, prop("The size.", default=""))}, inputs)
    assert ResourceDeclaration("example", "Topic", inputs, state).outputs["size"].type is str


class TopicProvider(DynamicProvider):
    handler = TopicHandler()

    def api(self) -> None: ...


class Topic(DynamicResource, declaration=TOPIC):
    pass


def test_an_argument_that_the_inputs_do_not_declare() -> None:
    with pytest.raises(TypeError, match="Topic passes label_text, which TopicInputs does not decl"):
        Topic(TopicProvider(), "topic", {"name": "t", "label_text": "a"}, None)


def test_a_resource_of_another_declaration_than_its_provider() -> None:
    class Queue(DynamicResource, declaration=replace(TOPIC, name="Queue")):
        pass

    with pytest.raises(
        TypeError, match=r"Queue is declared as .*:Queue, but TopicProvider handles"
    ):
        Queue(TopicProvider(), "queue", {"name": "t"}, None)


def test_a_resource_without_a_declaration() -> None:
    class Other(DynamicResource):
        pass

    with pytest.raises(TypeError, match=r"Other has no declaration; pass one: class Other\(Dynami"):
        Other(TopicProvider(), "other", {"name": "t"}, None)


def test_a_subclass_has_the_type_of_its_base() -> None:
    class SpecialTopic(Topic):
        pass

    assert SpecialTopic.declaration is TOPIC
    assert SpecialTopic._resource_type_name == Topic._resource_type_name == "dynamic/example:Topic"
