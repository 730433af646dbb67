"""Each switch changes what it says, and nothing else."""

from typing import Any

import pytest
import requests
from plain_client import Client

from kubiya_pulumi.emulator import Emulator, EmulatorOptions, OptionError
from kubiya_pulumi.emulator.options import choices

NAME = "runner-prod"


@pytest.fixture
def filled(client: Client) -> Client:
    client.emulator.add_runner(NAME, description="d", managed_by="me", task_id="7")
    return client


def test_the_documented_form_is_the_default(filled: Client) -> None:
    health = filled.health(NAME).json()
    assert set(health) == {"health", "status", "time", "version", "checks"}
    assert (health["health"], health["status"]) == ("ok", "healthy")
    names = [each["name"] for each in health["checks"]]
    assert names == ["kubiya-operator", "agent-manager", "tool-manager", "workflow-engine"]
    assert health["checks"][0]["metadata"] == {"git_sha": "abcdef123456", "release": "v2.0.0"}
    assert set(filled.manifest(NAME).json()) == {"name", "manifest_url", "manifest_content"}


def test_the_observed_form(filled: Client) -> None:
    filled.emulator.configure(form="observed")
    listed = filled.list().json()
    assert list(listed) == [NAME]
    assert listed[NAME]["version"] == 2
    assert (listed[NAME]["namespace"], listed[NAME]["kubernetes_namespace"]) == (
        "",
        "kubiya-system",
    )
    assert (listed[NAME]["gateway_url"], listed[NAME]["gateway_password"]) == (None, None)
    assert listed[NAME]["runner_health"]["health"] == "true"
    assert filled.health(NAME).json()["checks"][0]["status"] == "ok"
    assert set(filled.create("new").json()) == {"url"}
    assert set(filled.manifest(NAME).json()) == {"url", "manifest_content"}
    missing = filled.describe("nobody")
    assert (missing.status_code, missing.text) == (404, "Runner not found\n")
    assert missing.headers["content-type"].startswith("text/plain")


def test_lists(filled: Client) -> None:
    filled.emulator.configure(list_as="keyed")
    assert filled.list().json()[NAME]["name"] == NAME
    filled.emulator.configure(list_as="array", form="observed")
    assert filled.list().json()[0]["name"] == NAME


@pytest.mark.parametrize(
    ("shape", "fields"),
    [
        ("manifest_url", {"name", "manifest_url"}),
        ("url", {"url"}),
        (
            "runner",
            {
                "name",
                "version",
                "namespace",
                "kubernetes_namespace",
                "description",
                "managed_by",
                "task_id",
                "url",
            },
        ),
    ],
)
def test_manifest_answers(filled: Client, shape: str, fields: set[str]) -> None:
    filled.emulator.configure(manifest_as=shape)
    created = filled.create(NAME).json()
    assert set(created) == fields
    url = created.get("url") or created.get("manifest_url")
    assert url == filled.emulator.manifest_url(NAME)
    assert set(filled.manifest(NAME).json()) == fields | {"manifest_content"}
    filled.emulator.configure(manifest_content="absent")
    assert set(filled.manifest(NAME).json()) == fields


@pytest.mark.parametrize(
    ("switch", "value", "field", "expected"),
    [
        ("version_as", "string", "version", "v2"),
        ("version_as", "number", "version", 2),
        ("namespace_as", "namespace", "namespace", "kubiya-system"),
        ("namespace_as", "kubernetes_namespace", "namespace", ""),
        ("description_field", "echoed", "description", "d"),
        ("description_field", "dropped", "description", None),
        ("owner_fields", "echoed", "managed_by", "me"),
        ("owner_fields", "dropped", "managed_by", None),
        ("owner_fields", "dropped", "task_id", None),
        ("fields_as", "documented", "runner_type", None),
        ("fields_as", "full", "runner_type", "k8s"),
        ("fields_as", "full", "gateway_url", "https://gateway.example.com"),
        ("fields_as", "bare", "version", None),
    ],
)
def test_fields_of_a_runner(
    filled: Client, switch: str, value: str, field: str, expected: object
) -> None:
    filled.emulator.configure(**{switch: value})
    [listed] = filled.list().json()
    assert filled.describe(NAME).json().get(field) == listed.get(field) == expected


def test_nulls_stand_where_there_is_no_value(client: Client) -> None:
    client.emulator.configure(fields_as="nulls")
    client.emulator.add_runner("plain")
    runner = client.describe("plain").json()
    empty = {"description", "managed_by", "task_id", "gateway_url", "gateway_password"}
    assert {key for key, value in runner.items() if value is None} == empty


def test_health_with_components(filled: Client) -> None:
    filled.emulator.configure(health_as="components")
    filled.emulator.set_health(NAME, failing={"tool-manager": "no route to NATS"})
    health = filled.health(NAME).json()
    assert set(health) == {"status", "last_check", "components"}
    assert health["status"] == "unhealthy"
    assert health["components"]["agent_manager"] == {"status": "healthy"}
    assert health["components"]["tool_manager"] == {
        "status": "unhealthy",
        "error": "no route to NATS",
    }


