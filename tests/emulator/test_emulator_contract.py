"""Every response conforms to the OpenAPI description, in both forms.

In the documented form the description applies unchanged. In the observed form it is relaxed exactly
where the API is known to differ from it.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
import yaml
from hypothesis import HealthCheck, Phase, settings

from kubiya_pulumi.emulator import Emulator

DESCRIPTION = Path(__file__).parents[1] / "runners-openapi.yaml"
KEY = "key-of-the-contract"
EXAMPLES = settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def relaxed(description: dict[str, Any]) -> dict[str, Any]:
    """Return the description, relaxed where the observed form differs."""
    description = copy.deepcopy(description)
    schemas = description["components"]["schemas"]
    for name in ("Runner", "ComponentHealth"):
        for key, field in schemas[name]["properties"].items():
            schemas[name]["properties"][key] = {"anyOf": [field, {"type": "null"}]}
    with_url = {
        "type": "object",
        "required": ["url"],
        "properties": {"url": {"type": "string", "format": "uri"}},
    }
    for name in ("CreatedRunner", "RunnerManifest"):
        schemas[name] = {"anyOf": [schemas[name], with_url]}
    for response in description["components"]["responses"].values():
        response["content"] = {"text/plain": {"schema": {"type": "string"}}}
    paths = description["paths"]
    version_1 = copy.deepcopy(paths["/api/v3/runners"]["get"])
    keyed = {"type": "object", "additionalProperties": {"$ref": "#/components/schemas/Runner"}}
    version_1["responses"]["200"]["content"]["application/json"]["schema"] = keyed
    paths["/api/v1/runners"] = {"get": _renamed(version_1, "v1")}
    describe, manifest = "/v1/runners/{runner_name}/describe", "/v1/runners/{runner_name}/manifest"
    paths["/api/v3/runners/{runner_name}"]["get"] = _renamed(paths[describe]["get"], "bare")
    for prefix, path in (("/api", describe), ("/api", manifest)):
        paths[prefix + path] = {**paths[path], "get": _renamed(paths[path]["get"], prefix)}
    under_v3 = describe.replace("/v1/", "/api/v3/")
    paths[under_v3] = {**paths[describe], "get": _renamed(paths[describe]["get"], "v3")}
    return description


def _renamed(operation: dict[str, Any], suffix: str) -> dict[str, Any]:
    return {**operation, "operationId": f"{operation['operationId']} {suffix}"}


def _schema(*, is_relaxed: bool) -> Any:
    description = yaml.safe_load(DESCRIPTION.read_text())
    return schemathesis.openapi.from_dict(relaxed(description) if is_relaxed else description)


documented_schema = _schema(is_relaxed=False)
observed_schema = _schema(is_relaxed=True)


@pytest.fixture(scope="module")
def documented_emulator() -> Iterator[Emulator]:
    with Emulator(
        api_key=KEY, list_path="api-v3", describe_path="v1", manifest_path="v1"
    ) as emulator:
        emulator.add_runner("runner-prod")
        yield emulator


@pytest.fixture(scope="module")
def observed_emulator() -> Iterator[Emulator]:
    with Emulator(api_key=KEY, form="observed") as emulator:
        emulator.add_runner("runner-prod")
        yield emulator


@documented_schema.parametrize()
@EXAMPLES
def test_the_documented_form_conforms_to_the_description(
    case: schemathesis.Case, documented_emulator: Emulator
) -> None:
    case.call_and_validate(
        base_url=documented_emulator.url, headers={"Authorization": f"UserKey {KEY}"}
    )


@observed_schema.parametrize()
@EXAMPLES
def test_the_observed_form_conforms_to_the_relaxed_description(
    case: schemathesis.Case, observed_emulator: Emulator
) -> None:
    case.call_and_validate(
        base_url=observed_emulator.url, headers={"Authorization": f"UserKey {KEY}"}
    )


OPERATIONS = [
    ("GET", "/api/v3/runners"),
    ("GET", "/v1/runners/{runner_name}/describe"),
    ("GET", "/api/v3/runners/{runner_name}/health"),
    ("POST", "/api/v3/runners/{runner_name}"),
    ("PUT", "/api/v3/runners/description/{runner_name}"),
    ("GET", "/v1/runners/{runner_name}/manifest"),
    ("GET", "/manifests/{file_name}"),
    ("DELETE", "/api/v3/runners/{runner_name}"),
]


def _case(schema: Any, method: str, path: str, emulator: Emulator, name: str) -> Any:
    exists = name in emulator.runners
    file_name = emulator.manifest_url(name).rpartition("/")[2] if exists else "none.yaml"
    parameters = {"runner_name": name, "file_name": file_name}
    wanted = {key: value for key, value in parameters.items() if f"{{{key}}}" in path}
    body = {"body": {"description": "for tests"}} if method in {"POST", "PUT"} else {}
    media = {"media_type": "application/json"} if body else {}
    return schema[path][method].Case(path_parameters=wanted, **body, **media)


@pytest.fixture(scope="module", params=["documented", "observed"])
def form(request: pytest.FixtureRequest) -> Iterator[tuple[Emulator, Any]]:
    """An emulator in one form, and the description of this form."""
    schema = documented_schema if request.param == "documented" else observed_schema
    with Emulator(form=request.param, api_key=KEY, forbidden_keys=["weak"]) as emulator:
        yield emulator, schema


@pytest.fixture
def described(form: tuple[Emulator, Any]) -> tuple[Emulator, Any]:
    """The emulator with one runner, and the description."""
    emulator, _ = form
    for name in emulator.runners:
        emulator.remove_runner(name)
    emulator.faults.clear()
    emulator.add_runner("runner-prod", description="old", managed_by="me", task_id="1")
    return form


Described = tuple[Emulator, Any]
HEADERS = {"Authorization": f"UserKey {KEY}"}


def test_the_description_has_exactly_these_operations() -> None:
    paths = yaml.safe_load(DESCRIPTION.read_text())["paths"]
    methods = {"get", "put", "post", "delete", "patch"}
    operations = {(m.upper(), path) for path, item in paths.items() for m in methods & set(item)}
    assert operations == set(OPERATIONS)


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_success_conforms_to_the_description(described: Described, method: str, path: str) -> None:
    emulator, schema = described
    case = _case(schema, method, path, emulator, "runner-prod")
    response = case.call(base_url=emulator.url, headers=HEADERS)
    assert response.status_code == 200
    # The description says string, but schemathesis parses the manifest as one YAML document.
    checks = schemathesis.checks
    is_download = path == "/manifests/{file_name}"
    case.validate_response(
        response, excluded_checks=[checks.response_schema_conformance] if is_download else []
    )


@pytest.mark.parametrize(("method", "path"), OPERATIONS[:6] + OPERATIONS[7:])
@pytest.mark.parametrize(
    ("key", "status"), [(None, 401), ("UserKey wrong", 401), ("UserKey weak", 403)]
)
def test_the_response_to_a_refused_key_conforms_to_the_description(
    described: Described, method: str, path: str, key: str | None, status: int
) -> None:
    emulator, schema = described
    case = _case(schema, method, path, emulator, "runner-prod")
    headers = {} if key is None else {"Authorization": key}
    assert case.call_and_validate(base_url=emulator.url, headers=headers).status_code == status


@pytest.mark.parametrize(
    ("method", "path"), [operation for operation in OPERATIONS[1:] if operation[0] != "POST"]
)
def test_the_response_for_a_missing_runner_conforms_to_the_description(
    described: Described, method: str, path: str
) -> None:
    emulator, schema = described
    case = _case(schema, method, path, emulator, "missing")
    assert case.call_and_validate(base_url=emulator.url, headers=HEADERS).status_code == 404


@pytest.mark.parametrize(
    ("method", "path"),
    [operation for operation in OPERATIONS if operation[1] != "/manifests/{file_name}"],
)
def test_a_failure_conforms_to_the_description(
    described: Described, method: str, path: str
) -> None:
    emulator, schema = described
    emulator.faults.add("status", status=500)
    case = _case(schema, method, path, emulator, "missing")
    response = case.call(base_url=emulator.url, headers=HEADERS)
    assert response.status_code == 500
    case.validate_response(response, excluded_checks=[schemathesis.checks.not_a_server_error])
