"""What each operation does, over HTTP."""

from __future__ import annotations

import http.client
import json
from dataclasses import astuple

import pytest
import requests
from plain_client import Client

from kubiya_pulumi.emulator import Emulator, EmulatorError

UNUSUAL_NAMES = ["a b", "ü", "%", "a%2Fb", "..", ".", "UPPER", "a?b#c", "\x00", "日本", "x" * 300]


def raw(emulator: Emulator, method: str, target: str, body: bytes = b"") -> tuple[int, bytes]:
    """Send a request with exactly this target."""
    connection = http.client.HTTPConnection("127.0.0.1", int(emulator.url.rpartition(":")[2]), 10)
    try:
        connection.putrequest(method, target)
        connection.putheader("Authorization", f"UserKey {emulator.api_key}")
        connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def test_the_life_of_a_runner(client: Client, emulator: Emulator) -> None:
    assert client.list().json() == []
    created = client.create("runner-prod", json={"description": "first"}).json()
    assert created == {"name": "runner-prod", "manifest_url": emulator.manifest_url("runner-prod")}
    assert client.describe("runner-prod").json() == {
        "name": "runner-prod",
        "version": "v2",
        "namespace": "kubiya-system",
        "kubernetes_namespace": "kubiya-system",
        "description": "first",
    }
    assert client.set_description("runner-prod", "second").json()["description"] == "second"
    [listed] = client.list().json()
    assert listed["description"] == "second"
    assert listed["tool_manager_health"]["status"] == "healthy"
    manifest = client.manifest("runner-prod").json()
    assert manifest["manifest_url"] == created["manifest_url"]
    downloaded = requests.get(created["manifest_url"], timeout=10)
    assert downloaded.text == manifest["manifest_content"]
    assert downloaded.headers["content-type"] == "application/yaml"
    deleted = client.delete("runner-prod")
    assert (deleted.status_code, deleted.content) == (200, b"")
    assert client.describe("runner-prod").status_code == 404
    assert requests.get(created["manifest_url"], timeout=10).status_code == 404
    assert client.list().json() == []


@pytest.mark.parametrize("name", ["runner-prod", *UNUSUAL_NAMES])
def test_a_name_is_one_path_segment(client: Client, emulator: Emulator, name: str) -> None:
    target = "".join(f"%{byte:02X}" for byte in name.encode())
    assert raw(emulator, "POST", f"/api/v3/runners/{target}")[0] == 200
    assert list(emulator.runners) == [name]
    status, body = raw(emulator, "GET", f"/v1/runners/{target}/describe")
    assert (status, json.loads(body)["name"]) == (200, name)
    assert [runner["name"] for runner in client.list().json()] == [name]
    assert raw(emulator, "GET", f"/api/v3/runners/{target}/health")[0] == 200
    assert raw(emulator, "GET", f"/v1/runners/{target}/manifest")[0] == 200
    body = b'{"description": "d"}'
    assert raw(emulator, "PUT", f"/api/v3/runners/description/{target}", body)[0] == 200
    assert {call.runner for call in emulator.calls} == {name, None}
    assert raw(emulator, "DELETE", f"/api/v3/runners/{target}")[0] == 200
    assert not emulator.runners


@pytest.mark.parametrize("name", ["description", "health", "describe", "manifest"])
def test_a_runner_can_be_named_like_a_path_segment(client: Client, name: str) -> None:
    assert client.create(name).status_code == 200
    assert client.set_description(name, "d").json()["description"] == "d"
    assert client.health(name).json()["status"] == "healthy"
    assert client.describe(name).json()["name"] == name


def test_a_slash_in_a_name_is_refused(emulator: Emulator) -> None:
    assert raw(emulator, "POST", "/api/v3/runners/a%2Fb")[0] == 400
    assert raw(emulator, "GET", "/v1/runners/a%2Fb/describe")[0] == 404


