"""Where each setting comes from."""

import pytest

from kubiya_pulumi import config
from kubiya_pulumi.api import SettingError

ENVIRONMENT = {"KUBIYA_API_KEY": "from-environment", "KUBIYA_BASE_URL": "https://environment.test"}


def made(configured=None, environment=None):
    return config.connection((configured or {}).get, environment or {})


def test_what_is_configured_comes_first():
    configured = {
        "kubiya:apiKey": "from-stack",
        "kubiya:baseUrl": "https://stack.test",
        "kubiya:timeoutSeconds": "12.5",
        "kubiya:maxRetries": "2",
    }
    connection = made(configured, ENVIRONMENT)
    assert connection.api_key == "from-stack"
    assert connection.base_url == "https://stack.test"
    assert connection.timeout_seconds == 12.5
    assert connection.max_retries == 2


def test_then_the_environment():
    connection = made({}, ENVIRONMENT)
    assert connection.api_key == "from-environment"
    assert connection.base_url == "https://environment.test"


def test_then_the_default():
    connection = made({"kubiya:apiKey": "k"})
    assert connection.base_url == "https://api.kubiya.ai"
    assert connection.timeout_seconds == 30
    assert connection.max_retries == 4
    assert connection.ca_bundle is None


def test_an_empty_variable_is_one_that_is_not_set():
    environment = {"KUBIYA_API_KEY": "k", "KUBIYA_BASE_URL": ""}
    assert made({}, environment).base_url == "https://api.kubiya.ai"


@pytest.mark.parametrize(
    ("configured", "setting"),
    [
        ({}, "kubiya:apiKey"),
        ({"kubiya:apiKey": ""}, "kubiya:apiKey"),
        ({"kubiya:apiKey": "k", "kubiya:baseUrl": ""}, "kubiya:baseUrl"),
        ({"kubiya:apiKey": "k", "kubiya:timeoutSeconds": "soon"}, "kubiya:timeoutSeconds"),
        ({"kubiya:apiKey": "k", "kubiya:timeoutSeconds": "nan"}, "kubiya:timeoutSeconds"),
        ({"kubiya:apiKey": "k", "kubiya:maxRetries": "1.5"}, "kubiya:maxRetries"),
        ({"kubiya:apiKey": "k", "kubiya:maxRetries": ""}, "kubiya:maxRetries"),
        ({"kubiya:apiKey": "k", "kubiya:caBundle": "/no/such/file"}, "kubiya:caBundle"),
    ],
)
def test_what_cannot_be_right_names_the_setting_and_the_cure(configured, setting):
    with pytest.raises(SettingError) as refused:
        made(configured)
    assert refused.value.setting == setting
    assert setting in str(refused.value)
    assert "pulumi config set" in str(refused.value)


def test_an_empty_key_in_the_stack_is_not_made_up_for_by_the_environment():
    with pytest.raises(SettingError):
        made({"kubiya:apiKey": ""}, ENVIRONMENT)
