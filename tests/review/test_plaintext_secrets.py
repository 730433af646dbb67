"""Plaintext credentials in ConfigMaps and environment variables."""

from __future__ import annotations

import pytest

from kubiya_pulumi.review import Finding, review
from tests.review.manifest_objects import (
    Object,
    container,
    deployment,
    kubernetes_object,
    parsed,
    pod_spec,
)

KEY = "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----\n"
JSON_WEB_TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"


def secret_findings(*objects: Object) -> list[Finding]:
    rules = ("secret-in-config-map", "secret-in-environment")
    return [f for f in review(parsed(*objects)).findings if f.rule in rules]


SECRETS = [
    ("PASSWORD", "hunter2"),
    ("db-password", "hunter2"),
    ("POSTGRES_PASSWORD", "123456"),
    ("githubToken", "hunter2"),
    ("CLIENT_SECRET", "hunter2"),
    ("API_KEY", "hunter2"),
    ("apiKey", "hunter2"),
    ("SSH_KEY", "hunter2"),
    ("nats.creds", "hunter2"),
    ("AWS_SECRET_ACCESS_KEY", "hunter2"),
    ("tls.pem", KEY),
    ("DATABASE_URL", "postgres://app:hunter2@db:5432/app"),
    ("REDIS", "redis://:hunter2@cache"),
    ("SETTING", JSON_WEB_TOKEN),
    ("app.yaml", "user: app\npassword: hunter2\n"),
    ("app.ini", "[db]\n  password = hunter2\n"),
    ("app.env", 'export_me=1\nDB_PASSWORD="hunter2"\n'),
    ("app.json", '{"user": "app", "password": "hunter2"}'),
    ("app.json", '{\n  "user": "app",\n  "password": "hunter2"\n}'),
]

HARMLESS = [
    ("PASSWORD", ""),
    ("PASSWORD", "$(FROM_ELSEWHERE)"),
    ("PASSWORD", "${FROM_ELSEWHERE}"),
    ("PASSWORD", "{{ .Values.password }}"),
    ("PASSWORD", "<your password>"),
    ("PASSWORD", "/var/run/secrets/password"),
    ("MAX_TOKEN", "4096"),
    ("USE_TOKEN", "true"),
    ("SECRET_NAME", "credentials"),
    ("TOKEN_URL", "https://example.com/token"),
    ("PUBLIC_KEY", "hunter2"),
    ("MONKEY", "hunter2"),
    ("NATS_URL", "tls://connect.example.com:4222"),
    ("DATABASE_URL", "postgres://app:$(PASSWORD)@db:5432/app"),
    ("ca.crt", "-----BEGIN CERTIFICATE-----\nMIIE\n-----END CERTIFICATE-----\n"),
    ("app.yaml", "user: app\npassword: ${PASSWORD}\nsecret:\n  name: a\n"),
    ("app.yaml", "token: |\n"),
    ("app.yaml", "tolerations:\n- key: node\n"),
]


@pytest.mark.parametrize(("name", "value"), SECRETS)
def test_a_credential_is_reported_and_never_quoted(name: str, value: str) -> None:
    in_pod = deployment(pod_spec(container(env=[{"name": name, "value": value}])))
    in_settings = kubernetes_object("ConfigMap", "settings", data={"mode": "fast", name: value})
    findings = secret_findings(in_pod, in_settings)
    assert {finding.rule: finding.message for finding in findings} == {
        "secret-in-config-map": (
            f'The data contains what appears to be a credential in "{name}"; move it to a Secret.'
        ),
        "secret-in-environment": (
            f'Container "app" sets env "{name}" to what appears to be a credential; use '
            "valueFrom.secretKeyRef."
        ),
    }
    for finding in findings:
        assert "hunter2" not in str(finding)
        assert JSON_WEB_TOKEN not in str(finding)


@pytest.mark.parametrize(("name", "value"), HARMLESS)
def test_harmless_values_are_not_reported(name: str, value: str) -> None:
    in_pod = deployment(pod_spec(container(env=[{"name": name, "value": value}])))
    assert (
        secret_findings(in_pod, kubernetes_object("ConfigMap", "settings", data={name: value}))
        == []
    )


def test_a_variable_from_a_secret_is_not_reported() -> None:
    variable = {"name": "PASSWORD", "valueFrom": {"secretKeyRef": {"name": "a", "key": "b"}}}
    assert secret_findings(deployment(pod_spec(container(env=[variable])))) == []


def test_a_secret_object_is_not_reported() -> None:
    secret = kubernetes_object("Secret", "credentials", stringData={"password": "hunter2"})
    assert secret_findings(secret) == []