@pytest.mark.parametrize(
    ("form", "start", "media_type"),
    [
        ("json", '{"error": {"code": "not_found"', "application/json"),
        ("text", "Runner not found", "text/plain; charset=utf-8"),
        ("html", "<!DOCTYPE html>", "text/html; charset=utf-8"),
        ("empty", "", None),
    ],
)
def test_bodies_of_errors(client: Client, form: str, start: str, media_type: str | None) -> None:
    client.emulator.configure(errors_as=form)
    answer = client.describe("nobody")
    assert answer.status_code == 404
    assert answer.text[: len(start) or None] == start
    assert answer.headers.get("content-type") == media_type


DESCRIBE = {
    "v1": "/v1/runners/runner-prod/describe",
    "api-v1": "/api/v1/runners/runner-prod/describe",
    "api-v3": "/api/v3/runners/runner-prod/describe",
    "bare": "/api/v3/runners/runner-prod",
}
MANIFEST = {
    "v1": "/v1/runners/runner-prod/manifest",
    "api-v1": "/api/v1/runners/runner-prod/manifest",
}


@pytest.mark.parametrize(
    ("switch", "paths"), [("describe_path", DESCRIBE), ("manifest_path", MANIFEST)]
)
@pytest.mark.parametrize("served", ["all", "v1", "api-v1", "api-v3", "bare"])
def test_which_paths_are_served(
    filled: Client, switch: str, paths: dict[str, str], served: str
) -> None:
    if served not in choices()[switch]:
        with pytest.raises(OptionError, match=switch):
            filled.emulator.configure(**{switch: served})
        return
    filled.emulator.configure(**{switch: served})
    for variant, path in paths.items():
        absent = 405 if variant == "bare" else 404  # its path has other methods still
        expected = 200 if served in {"all", variant} else absent
        assert filled.call("GET", path).status_code == expected


@pytest.mark.parametrize(
    ("way", "status"), [("return", 200), ("conflict", 409), ("bad_request", 400)]
)
def test_create_of_a_name_that_exists(filled: Client, way: str, status: int) -> None:
    before = filled.emulator.runners[NAME]
    filled.emulator.configure(create_existing=way)
    answer = filled.create(NAME, json={"description": "mine", "managed_by": "you"})
    assert answer.status_code == status
    assert filled.emulator.runners[NAME] == before
    if status == 200:
        assert answer.json()["manifest_url"] == filled.emulator.manifest_url(NAME)
    assert filled.create("new").status_code == 200


@pytest.mark.parametrize(("way", "status"), [("not_found", 404), ("method_not_allowed", 405)])
def test_a_delete_that_is_not_supported(filled: Client, way: str, status: int) -> None:
    filled.emulator.configure(delete=way)
    answer = filled.delete(NAME)
    assert answer.status_code == status
    assert "DELETE" not in answer.headers.get("allow", "")
    assert NAME in filled.emulator.runners


def test_downloads_that_vary(filled: Client) -> None:
    url = filled.emulator.manifest_url(NAME)
    stable = {requests.get(url, timeout=10).text for _ in range(2)}
    assert stable == {filled.manifest(NAME).json()["manifest_content"]}
    filled.emulator.configure(download="varying")
    texts = [requests.get(url, timeout=10).text for _ in range(2)]
    texts.append(filled.manifest(NAME).json()["manifest_content"])
    assert len(set(texts)) == 3
    assert {text.partition("\n")[2] for text in texts} == stable


@pytest.mark.parametrize(
    ("name", "status"), [("runner-prod", 200), ("Runner", 400), ("a" * 64, 400), ("-a", 400)]
)
def test_names_that_have_to_be_labels(client: Client, name: str, status: int) -> None:
    client.emulator.configure(names="dns")
    assert client.create(name).status_code == status
    assert (name in client.emulator.runners) == (status == 200)


@pytest.mark.parametrize(
    "wrong",
    [
        {"form": "other"},
        {"form": None},
        {"delete": None},
        {"list_as": 1},
        {"list_as": ["array"]},
        {"latency_seconds": -1},
        {"latency_seconds": float("nan")},
        {"latency_seconds": "1"},
        {"healthy_after_seconds": True},
        {"api_key": ""},
        {"api_key": 1},
        {"forbidden_keys": "key"},
        {"forbidden_keys": [1]},
        {"unknown": 1},
    ],
)
def test_a_switch_that_cannot_be(emulator: Emulator, wrong: dict[str, Any]) -> None:
    before = emulator.options
    with pytest.raises(OptionError, match=next(iter(wrong))):
        emulator.configure(**wrong)
    assert emulator.options == before
    with pytest.raises(OptionError, match=next(iter(wrong))):
        Emulator(**wrong)


def test_every_switch_that_follows_the_form_has_a_value_in_both() -> None:
    for form in choices()["form"]:
        resolved = EmulatorOptions().with_changes({"form": form}).resolved()
        assert [name for name in choices() if getattr(resolved, name) is None] == []
        assert resolved.with_changes({"form": "documented"}).resolved().form == "documented"
