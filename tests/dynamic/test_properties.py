"""The declaration of properties, and what follows from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from kubiya_pulumi.dynamic.handler import InputFailure, ResourceDiff, ResourceHandler
from kubiya_pulumi.dynamic.properties import OnChange, ResourceDeclaration, prop

IS_REQUIRED = (
    "is required; if it is an output of another resource, --target or --exclude must include that "
    "one"
)


@dataclass(frozen=True, kw_only=True)
class TopicInputs:
    name: str = prop(
        "The name.",
        validate=lambda name: None if name else "must not be empty",
        on_change=OnChange.REPLACE,
        delete_before_replace=True,
        is_id=True,
    )
    label: str | None = prop(
        "A label. None leaves it unmanaged.", default=None, on_change=OnChange.UPDATE
    )
    partitions: float = prop("How many partitions.", default=1.0, on_change=OnChange.UPDATE)
    replicas: int | None = prop(
        "How many copies.",
        default=None,
        validate=lambda count: None if type(count) is int else f"was validated as {count!r}",
        on_change=OnChange.UPDATE,
    )
    limits: dict[str, list[int]] | None = prop("Limits by name.", default=None)
    retain: bool = prop("Whether to keep messages.", default=False)
    wanted_tags: list[str] = prop("Tags.", argument="tags", default=[], on_change=OnChange.UPDATE)
    quotas: dict[str, list[int]] = prop("Quotas by name.", default={"default": [1]})
    settings: Any = prop("Anything.", default=None)
    revision: str | None = prop(
        "The revision that a refresh found.",
        default=None,
        internal=True,
        from_refresh=True,
        on_change=OnChange.UPDATE,
    )


@dataclass(frozen=True, kw_only=True)
class TopicState(TopicInputs):
    label: str = prop("The label; empty if it has none.", default="")
    token: str | None = prop("An access token.", default=None, secret=True)
    previous: str | None = prop("The previous revision.", default=None, hidden=True)


TOPIC = ResourceDeclaration("example", "Topic", TopicInputs, TopicState)
NOTHING: frozenset[str] = frozenset()
DEFAULTS = {"partitions": 1.0, "retain": False, "wanted_tags": [], "quotas": {"default": [1]}}


class TopicHandler(ResourceHandler[Any, TopicInputs, TopicState]):
    declaration = TOPIC

    def create(self, api: Any, inputs: TopicInputs) -> TopicState:
        raise NotImplementedError

    def read(self, api: Any, state: TopicState) -> TopicState | None:
        raise NotImplementedError

    def update(self, api: Any, state: TopicState, inputs: TopicInputs) -> TopicState:
        raise NotImplementedError

    def delete(self, api: Any, state: TopicState) -> None:
        raise NotImplementedError


topic = TopicHandler()


def test_check_fills_in_the_defaults() -> None:
    checked, failures = topic.check({"name": "t"}, NOTHING)
    assert checked == {"name": "t", **DEFAULTS}
    assert failures == []


def test_defaults_are_not_shared() -> None:
    TOPIC.parse_inputs({"name": "a"}).wanted_tags.append("x")
    assert TOPIC.parse_inputs({"name": "b"}).wanted_tags == []
    TOPIC.parse_inputs({"name": "a"}).quotas["default"].append(2)
    assert TOPIC.parse_inputs({"name": "b"}).quotas == {"default": [1]}
    topic.check({"name": "a"}, NOTHING)[0]["quotas"]["default"].append(2)
    assert topic.check({"name": "b"}, NOTHING)[0]["quotas"] == {"default": [1]}


@pytest.mark.parametrize(
    ("inputs", "failure"),
    [
        ({}, InputFailure("name", IS_REQUIRED)),
        ({"name": None}, InputFailure("name", IS_REQUIRED)),
        ({"name": ""}, InputFailure("name", "must not be empty")),
        (
            {"name": 5},
            InputFailure(
                "name", "must be a string, not a number; put it in quotes if it comes from YAML"
            ),
        ),
        ({"name": "\ud800"}, InputFailure("name", "must be valid Unicode text")),
        (
            {"name": "t", "label": 5},
            InputFailure(
                "label", "must be a string, not a number; put it in quotes if it comes from YAML"
            ),
        ),
        (
            {"name": "t", "partitions": True},
            InputFailure("partitions", "must be a number, not a boolean"),
        ),
        (
            {"name": "t", "replicas": True},
            InputFailure("replicas", "must be a whole number, not a boolean"),
        ),
        (
            {"name": "t", "replicas": 1.5},
            InputFailure("replicas", "must be a whole number"),
        ),
        (
            {"name": "t", "replicas": float("inf")},
            InputFailure("replicas", "must be a whole number"),
        ),
        (
            {"name": "t", "limits": {"a": [1], "b": [1, "x"]}},
            InputFailure(
                "limits",
                "limits.b[1] must be a whole number, not str",
            ),
        ),
        (
            {"name": "t", "limits": {"\ud800": [1]}},
            InputFailure("limits", "has a key that must be valid Unicode text"),
        ),
        ({"name": "t", "retain": "yes"}, InputFailure("retain", "must be true or false, not str")),
        (
            {"name": "t", "wanted_tags": "x"},
            InputFailure("wanted_tags", "the argument tags must be a list, not str"),
        ),
        (
            {"name": "t", "wanted_tags": ["x", 5]},
            InputFailure(
                "wanted_tags",
                "the argument tags[1] must be a string, not a number; put it in quotes if it comes "
                "from YAML",
            ),
        ),
        (
            {"name": "t", "limits": {"a b": [1], 'say "c"': 5}},
            InputFailure("limits", 'limits["say \\"c\\""] must be a list, not a number'),
        ),
        (
            {"name": "t", "partitions": float("nan")},
            InputFailure("partitions", "must be a finite number"),
        ),
        (
            {"name": "t", "partitions": float("-inf")},
            InputFailure("partitions", "must be a finite number"),
        ),
        (
            {"name": "t", "settings": {"limits": [{"cpu": float("nan")}]}},
            InputFailure("settings", "settings.limits[0].cpu must be a finite number"),
        ),
        (
            {"name": "t", "settings": ["\ud800"]},
            InputFailure("settings", "settings[0] must be valid Unicode text"),
        ),
    ],
)
def test_an_invalid_input_is_a_failure_of_its_property(
    inputs: dict[str, Any], failure: InputFailure
) -> None:
    assert topic.check(inputs, NOTHING)[1] == [failure]


def test_a_whole_number_of_the_engine_is_an_int_for_the_handler() -> None:
    values = {"name": "t", "replicas": 3.0, "limits": {"a": [1.0, 2]}}
    checked, failures = topic.check(values, NOTHING)
    assert failures == []
    inputs = TOPIC.parse_inputs(checked)
    assert (repr(inputs.replicas), repr(inputs.limits)) == ("3", "{'a': [1, 2]}")
    assert repr(TOPIC.parse_state("t", {"replicas": 4.0}).replicas) == "4"
    assert topic.diff({**STATE, "replicas": 3}, checked, NOTHING) == ResourceDiff()


def test_every_invalid_input_is_reported() -> None:
    _, failures = topic.check({"name": "", "partitions": "1", "retain": 1}, NOTHING)
    assert [failure.property for failure in failures] == ["name", "partitions", "retain"]


def test_unknown_inputs_are_not_checked() -> None:
    unknown = frozenset({"name", "partitions", "wanted_tags"})
    known = {name: value for name, value in DEFAULTS.items() if name not in unknown}
    assert topic.check({}, unknown) == (known, [])


def test_an_undeclared_input_is_dropped() -> None:
    assert "other" not in topic.check({"name": "t", "other": 1}, NOTHING)[0]


@pytest.mark.parametrize(
    ("old_inputs", "kept"),
    [
        ({"name": "t", "revision": "1"}, "1"),
        ({"name": "u", "revision": "1"}, None),
        ({"name": "t"}, None),
        ({}, None),
    ],
)
def test_an_input_from_a_refresh_is_kept_until_a_replacement(
    old_inputs: dict[str, Any], kept: str | None
) -> None:
    assert topic.check({"name": "t"}, NOTHING, old_inputs)[0].get("revision") == kept


STATE = {"name": "t", "label": "a", "partitions": 1.0, "wanted_tags": [], "revision": "1"}


@pytest.mark.parametrize(
    ("changes", "unknown", "diff"),
    [
        ({}, NOTHING, ResourceDiff()),
        ({"retain": True}, NOTHING, ResourceDiff()),
        ({"label": None}, NOTHING, ResourceDiff()),
        ({"label": "b"}, NOTHING, ResourceDiff(updates=("label",))),
        ({"revision": "0"}, NOTHING, ResourceDiff(updates=("revision",))),
        ({}, frozenset({"label"}), ResourceDiff(updates=("label",))),
        (
            {"partitions": 2.0, "wanted_tags": ["x"]},
            NOTHING,
            ResourceDiff(updates=("partitions", "wanted_tags")),
        ),
        ({"name": "u"}, NOTHING, ResourceDiff(replaces=("name",), delete_before_replace=True)),
        (
            {},
            frozenset({"name"}),
            ResourceDiff(replaces=("name",), delete_before_replace=True),
        ),
    ],
)
def test_diff(changes: dict[str, Any], unknown: frozenset[str], diff: ResourceDiff) -> None:
    inputs = {"name": "t", "partitions": 1.0, "wanted_tags": [], **changes}
    known = {k: value for k, value in inputs.items() if value is not None and k not in unknown}
    assert topic.diff(STATE, known, unknown) == diff


@pytest.mark.parametrize("missing", sorted(STATE))
def test_a_property_that_an_older_version_did_not_store_has_its_default(missing: str) -> None:
    state = {name: value for name, value in STATE.items() if name != missing}
    inputs = {"name": "t", "label": "", "partitions": 1.0, "wanted_tags": []}
    expected = ResourceDiff() if missing == "label" else ResourceDiff(updates=("label",))
    assert topic.diff(state, inputs, NOTHING) == expected
    assert TOPIC.parse_state("t", state).name == "t"


def test_the_state_is_written_without_properties_that_have_no_value() -> None:
    state = TOPIC.parse_state("t", {"token": "secret", "unknown property": 1})
    assert TOPIC.to_properties(state) == {
        "name": "t",
        "label": "",
        **DEFAULTS,
        "token": "secret",
    }
    assert TOPIC.inputs_in(state).keys() == {"name", "label", *DEFAULTS}


def test_a_secret_stays_out_of_the_repr() -> None:
    assert TOPIC.secret_outputs == {"token"}
    assert "top secret" not in repr(TOPIC.parse_state("t", {"token": "top secret"}))
