"""The models accept every known form of the data and reject every other."""

from collections import Counter
from dataclasses import fields
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kubiya_pulumi.api import (
    ComponentHealth,
    CreatedRunner,
    HealthCheck,
    InvalidResponseError,
    Runner,
    RunnerHealth,
    RunnerManifest,
)
from kubiya_pulumi.api.models import RUNNER_FIELDS, runners_from

NAMES = st.sampled_from(
    [
        *sorted(RUNNER_FIELDS),
        *("status", "health", "error", "checks", "components", "metadata", "git_sha", "time"),
        *("manifest_url", "url", "manifest_content", "runners", "last_check", "tool_manager"),
    ]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(NAMES | st.text(), inner),
    max_leaves=20,
)


@pytest.mark.slow
@pytest.mark.parametrize(
    "parser",
    [
        ComponentHealth.from_dict,
        CreatedRunner.from_dict,
        HealthCheck.from_dict,
        Runner.from_dict,
        RunnerHealth.from_dict,
        RunnerManifest.from_dict,
        runners_from,
    ],
)
def test_any_data_is_parsed_or_rejected(parser) -> None:
    outcomes = Counter[str]()

    @given(JSON)
    @example([])
    @example({"name": "a", "url": "/m"})
    def check(data: Any) -> None:
        try:
            hash(parser(data))  # Frozen data of plain values is hashable.
        except InvalidResponseError:
            outcomes["rejected"] += 1
        else:
            outcomes["parsed"] += 1

    check()
    assert outcomes["parsed"]
    assert outcomes["rejected"]


@pytest.mark.slow
@given(st.dictionaries(NAMES, JSON), st.text(min_size=1))
def test_a_named_object_is_a_runner(data: dict[str, Any], name: str) -> None:
    assert Runner.from_dict({**data, "name": name}).name == name


@pytest.mark.parametrize(
    ("value", "version"),
    [
        ("v2", "v2"),
        ("2.0.0", "2.0.0"),
        ("", ""),
        ("0", "v1"),
        ("1", "v1"),
        ("2", "v2"),
        ("02", "v2"),
        ("2.0", "2.0"),
        ("²", "²"),
        ("9" * 5000, "9" * 5000),
        (0, "v1"),
        (0.0, "v1"),
        (1, "v1"),
        (2, "v2"),
        (2.0, "v2"),
        (3, "v3"),
        (True, "true"),
        (None, None),
        ([], None),
    ],
)
def test_the_version_of_a_runner(value, version) -> None:
    assert Runner.from_dict({"name": "a", "version": value}).version == version


def test_every_field_of_a_runner() -> None:
    health = {"status": "healthy", "health": True, "version": 2, "error": None, "new": 1}
    component = ComponentHealth(status="healthy", health="true", version="2")
    names = [field.name for field in fields(Runner) if not field.name.endswith("_health")]
    texts = {name: f"the {name}" for name in names if name != "version"}
    healths = {"runner_health": health, "tool_manager_health": {}, "agent_manager_health": None}
    runner = Runner.from_dict({**texts, **healths, "version": "v2", "something": {"new": 1}})
    assert runner == Runner(
        **texts, version="v2", runner_health=component, tool_manager_health=ComponentHealth()
    )


@pytest.mark.parametrize(
    "field",
    [
        *("runner_type", "subject", "authentication_type", "user_key_id", "wss_url"),
        *("gateway_url", "gateway_password"),
    ],
)
def test_a_field_that_is_not_parsed_still_identifies_a_runner(field) -> None:
    assert runners_from({"a": {field: "secret"}}) == (Runner(name="a"),)
    assert CreatedRunner.from_dict({"name": "a", field: "secret"}).runner == Runner(name="a")
    assert "secret" not in repr(Runner.from_dict({"name": "a", field: "secret"}))


def test_fields_that_are_empty_null_or_of_an_unusable_type() -> None:
    runner = Runner.from_dict(
        {
            "name": 7,
            "description": "",
            "namespace": "",
            "kubernetes_namespace": "kubiya",
            "managed_by": False,
            "version": None,
            "task_id": 12,
            "wss_url": ["x"],
            "tool_manager_health": None,
            "runner_health": "ok",
        }
    )
    assert runner == Runner(
        name="7",
        description="",
        namespace="",
        kubernetes_namespace="kubiya",
        task_id="12",
        managed_by="false",
    )


@pytest.mark.parametrize(
    "data",
    [
        [{"name": "a", "version": 0}, {"name": "b"}],
        {"runners": [{"name": "a", "version": 0}, {"name": "b"}]},
        {"a": {"name": "a", "version": 0}, "b": {"name": "b"}},
        {"a": {"version": 0}, "b": {}},
        {"a": {"name": None, "version": 0}, "b": {"name": None}},
    ],
)
def test_the_forms_of_a_list(data) -> None:
    assert runners_from(data) == (Runner(name="a", version="v1"), Runner(name="b"))


@pytest.mark.parametrize("data", [[], {}, {"runners": []}, None])
def test_the_forms_of_an_empty_list(data) -> None:
    assert runners_from(data) == ()


def test_a_runner_may_be_named_runners() -> None:
    assert runners_from({"runners": {"version": 2}}) == (Runner(name="runners", version="v2"),)


@pytest.mark.parametrize(
    "data",
    [
        "a",
        7,
        ["a"],
        [None],
        [[]],
        [{}],
        [{"name": "a"}, {"name": None}],
        [{"name": ""}],
        [{"name": {}}],
        {"a": None},
        {"a": []},
        {"a": "v2"},
        {"": {}},
        {"a": {"name": "b"}},
        {"a": {"name": ""}},
        {"message": "no"},
        {"error": {"code": "internal", "message": "no"}},
        {"data": {"a": {"version": 2}}},
        {"runners": {"a": {"version": 2}}},
        {"runners": None},
        {"runners": [], "next": None},
        {"runners": ["a"]},
    ],
)
def test_a_malformed_list_is_rejected(data) -> None:
    with pytest.raises(InvalidResponseError):
        runners_from(data)