@pytest.mark.parametrize("target", ["/api/v3/runners/%FF", "/api/v3/runners/%C3%28"])
def test_a_name_that_is_not_utf8_is_refused(emulator: Emulator, target: str) -> None:
    assert raw(emulator, "POST", target)[0] == 400


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b'"text"',
        b"null",
        b"\xff\xfe\xfd",
        b'{"description": 1}',
        b'{"description": null}',
        b'{"description": "\\ud800"}',
        b'{"managed_by": []}',
        b'{"metadata": []}',
        b'{"metadata": {"namespace": "No Label"}}',
        b"[" * 100_000,
        b'{"description": ' + b"9" * 10_000 + b"}",
    ],
)
def test_an_invalid_body_changes_nothing(client: Client, emulator: Emulator, body: bytes) -> None:
    assert client.create("new", data=body).status_code == 400
    assert not emulator.runners
    emulator.add_runner("existing", description="kept")
    path = "/api/v3/runners/description/existing"
    if b"managed_by" not in body and b"metadata" not in body:
        assert client.call("PUT", path, data=body).status_code == 400
    assert client.call("PUT", path, data=b"").status_code == 400
    assert emulator.runners["existing"].description == "kept"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b'{"description": 1}', 'The field "description" is not a string'),
        (b'{"metadata": []}', 'The field "metadata" is not an object'),
        (
            b'{"metadata": {"namespace": "No Label"}}',
            'The field "metadata.namespace" is not an RFC 1123 label',
        ),
    ],
)
def test_an_error_names_the_field(client: Client, body: bytes, message: str) -> None:
    assert client.create("new", data=body).json()["error"]["message"] == message


@pytest.mark.parametrize("body", [b"", b"{}", b"  ", b'{"unknown": [1], "type": "local"}'])
def test_every_field_of_a_create_is_optional(client: Client, body: bytes) -> None:
    assert client.create("new", data=body).status_code == 200


def test_a_body_over_one_mebibyte_is_refused(client: Client, emulator: Emulator) -> None:
    assert client.create("new", data=b" " * (1024 * 1024 + 1)).status_code == 413
    assert not emulator.runners
    assert client.create("new", data=b" " * (1024 * 1024)).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("POST", "/api/v3/runners", "GET, HEAD"),
        ("PATCH", "/api/v3/runners/x", "DELETE, GET, HEAD, POST"),
        ("DELETE", "/v1/runners/x/describe", "GET, HEAD"),
        ("OPTIONS", "/api/v3/runners/description/x", "PUT"),
        ("POST", "/manifests/x.yaml", "GET, HEAD"),
        ("DELETE", "/api/v3/runners/description/health", "GET, HEAD, PUT"),
    ],
)
def test_an_unsupported_method_gets_the_allowed_ones(
    client: Client, method: str, path: str, allow: str
) -> None:
    response = client.call(method, path)
    assert (response.status_code, response.headers["allow"]) == (405, allow)
    assert response.json()["error"]["code"] == "method_not_allowed"


@pytest.mark.parametrize(
    "path", ["/", "/api/v3/runners/", "/v1/runners//describe", "/v2/runners", "/api/v3/runners/a/b"]
)
def test_an_unknown_path_gets_an_error_body(client: Client, path: str) -> None:
    response = client.call("GET", path)
    assert (response.status_code, response.json()["error"]["code"]) == (404, "not_found")


def test_head_is_get_without_the_body(client: Client, emulator: Emulator) -> None:
    emulator.add_runner("runner-prod")
    path = "/v1/runners/runner-prod/describe"
    full, head = client.call("GET", path), client.call("HEAD", path)
    assert (head.status_code, head.content) == (200, b"")
    assert (
        head.headers["content-length"] == full.headers["content-length"] == str(len(full.content))
    )


