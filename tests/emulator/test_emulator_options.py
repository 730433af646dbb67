"""Each option has the documented effect."""

from __future__ import annotations

from typing import Any

import pytest
import requests
import yaml
from plain_client import Client

from kubiya_pulumi.emulator import Emulator, EmulatorOptions, OptionError
from kubiya_pulumi.emulator.options import choices

NAME = "runner-prod"


@pytest.fixture
def with_runner(client: Client) -> Client:
    client.emulator.add_runner(NAME, description="d", managed_by="me", task_id="7")
    return client


def test_the_documented_form_is_the_default(with_runner: Client) -> None:
    health = with_runner.health(NAME).json()
    assert set(health) == {"health", "status", "time", "version", "checks"}
    assert (health["health"], health["status"]) == ("ok", "healthy")
    names = [check["name"] for check in health["checks"]]
    assert names == ["kubiya-operator", "agent-manager", "tool-manager", "workflow-engine"]
    assert health["checks"][0]["metadata"] == {"git_sha": "abcdef123456", "release": "v2.0.0"}
    assert set(with_runner.manifest(NAME).json()) == {"name", "manifest_url", "manifest_content"}


def test_the_observed_form(with_runner: Client) -> None:
    with_runner.emulator.configure(form="observed")
    [listed] = with_runner.list().json()
    assert (listed["name"], listed["version"]) == (NAME, 2)
    assert (listed["namespace"], listed["kubernetes_namespace"]) == ("", "kubiya-system")
    assert (listed["gateway_url"], listed["gateway_password"]) == (None, None)
    assert listed["runner_health"]["health"] == "true"
    assert with_runner.health(NAME).json()["checks"][0]["status"] == "ok"
    assert set(with_runner.create("new").json()) == {"url"}
    assert set(with_runner.manifest(NAME).json()) == {"url", "manifest_content"}
    missing = with_runner.describe("missing")
    assert (missing.status_code, missing.text) == (404, "Runner not found\n")
    assert missing.headers["content-type"].startswith("text/plain")


@pytest.mark.parametrize("form", ["documented", "observed"])
def test_list_as(with_runner: Client, form: str) -> None:
    with_runner.emulator.configure(form=form)
    [listed] = with_runner.list().json()
    assert listed["name"] == NAME
    with_runner.emulator.configure(list_as="keyed")
    assert with_runner.list().json() == {NAME: listed}


@pytest.mark.parametrize("form", ["documented", "observed"])
@pytest.mark.parametrize("list_as", ["array", "keyed"])
def test_the_list_of_version_1_is_keyed(with_runner: Client, form: str, list_as: str) -> None:
    with_runner.emulator.configure(form=form, list_as=list_as)
    current, version_1 = with_runner.list().json(), with_runner.list_version_1()
    assert version_1.json() == {NAME: current[0] if list_as == "array" else current[NAME]}
    operations = [call.operation for call in with_runner.emulator.calls]
    assert operations == ["listRunners", "listRunners"]
    with_runner.emulator.remove_runner(NAME)
    assert with_runner.list_version_1().json() == {}


def test_list_path(with_runner: Client) -> None:
    with_runner.emulator.configure(list_path="api-v3")
    assert with_runner.list().status_code == 200
    assert with_runner.list_version_1().status_code == 404


def test_the_list_of_version_1_requires_a_key(client: Client) -> None:
    headers = {"Authorization": ""}
    assert client.call("GET", "/api/v1/runners", headers=headers).status_code == 401
    assert client.call("POST", "/api/v1/runners").headers["allow"] == "GET, HEAD"


def _shared_objects(client: Client) -> set[tuple[str, str]]:
    """Create two runners; return the kinds and names of the cluster-scoped objects of both."""
    manifests = []
    for name in ("one", "Two"):
        client.create(name)
        text = client.manifest(name).json()["manifest_content"]
        objects = list(yaml.safe_load_all(text))
        names = [(o["kind"], o["metadata"]["name"]) for o in objects]
        cluster_scoped = {"Namespace", "ClusterRole", "ClusterRoleBinding"}
        manifests.append({name for name in names if name[0] in cluster_scoped})
        assert len(manifests[-1]) == 5
    return manifests[0] & manifests[1]


