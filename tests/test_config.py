"""The sources of the settings, and the conversion of their values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubiya_pulumi import config
from kubiya_pulumi.api import Connection, SettingError
from kubiya_pulumi.cli.schema_command import schema

ENVIRONMENT = {"KUBIYA_API_KEY": "from-environment", "KUBIYA_BASE_URL": "https://environment.test"}


def connection(
    configured: Mapping[str, Any] | None = None, environment: Mapping[str, str] | None = None
) -> Connection:
    return config.read_connection((configured or {}).get, environment or {})


def max_retries(value: object) -> int:
    return connection({"kubiya:apiKey": "k", "kubiya:maxRetries": value}).max_retries


def timeout_seconds(value: object) -> float:
    return connection({"kubiya:apiKey": "k", "kubiya:timeoutSeconds": value}).timeout_seconds


def test_the_configuration_takes_precedence():
    result = connection(
        {
            "kubiya:apiKey": "from-stack",
            "kubiya:baseUrl": "https://stack.test",
            "kubiya:timeoutSeconds": "12.5",
            "kubiya:maxRetries": "2",
        },
        ENVIRONMENT,
    )
    assert result.api_key == "from-stack"
    assert result.base_url == "https://stack.test"
    assert result.timeout_seconds == 12.5
    assert result.max_retries == 2


def test_the_environment_comes_second():
    result = connection({}, ENVIRONMENT)
    assert result.api_key == "from-environment"
    assert result.base_url == "https://environment.test"


def test_the_default_comes_last():
    result = connection({"kubiya:apiKey": "k"})
    assert result.base_url == "https://api.kubiya.ai"
    assert result.timeout_seconds == 30
    assert result.max_retries == 4
    assert result.ca_bundle is None


@pytest.fixture
def warnings() -> Iterator[list[str]]:
    """What is warned about, in a process that has not warned before."""
    config._warn_once.cache_clear()
    yield []
    config._warn_once.cache_clear()


def test_an_ignored_version_of_the_api_is_said_once(warnings):
    for _ in range(2):
        for url in ("https://a.test/api/v1", "https://b.test/api/v3/"):
            result = config.read_connection(
                {"kubiya:apiKey": "k"}.get, {"KUBIYA_BASE_URL": url}, warn=warnings.append
            )
            assert result.base_url == url.partition("/api")[0]
    assert warnings == [config.API_VERSION_WARNING]


@pytest.mark.parametrize("url", ["", "https://a.test", "https://a.test/", "https://a.test/api/v2"])
def test_nothing_is_said_about_any_other_base_url(warnings, url):
    environment = {"KUBIYA_API_KEY": "k", "KUBIYA_BASE_URL": url}
    config.read_connection({}.get, environment, warn=warnings.append)
    assert warnings == []


def test_an_empty_variable_counts_as_not_set():
    environment = {"KUBIYA_API_KEY": "k", "KUBIYA_BASE_URL": ""}
    assert connection({}, environment).base_url == "https://api.kubiya.ai"


def test_a_variable_without_a_name_is_not_read():
    assert connection({"kubiya:apiKey": "k"}, {"": "x"}) == connection({"kubiya:apiKey": "k"})


@pytest.mark.parametrize("value", [4, 4.0, "4", "4.0", "4.000", " 4 ", "+4", "0.4e1", "4e0"])
def test_whole_numbers_in_every_form(value):
    """Numbers arrive from Pulumi as floats, and from an output as the text of a float."""
    retries = max_retries(value)
    assert retries == 4
    assert type(retries) is int


@pytest.mark.parametrize("value", [0, 0.0, "0", "0.0", "-0", "-0.0"])
def test_zero_in_every_form(value):
    assert max_retries(value) == 0


@pytest.mark.parametrize(
    "value",
    [
        *(4.5, "4.5", "3.9999999999999999999", "4.0000000000000000001", "1e-400", 5e-324),
        *(float("nan"), float("inf"), float("-inf"), "nan", "NaN", "sNaN", "inf", "-Infinity"),
        *("21", 21.0, "-1", -1.0, 1e300, 10**400, "1e999999999999", "9" * 5000, "1e400"),
        *("", " ", "four", "4,0", "0x4", "4/1", "\ud800", b"4", True, [4], {}, (0, (4,), 0)),
    ],
)
def test_any_other_max_retries_is_rejected(value):
    with pytest.raises(SettingError, match="must be a whole number from 0 to 20") as raised:
        max_retries(value)
    assert raised.value.setting == "kubiya:maxRetries"
    assert not raised.value.missing


@given(st.floats() | st.integers(-3, 24) | st.decimals(-3, 24))
def test_max_retries_is_never_rounded(number):
    for value in (str(number), *([] if isinstance(number, Decimal) else [number])):
        try:
            assert max_retries(value) == number
        except SettingError:
            assert number not in range(21)


@pytest.mark.parametrize(
    ("value", "seconds"), [(12, 12), (12.5, 12.5), ("12.5", 12.5), ("1e1", 10), (" 5 ", 5)]
)
def test_timeouts_in_every_form(value, seconds):
    assert timeout_seconds(value) == seconds


@pytest.mark.parametrize(
    "value", ["soon", "nan", "inf", "0", "-1", "3601", "", 10**400, True, b"4", [1]]
)
def test_any_other_timeout_is_rejected(value):
    with pytest.raises(SettingError, match="must be a number of seconds greater than 0") as raised:
        timeout_seconds(value)
    assert raised.value.setting == "kubiya:timeoutSeconds"


@pytest.mark.parametrize(
    ("configured", "setting", "missing"),
    [
        ({}, "kubiya:apiKey", True),
        ({"kubiya:apiKey": ""}, "kubiya:apiKey", True),
        ({"kubiya:apiKey": "UserKey k"}, "kubiya:apiKey", False),
        ({"kubiya:apiKey": "k", "kubiya:baseUrl": ""}, "kubiya:baseUrl", False),
        ({"kubiya:apiKey": "k", "kubiya:timeoutSeconds": "soon"}, "kubiya:timeoutSeconds", False),
        ({"kubiya:apiKey": "k", "kubiya:timeoutSeconds": "nan"}, "kubiya:timeoutSeconds", False),
        ({"kubiya:apiKey": "k", "kubiya:maxRetries": "1.5"}, "kubiya:maxRetries", False),
        ({"kubiya:apiKey": "k", "kubiya:maxRetries": ""}, "kubiya:maxRetries", False),
        ({"kubiya:apiKey": "k", "kubiya:caBundle": "/no/such/file"}, "kubiya:caBundle", False),
    ],
)
def test_an_error_names_the_setting_and_the_fix(configured, setting, missing):
    with pytest.raises(SettingError) as raised:
        connection(configured)
    assert raised.value.setting == setting
    assert raised.value.missing is missing
    assert setting in str(raised.value)
    assert "pulumi config set" in str(raised.value)
    assert "pulumi config set" not in raised.value.failure


def test_the_environment_replaces_empty_settings_of_the_stack():
    result = connection({"kubiya:apiKey": "", "kubiya:baseUrl": ""}, ENVIRONMENT)
    assert result == connection({}, ENVIRONMENT)


@pytest.mark.parametrize("setting", ["kubiya:apiKey", "kubiya:baseUrl"])
@pytest.mark.parametrize("environment", [{}, dict.fromkeys(ENVIRONMENT, "")])
def test_an_empty_setting_without_a_variable_is_an_error(setting, environment):
    configured = {"kubiya:apiKey": "k", "kubiya:baseUrl": "https://stack.test", setting: ""}
    with pytest.raises(SettingError) as raised:
        connection(configured, environment)
    assert raised.value.setting == setting


def test_each_field_of_a_connection_is_declared_as_one_setting():
    assert [setting.field for setting in config.SETTINGS] == [
        field.name for field in fields(Connection)
    ]
    for setting in config.SETTINGS:
        assert setting.description
        assert setting.default is None or isinstance(setting.default, setting.type)
    assert {s.name: s.variable for s in config.SETTINGS if s.variable} == config.ENVIRONMENT


def test_the_package_schema_has_each_setting():
    variables = schema()["config"]["variables"]
    assert list(variables) == [s.name.removeprefix("kubiya:") for s in config.SETTINGS]
    assert [name for name, entry in variables.items() if entry.get("secret")] == ["apiKey"]
    assert variables["maxRetries"]["type"] == "integer"