@pytest.mark.parametrize(
    ("header", "status"),
    [
        (None, 401),
        ("", 401),
        ("UserKey", 401),
        ("UserKey ", 401),
        ("Bearer right", 401),
        ("right", 401),
        ("UserKey wrong", 401),
        ("UserKey right", 200),
        ("UserKey weak", 403),
    ],
)
def test_which_keys_are_accepted(header: str | None, status: int) -> None:
    with Emulator(api_key="right", forbidden_keys=("weak",)) as emulator:
        headers = {} if header is None else {"Authorization": header}
        response = requests.get(f"{emulator.url}/api/v3/runners", headers=headers, timeout=10)
        assert response.status_code == status
        assert [call.authorized for call in emulator.calls] == [status == 200]
        emulator.configure(api_key="rotated")
        assert emulator.api_key == "rotated"
        response = requests.get(f"{emulator.url}/api/v3/runners", headers=headers, timeout=10)
        assert response.status_code == (401 if status == 200 else status)


def test_any_key_is_accepted_by_default(client: Client) -> None:
    for key in ("a", client.emulator.api_key):
        headers = {"Authorization": f"UserKey {key}"}
        assert client.call("GET", "/api/v3/runners", headers=headers).status_code == 200


def test_manifest_urls_start_with_the_host_of_the_request(client: Client) -> None:
    headers = {"Host": "runners.example.com:8080"}
    url = client.call("POST", "/api/v3/runners/a", headers=headers).json()["manifest_url"]
    assert url.startswith("http://runners.example.com:8080/manifests/a-")
    bad = client.call("POST", "/api/v3/runners/b", headers={"Host": 'a"b/c'}).json()
    assert bad["manifest_url"].startswith(f"{client.emulator.url}/manifests/b-")


def test_calls_are_recorded_without_secrets(client: Client) -> None:
    emulator = client.emulator
    client.create("a b", json={"description": "d"})
    requests.get(emulator.manifest_url("a b"), timeout=10)
    client.call("GET", "/nowhere")
    assert [astuple(call) for call in emulator.calls] == [
        ("POST", "/api/v3/runners/a%20b", "createRunner", "a b", True, 200),
        ("GET", "/manifests/***", "downloadManifest", None, True, 200),
        ("GET", "/nowhere", None, None, False, 404),
    ]
    secret = emulator.manifest_url("a b").rpartition("/")[2]
    shown = repr(emulator.calls) + repr(emulator.runners) + repr(emulator.options)
    assert emulator.api_key not in shown
    assert secret not in shown
    emulator.clear_calls()
    assert emulator.calls == []


def test_changes_by_another_client(client: Client, emulator: Emulator) -> None:
    emulator.add_runner("other", managed_by="them", namespace="theirs")
    assert client.describe("other").json()["namespace"] == "theirs"
    emulator.set_manifest("other", "changed: upstream\n")
    assert client.manifest("other").json()["manifest_content"] == "changed: upstream\n"
    assert requests.get(emulator.manifest_url("other"), timeout=10).text == "changed: upstream\n"
    emulator.remove_runner("other")
    assert client.describe("other").status_code == 404
    for attempt in (
        lambda: emulator.remove_runner("other"),
        lambda: emulator.set_manifest("other", ""),
        lambda: emulator.set_health("other"),
        lambda: emulator.manifest_url("other"),
    ):
        with pytest.raises(KeyError, match="other"):
            attempt()


@pytest.mark.parametrize("name", ["", "a/b", "existing"])
def test_add_runner_refuses_invalid_and_existing_names(emulator: Emulator, name: str) -> None:
    emulator.add_runner("existing", description="kept")
    with pytest.raises(EmulatorError, match=r"name|already"):
        emulator.add_runner(name)
    assert emulator.runners["existing"].description == "kept"


def test_runners_do_not_share_a_namespace_by_default(emulator: Emulator) -> None:
    assert emulator.add_runner("one").namespace == "kubiya-system"
    assert emulator.add_runner("two").namespace == "kubiya-system-two"
    assert emulator.add_runner("Three").namespace.startswith("kubiya-system-three-")
    emulator.remove_runner("one")
    assert emulator.add_runner("four").namespace == "kubiya-system"
