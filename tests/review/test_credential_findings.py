"""Which values the review takes for credentials, and in which places."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import pytest

from kubiya_pulumi.review import Finding, review
from kubiya_pulumi.review.checks.credential_formats import FORMATS
from tests.harness.toolchain import ROOT
from tests.review.credential_cases import FORMAT_SAMPLES, NAMED_VALUES, NamedValue
from tests.review.credential_tables import formats_table, summary, values_table
from tests.review.custom_pods import custom
from tests.review.manifest_objects import (
    Object,
    container,
    deployment,
    kubernetes_object,
    parsed,
    pod_spec,
)

DOCUMENT = (ROOT / "docs" / "what-the-review-sees.md").read_text(encoding="utf-8")
TOKEN = FORMAT_SAMPLES["GitHub"]


def secret_findings(*objects: Object) -> list[Finding]:
    findings = review(parsed(*objects)).findings
    return [finding for finding in findings if finding.rule.startswith("secret-in-")]


def config_map(**content: Any) -> Object:
    return kubernetes_object("ConfigMap", "settings", **content)


def rules_of(name: str, value: str) -> set[str]:
    pod = pod_spec(container(env=[{"name": name, "value": value}]))
    findings = secret_findings(deployment(pod), config_map(data={name: value}))
    return {finding.rule for finding in findings}


def test_every_format_has_a_sample_and_a_source() -> None:
    assert [entry.name for entry in FORMATS] == list(FORMAT_SAMPLES)
    assert all(entry.source.startswith("https://") for entry in FORMATS)


@pytest.mark.parametrize("name", FORMAT_SAMPLES)
def test_a_credential_is_recognized_by_its_form(name: str) -> None:
    sample = FORMAT_SAMPLES[name]
    # Its own pattern matches, not only one of the others.
    assert next(entry for entry in FORMATS if entry.name == name).pattern.search(sample)
    assert rules_of("SETTING", sample) == {"secret-in-config-map", "secret-in-environment"}
    assert rules_of("SETTING", f'some text "{sample}" more text')


@pytest.mark.parametrize(
    "text",
    [
        "a-task-0123456789abcdef0123456789abcdef",
        "registry.example.com/app:1@sha256:" + "0123456789abcdef" * 4,
        "0123456789abcdef0123456789abcdef01234567",
        "6ba7b810-9dad-11d1-80b4-00c04fd430c8",
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789abcde app",
        "-----BEGIN CERTIFICATE-----\nMIIE\n-----END CERTIFICATE-----\n",
        "-----BEGIN PUBLIC KEY-----\nMIIE\n-----END PUBLIC KEY-----\n",
        "https://user@example.com/path",
        "git@github.com:example/app.git",
        "postgres://app:$(PASSWORD)@db:5432/app",
        "postgres://app:${PASSWORD}@db:5432/app",
        "Authorization: Bearer $TOKEN",
        "arn:aws:iam::123456789012:role/app",
        "the_quick_brown_fox_jumps_over_the_lazy_dog_in_the_morning",
        "sk-this-is-only-a-name-of-a-service-with-hyphens",
    ],
)
def test_other_texts_have_no_form_of_a_credential(text: str) -> None:
    assert rules_of("SETTING", text) == set()


@pytest.mark.parametrize("case", NAMED_VALUES, ids=lambda case: f"{case.name}-{case.value[:30]}")
def test_a_value_with_a_name_is_reported_as_documented(case: NamedValue) -> None:
    assert bool(rules_of(case.name, case.value)) == case.is_reported


def test_the_document_has_the_measured_tables() -> None:
    assert formats_table() in DOCUMENT
    assert values_table() in DOCUMENT
    assert summary() in " ".join(DOCUMENT.split())


@pytest.mark.parametrize(
    ("content", "where"),
    [
        ({"args": ["--password=hunter2"]}, "args: password"),
        ({"args": ["--verbose", "--password", "hunter2"]}, "args: password"),
        ({"args": ["-token", "hunter2"]}, "args: token"),
        ({"command": ["sh", "-c", "DB_PASSWORD=hunter2 run"]}, "command: DB_PASSWORD"),
        ({"command": ["sh", "-c", 'export API_TOKEN="hunter2"; run']}, "command: API_TOKEN"),
        ({"command": ["sh", "-c", "run --api-key hunter2 --fast"]}, "command: api-key"),
        ({"command": ["curl", "-u", "app:hunter2", "http://a"]}, "command"),
        ({"command": ["curl", "--user=app:hunter2"]}, "command"),
        ({"args": [f"git clone https://x:{TOKEN}@github.com/a/b"]}, "args"),
        ({"args": [TOKEN]}, "args"),
        (
            {"livenessProbe": {"exec": {"command": ["cli", "--password", "hunter2"]}}},
            "livenessProbe.exec: password",
        ),
        (
            {"lifecycle": {"preStop": {"exec": {"command": ["sh", "-c", "TOKEN=hunter2 stop"]}}}},
            "preStop.exec: TOKEN",
        ),
        (
            {
                "readinessProbe": {
                    "httpGet": {
                        "port": 80,
                        "httpHeaders": [
                            {"name": "Authorization", "value": "Bearer hunter2hunter2"}
                        ],
                    }
                }
            },
            "readinessProbe.httpGet.httpHeaders: Authorization",
        ),
    ],
)
def test_a_credential_in_a_command_is_reported_and_never_quoted(
    content: Object, where: str
) -> None:
    [finding] = secret_findings(deployment(pod_spec(container(**content))))
    assert finding.rule == "secret-in-command"
    assert finding.message == (
        f'Container "app" contains what appears to be a credential in "{where}"; use an '
        "environment variable from a Secret."
    )
    assert "hunter2" not in str(finding)
    assert TOKEN not in str(finding)


@pytest.mark.parametrize(
    "content",
    [
        {"args": ["--password=$(PASSWORD)"]},
        {"args": ["--password", "$(PASSWORD)"]},
        {"args": ["--password-file=/run/secrets/password"]},
        {"args": ["--token", "--verbose"]},
        {"args": ["--token"]},
        {"args": ["--leader-election-key=app", "--cache-key", "jobs"]},
        {"args": ["--token-ttl=30m", "--max-token=4096"]},
        {"command": ["sh", "-c", 'export PASSWORD="$(cat /run/secrets/password)"; run']},
        {"command": ["sh", "-c", "run --password $PASSWORD"]},
        {"command": ["docker", "run", "-u", "1000:1000"]},
        {"command": ["curl", "-u", "app:$PASSWORD"]},
    ],
)
def test_other_commands_are_not_reported(content: Object) -> None:
    assert secret_findings(deployment(pod_spec(container(**content)))) == []


def test_a_script_of_a_custom_kind_is_searched() -> None:
    step = container(script="#!/bin/sh\ncurl -H 'Authorization: Bearer hunter2hunter2' http://a\n")
    [finding] = secret_findings(custom("tekton.dev/v1", "Task", steps=[step]))
    assert finding.rule == "secret-in-command"
    assert finding.message.startswith('In spec: Container "app" contains')


@pytest.mark.parametrize(
    ("key", "content"),
    [
        ("app.env", b"DB_PASSWORD=hunter2\n"),
        ("key", FORMAT_SAMPLES["Private key"].encode()),
        ("mixed", b"\xff\xfe\x00" + TOKEN.encode() + b"\xff"),
        ("store.p12", b"\x30\x82\xff"),
        ("password", b"hunter2"),
    ],
)
def test_binary_data_is_decoded(key: str, content: bytes) -> None:
    [finding] = secret_findings(config_map(binaryData={key: b64encode(content).decode()}))
    assert finding.rule == "secret-in-config-map"
    assert f'"{key}"' in finding.message


@pytest.mark.parametrize("content", ["", "AAAA", "not Base64!", "/w=="])
def test_other_binary_data_is_not_reported(content: str) -> None:
    assert secret_findings(config_map(binaryData={"logo.png": content})) == []


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("app.conf", "Server=db;User=app;Password=hunter2;Timeout=30"),
        ("app.xml", "<user>app</user><password>hunter2</password>"),
        ("app.sh", "export API_TOKEN=hunter2\n"),
        ("app.yaml", "services:\n- DB_PASSWORD=hunter2\n"),
        ("app.php", "'password' => 'hunter2',\n"),
        ("url", "https://example.com/a?access_token=hunter2"),
    ],
)
def test_files_of_several_syntaxes_are_searched(key: str, value: str) -> None:
    [finding] = secret_findings(config_map(data={key: value}))
    assert f'"{key}"' in finding.message


def annotated(item: Object, **annotations: str) -> Object:
    item["metadata"]["annotations"] = annotations
    return item


def test_annotations_are_searched() -> None:
    objects = [
        annotated(kubernetes_object("Service", "a"), token=TOKEN, description="a service"),
        annotated(kubernetes_object("Pod", "b", spec=pod_spec()), **{"example.com/password": "h2"}),
        deployment(annotations={"example.com/api-key": "hunter2"}),
    ]
    findings = secret_findings(*objects)
    assert {(finding.rule, finding.object.kind) for finding in findings} == {
        ("secret-in-annotation", "Service"),
        ("secret-in-annotation", "Pod"),
        ("secret-in-annotation", "Deployment"),
    }
    assert len(findings) == 3
    assert all(TOKEN not in finding.message for finding in findings)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("checksum/secret", "0123456789abcdef" * 4),
        ("nginx.ingress.kubernetes.io/auth-secret", "runners/basic-auth"),
        ("eks.amazonaws.com/token-expiration", "86400"),
        ("kubernetes.io/service-account.name", "app"),
    ],
)
def test_other_annotations_are_not_reported(name: str, value: str) -> None:
    assert secret_findings(annotated(kubernetes_object("Service", "a"), **{name: value})) == []


@pytest.mark.slow
@pytest.mark.parametrize(
    "part",
    [
        "vault",
        "1d",
        "a/",
        "eyJ-",
        "a=",
        "<a>",
        "--a ",
        "'",
        "{,",
        " ",
        "-",
        "a:b@",
        '{"a": ',
        "sk-",
    ],
)
def test_the_search_takes_linear_time(part: str) -> None:
    # A search in quadratic time would exceed the timeout of a test.
    text = part * (500_000 // len(part))
    pod = pod_spec(container(env=[{"name": "PASSWORD", "value": text}], args=[text]))
    review(parsed(deployment(pod), config_map(data={"password": text})))