@pytest.mark.parametrize(
    ("data", "healthy"),
    [
        ({"status": "healthy", "health": "ok"}, True),
        ({"status": "Healthy"}, True),
        ({"status": "ok", "health": "true"}, True),
        ({"status": "OK", "health": True}, True),
        ({"health": "ok"}, True),
        ({"status": "", "health": "true"}, True),
        ({"status": None, "health": "healthy"}, True),
        ({"health": True}, True),
        ({}, False),
        ({"status": "", "health": ""}, False),
        ({"status": "healthy", "health": "false"}, False),
        ({"status": "healthy", "health": False}, False),
        ({"status": "healthy", "health": "degraded"}, False),
        ({"status": "unhealthy", "health": "ok"}, False),
        ({"status": "degraded"}, False),
        ({"health": "false"}, False),
        ({"status": "ok", "checks": None}, True),
        ({"status": "ok", "checks": []}, True),
        ({"status": "ok", "checks": [{"name": "a", "status": "ok"}]}, True),
        ({"status": "ok", "checks": [{"status": "HEALTHY"}]}, True),
        ({"status": "ok", "checks": [{"name": "a", "status": "ok"}, {"name": "b"}]}, False),
        ({"status": "ok", "checks": [{"name": "a", "status": "error"}]}, False),
        ({"checks": [{"name": "a", "status": "ok"}]}, False),
        ({"status": "ok", "components": {"tool_manager": {"status": "ok"}}}, True),
        ({"status": "ok", "components": {"tool_manager": {"health": "true"}}}, True),
        ({"status": "ok", "components": {"tool_manager": {"status": "down"}}}, False),
        ({"status": "ok", "components": {"tool_manager": {}}}, False),
        ({"status": "ok", "error": "no connection"}, False),
        ({"status": "ok", "error": None}, True),
        ({"status": "ok", "error": ""}, True),
        ({"status": "ok", "components": {"a": {"status": "ok", "error": "x"}}}, False),
        ({"status": "ok", "components": {"a": {"status": "ok", "health": "false"}}}, False),
    ],
)
def test_healthy(data, healthy) -> None:
    assert RunnerHealth.from_dict(data).healthy is healthy


@pytest.mark.parametrize(
    ("reported", "healthy", "status", "error"),
    [
        ({"status": "ok"}, True, "ok", None),
        ({"status": "ok", "health": "true"}, True, "ok", None),
        ({"status": "healthy", "health": True}, True, "healthy", None),
        ({"status": "healthy", "health": "false"}, False, "false", None),
        ({"status": "healthy", "health": False}, False, "false", None),
        ({"status": "healthy", "health": "degraded"}, False, "degraded", None),
        ({"status": "unhealthy", "health": "true"}, False, "unhealthy", None),
        ({"status": "", "health": "false"}, False, "false", None),
        ({"status": "ok", "health": None}, True, "ok", None),
        ({"status": "ok", "error": "no connection"}, False, "ok", "no connection"),
        ({"health": "true", "error": "no connection"}, False, "true", "no connection"),
        ({"status": "ok", "error": True}, False, "ok", "true"),
        ({"status": "ok", "error": 7}, False, "ok", "7"),
        ({"status": "ok", "error": {"code": "down"}}, False, "ok", '{"code": "down"}'),
        ({"status": "ok", "error": ["down"]}, False, "ok", '["down"]'),
        ({"status": "ok", "error": ""}, True, "ok", None),
        ({"status": "ok", "error": " "}, True, "ok", None),
        ({"status": "ok", "error": None}, True, "ok", None),
        ({"status": "ok", "error": False}, True, "ok", None),
        ({"status": "ok", "error": {}}, True, "ok", None),
    ],
)
def test_a_check_with_an_error_or_a_contradiction_is_not_healthy(
    reported, healthy, status, error
) -> None:
    check = HealthCheck.from_dict({"name": "a", **reported})
    assert (check.healthy, check.status, check.error) == (healthy, status, error)
    for form in ({"checks": [reported]}, {"components": {"a": reported}}):
        assert RunnerHealth.from_dict({"status": "ok", **form}).healthy is healthy


def test_the_form_with_components() -> None:
    health = RunnerHealth.from_dict(
        {
            "status": "healthy",
            "last_check": "2026-01-02T03:04:05Z",
            "components": {
                "tool_manager": {"status": "healthy", "version": "2.0.0"},
                "agent_manager": {"status": "unhealthy", "error": "no connection"},
            },
        }
    )
    assert health.time == "2026-01-02T03:04:05Z"
    assert health.checks == (
        HealthCheck(name="tool-manager", status="healthy", version="2.0.0"),
        HealthCheck(name="agent-manager", status="unhealthy", error="no connection"),
    )


def test_checks_with_missing_fields() -> None:
    health = RunnerHealth.from_dict({"checks": [{"metadata": None}, {"metadata": {"release": 2}}]})
    assert health.checks == (HealthCheck(name="unnamed"), HealthCheck(name="unnamed", release="2"))


@pytest.mark.parametrize("checks", ["ok", 7, ["ok"], [None], {"a": "ok"}])
def test_a_malformed_check_is_rejected(checks) -> None:
    with pytest.raises(InvalidResponseError):
        RunnerHealth.from_dict({"status": "healthy", "checks": checks})
