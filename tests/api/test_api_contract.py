"""The client sends the requests of the OpenAPI contract, and parses its responses."""

import re
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from kubiya_pulumi.api import RunnersClient
from tests.api.scripted_service import reply

HEALTHY = {"status": "healthy", "health": "ok", "version": "2.0.0"}
RUNNER = {
    "name": "runner-prod",
    "version": "v2",
    "namespace": "kubiya-system",
    "kubernetes_namespace": "kubiya-system",
    "runner_health": HEALTHY,
    "tool_manager_health": HEALTHY,
    "agent_manager_health": HEALTHY,
}
HEALTH = {
    "health": "ok",
    "status": "healthy",
    "time": "2026-01-02T03:04:05Z",
    "version": "2.0.0",
    "checks": [
        {
            "name": "tool-manager",
            "status": "healthy",
            "version": "2.0.0",
            "metadata": {"git_sha": "abcdef123456", "release": "v2.0.0"},
        }
    ],
}
MANIFEST_URL = "https://api.kubiya.ai/manifests/runner-prod-123456.yaml"
MANIFEST = {
    "name": "runner-prod",
    "manifest_url": MANIFEST_URL,
    "manifest_content": "kind: Namespace\n",
}

# Operation id: the arguments of the method with that name, and a response.
CALLS: dict[str, tuple[tuple[Any, ...], dict[str, Any], Any]] = {
    "listRunners": ((), {}, [RUNNER]),
    "describeRunner": (("runner-prod",), {}, RUNNER),
    "getRunnerHealth": (("runner-prod",), {}, HEALTH),
    "createRunner": (
        ("runner-prod",),
        {"description": "Prod", "managed_by": "pulumi", "task_id": "7"},
        {"name": "runner-prod", "manifest_url": MANIFEST_URL},
    ),
    "deleteRunner": (("runner-prod",), {}, b""),
    "updateRunnerDescription": (("runner-prod", "Prod"), {}, RUNNER),
    "getRunnerManifest": (("runner-prod",), {}, MANIFEST),
    "downloadManifest": (
        ("manifests/runner-prod-123456.yaml",),
        {"runner": "runner-prod"},
        b"kind: Namespace\n",
    ),
}


def _operations(contract: dict[str, Any]) -> dict[str, tuple[str, str, dict[str, Any]]]:
    return {
        operation["operationId"]: (method.upper(), path, operation)
        for path, methods in contract["paths"].items()
        for method, operation in methods.items()
        if method != "parameters"
    }


def test_the_client_has_a_method_for_each_operation(contract: dict[str, Any]) -> None:
    operations = _operations(contract)
    methods = {re.sub("[A-Z]", lambda c: "_" + c[0].lower(), name) for name in operations}
    assert operations.keys() == CALLS.keys()
    public = {name for name in vars(RunnersClient) if not name.startswith("_")}
    assert public - {"close"} == methods


@pytest.mark.parametrize("operation_id", CALLS)
def test_each_method_sends_exactly_the_documented_request(
    operation_id, contract, client, service, key
) -> None:
    method, path, operation = _operations(contract)[operation_id]
    args, kwargs, response = CALLS[operation_id]
    service.replies = [reply(200, response)]

    getattr(client, re.sub("[A-Z]", lambda c: "_" + c[0].lower(), operation_id))(*args, **kwargs)

    (request,) = service.requests
    path = path.replace("{runner_name}", "runner-prod")
    assert (
        request.line
        == f"{method} {path.replace('{file_name}', 'runner-prod-123456.yaml')} HTTP/1.1"
    )
    needs_key = operation.get("security", contract["security"]) != []
    assert request.headers.get("authorization") == (f"UserKey {key}" if needs_key else None)
    assert request.headers["user-agent"].startswith("kubiya-pulumi/")
    schema = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if schema is None:
        assert request.body == b""
    else:
        assert request.headers["content-type"] == "application/json"
        resolved = {**contract, **schema["schema"]}
        Draft202012Validator(resolved).validate(request.json)
        assert set(request.json) == set(kwargs or {"description"})


@pytest.mark.parametrize("operation_id", [name for name in CALLS if name != "downloadManifest"])
def test_the_responses_of_these_tests_match_the_contract(operation_id, contract) -> None:
    documented = _operations(contract)[operation_id][2]["responses"]["200"]
    if "content" not in documented:
        assert CALLS[operation_id][2] == b""
        return
    schema = documented["content"]["application/json"]["schema"]
    Draft202012Validator({**contract, **schema}).validate(CALLS[operation_id][2])


def test_the_documented_responses_are_parsed(client, service) -> None:
    service.replies = [reply(200, [RUNNER])]
    (runner,) = client.list_runners()
    assert (runner.name, runner.version, runner.namespace) == (
        "runner-prod",
        "v2",
        "kubiya-system",
    )
    assert runner.tool_manager_health is not None
    assert runner.tool_manager_health.version == "2.0.0"

    service.replies = [reply(200, HEALTH)]
    health = client.get_runner_health("runner-prod")
    assert health.healthy
    assert health.time == "2026-01-02T03:04:05Z"
    (check,) = health.checks
    assert (check.name, check.git_sha, check.release) == ("tool-manager", "abcdef123456", "v2.0.0")

    service.replies = [reply(200, MANIFEST)]
    manifest = client.get_runner_manifest("runner-prod")
    assert (manifest.manifest_url, manifest.manifest_content) == (MANIFEST_URL, "kind: Namespace\n")