def test_manifest_objects(client: Client) -> None:
    assert not _shared_objects(client)
    for name in client.emulator.runners:
        client.emulator.remove_runner(name)
    client.emulator.configure(manifest_objects="shared")
    assert _shared_objects(client) == {
        ("Namespace", "kubiya-system"),
        ("ClusterRole", "tool-manager-full-access"),
        ("ClusterRole", "tool-manager-persistent-volumes"),
        ("ClusterRoleBinding", "tool-manager-full-access"),
        ("ClusterRoleBinding", "tool-manager-persistent-volumes"),
    }
    assert {runner.namespace for runner in client.emulator.runners.values()} == {"kubiya-system"}
    chosen = client.emulator.add_runner("chosen", namespace="theirs")
    assert chosen.namespace == "theirs"


def test_shared_objects_do_not_share_credentials_and_labels(client: Client) -> None:
    client.emulator.configure(manifest_objects="shared")
    first, second = (client.emulator.add_runner(name) for name in ("one", "two"))
    secrets = [
        str(o["data"])
        for runner in (first, second)
        for o in yaml.safe_load_all(runner.manifest)
        if o["kind"] == "Secret"
    ]
    assert len(set(secrets)) == 4
    assert first.manifest_file != second.manifest_file
    assert "kubiya.ai/runner: one" in first.manifest
    assert "kubiya.ai/runner: two" in second.manifest


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
def test_manifest_as(with_runner: Client, shape: str, fields: set[str]) -> None:
    with_runner.emulator.configure(manifest_as=shape)
    created = with_runner.create(NAME).json()
    assert set(created) == fields
    url = created.get("url") or created.get("manifest_url")
    assert url == with_runner.emulator.manifest_url(NAME)
    assert set(with_runner.manifest(NAME).json()) == fields | {"manifest_content"}
    with_runner.emulator.configure(manifest_content="absent")
    assert set(with_runner.manifest(NAME).json()) == fields


@pytest.mark.parametrize(
    ("option", "value", "field", "expected"),
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
    with_runner: Client, option: str, value: str, field: str, expected: object
) -> None:
    with_runner.emulator.configure(**{option: value})
    [listed] = with_runner.list().json()
    assert with_runner.describe(NAME).json().get(field) == listed.get(field) == expected


def test_nulls_for_missing_values(client: Client) -> None:
    client.emulator.configure(fields_as="nulls")
    client.emulator.add_runner("plain")
    runner = client.describe("plain").json()
    empty = {"description", "managed_by", "task_id", "gateway_url", "gateway_password"}
    assert {key for key, value in runner.items() if value is None} == empty


def test_health_with_components(with_runner: Client) -> None:
    with_runner.emulator.configure(health_as="components")
    with_runner.emulator.set_health(NAME, failing={"tool-manager": "no route to NATS"})
    health = with_runner.health(NAME).json()
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
def test_errors_as(client: Client, form: str, start: str, media_type: str | None) -> None:
    client.emulator.configure(errors_as=form)
    response = client.describe("missing")
    assert response.status_code == 404
    assert response.text[: len(start) or None] == start
    assert response.headers.get("content-type") == media_type


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
    ("option", "paths"), [("describe_path", DESCRIBE), ("manifest_path", MANIFEST)]
)
@pytest.mark.parametrize("served", ["all", "v1", "api-v1", "api-v3", "bare"])
def test_which_paths_are_served(
    with_runner: Client, option: str, paths: dict[str, str], served: str
) -> None:
    if served not in choices()[option]:
        with pytest.raises(OptionError, match=option):
            with_runner.emulator.configure(**{option: served})
        return
    with_runner.emulator.configure(**{option: served})
    for variant, path in paths.items():
        absent = 405 if variant == "bare" else 404  # other methods of its path are served
        expected = 200 if served in {"all", variant} else absent
        assert with_runner.call("GET", path).status_code == expected


@pytest.mark.parametrize(
    ("value", "status"), [("return", 200), ("conflict", 409), ("bad_request", 400)]
)
def test_create_existing(with_runner: Client, value: str, status: int) -> None:
    before = with_runner.emulator.runners[NAME]
    with_runner.emulator.configure(create_existing=value)
    response = with_runner.create(NAME, json={"description": "mine", "managed_by": "you"})
    assert response.status_code == status
    assert with_runner.emulator.runners[NAME] == before
    if status == 200:
        assert response.json()["manifest_url"] == with_runner.emulator.manifest_url(NAME)
    assert with_runner.create("new").status_code == 200


@pytest.mark.parametrize(("value", "status"), [("not_found", 404), ("method_not_allowed", 405)])
def test_an_unsupported_delete(with_runner: Client, value: str, status: int) -> None:
    with_runner.emulator.configure(delete=value)
    response = with_runner.delete(NAME)
    assert response.status_code == status
    assert "DELETE" not in response.headers.get("allow", "")
    assert NAME in with_runner.emulator.runners


def test_varying_downloads(with_runner: Client) -> None:
    url = with_runner.emulator.manifest_url(NAME)
    stable = {requests.get(url, timeout=10).text for _ in range(2)}
    assert stable == {with_runner.manifest(NAME).json()["manifest_content"]}
    with_runner.emulator.configure(download="varying")
    texts = [requests.get(url, timeout=10).text for _ in range(2)]
    texts.append(with_runner.manifest(NAME).json()["manifest_content"])
    assert len(set(texts)) == 3
    assert {text.partition("\n")[2] for text in texts} == stable


@pytest.mark.parametrize(
    ("name", "status"), [("runner-prod", 200), ("Runner", 400), ("a" * 64, 400), ("-a", 400)]
)
def test_dns_names(client: Client, name: str, status: int) -> None:
    client.emulator.configure(names="dns")
    assert client.create(name).status_code == status
    assert (name in client.emulator.runners) == (status == 200)


@pytest.mark.parametrize(
    "invalid",
    [
        {"form": "other"},
        {"form": None},
        {"delete": None},
        {"list_as": 1},
        {"list_as": ["array"]},
        {"list_as": None},
        {"list_path": "api-v1"},
        {"manifest_objects": None},
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
def test_an_invalid_option_is_refused(emulator: Emulator, invalid: dict[str, Any]) -> None:
    before = emulator.options
    with pytest.raises(OptionError, match=next(iter(invalid))) as raised:
        emulator.configure(**invalid)
    assert str(raised.value).endswith(".")
    assert emulator.options == before
    with pytest.raises(OptionError, match=next(iter(invalid))):
        Emulator(**invalid)


def test_messages_about_options_quote_names(emulator: Emulator) -> None:
    for options, message in (
        ({"delete": "no"}, 'The option "delete" must be one of "supported", "not_found", '),
        ({"api_key": ""}, 'The option "api_key" must be a non-empty string;'),
        ({"latency_seconds": -1}, 'The option "latency_seconds" must be a finite number of '),
        ({"b": 1, "a": 1}, "The emulator has no such option: a, b."),
    ):
        with pytest.raises(OptionError) as raised:
            emulator.configure(**options)
        assert str(raised.value).startswith(message)


def test_resolved_sets_every_option_in_both_forms() -> None:
    for form in choices()["form"]:
        resolved = EmulatorOptions().with_changes({"form": form}).resolved()
        assert [name for name in choices() if getattr(resolved, name) is None] == []
        assert resolved.with_changes({"form": "documented"}).resolved().form == "documented"
