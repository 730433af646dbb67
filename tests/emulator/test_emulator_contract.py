"""Every answer against the API's description, in both forms.

In the documented form the description is the measure as it stands. In the observed form it is
loosened in exactly the places where the API is known to differ from it.
"""

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


def observed(description: dict[str, Any]) -> dict[str, Any]:
    """The description, loosened where other forms were observed."""
    loose = copy.deepcopy(description)
    schemas = loose["components"]["schemas"]
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
    answer = loose["paths"]["/api/v3/runners"]["get"]["responses"]["200"]
    keyed = {"type": "object", "additionalProperties": {"$ref": "#/components/schemas/Runner"}}
    answer["content"]["application/json"]["schema"] = {"anyOf": [keyed]}
    for response in loose["components"]["responses"].values():
        response["content"] = {"text/plain": {"schema": {"type": "string"}}}
    paths = loose["paths"]
    describe, manifest = "/v1/runners/{runner_name}/describe", "/v1/runners/{runner_name}/manifest"
    paths["/api/v3/runners/{runner_name}"]["get"] = _renamed(paths[describe]["get"], "bare")
    for prefix, path in (("/api", describe), ("/api", manifest)):
        paths[prefix + path] = {**paths[path], "get": _renamed(paths[path]["get"], prefix)}
    under_v3 = describe.replace("/v1/", "/api/v3/")
    paths[under_v3] = {**paths[describe], "get": _renamed(paths[describe]["get"], "v3")}
    return loose


def _renamed(operation: dict[str, Any], suffix: str) -> dict[str, Any]:
    return {**operation, "operationId": f"{operation['operationId']} {suffix}"}


def _schema(*, loosened: bool) -> Any:
    description = yaml.safe_load(DESCRIPTION.read_text())
    return schemathesis.openapi.from_dict(observed(description) if loosened else description)


documented_schema = _schema(loosened=False)
observed_schema = _schema(loosened=True)


@pytest.fixture(scope="module")
def documented_emulator() -> Iterator[Emulator]:
    with Emulator(api_key=KEY, describe_path="v1", manifest_path="v1") as running:
        running.add_runner("runner-prod")
        yield running


@pytest.fixture(scope="module")
def observed_emulator() -> Iterator[Emulator]:
    with Emulator(api_key=KEY, form="observed") as running:
        running.add_runner("runner-prod")
        yield running


@documented_schema.parametrize()
@EXAMPLES
def test_the_documented_form_is_as_described(
    case: schemathesis.Case, documented_emulator: Emulator
) -> None:
    case.call_and_validate(
        base_url=documented_emulator.url, headers={"Authorization": f"UserKey {KEY}"}
    )


@observed_schema.parametrize()
@EXAMPLES
def test_the_observed_form_is_as_observed(
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
    known = name in emulator.runners
    file_name = emulator.manifest_url(name).rpartition("/")[2] if known else "none.yaml"
    parameters = {"runner_name": name, "file_name": file_name}
    wanted = {key: value for key, value in parameters.items() if f"{{{key}}}" in path}
    body = {"body": {"description": "for tests"}} if method in {"POST", "PUT"} else {}
    media = {"media_type": "application/json"} if body else {}
    return schema[path][method].Case(path_parameters=wanted, **body, **media)


@pytest.fixture(scope="module", params=["documented", "observed"])
def form(request: pytest.FixtureRequest) -> Iterator[tuple[Emulator, Any]]:
    """An emulator in one form that holds one runner, and the description to hold it against."""
    schema = documented_schema if request.param == "documented" else observed_schema
    with Emulator(form=request.param, api_key=KEY, forbidden_keys=["weak"]) as running:
        yield running, schema


@pytest.fixture
def against(form: tuple[Emulator, Any]) -> tuple[Emulator, Any]:
    emulator, _ = form
    for name in emulator.runners:
        emulator.remove_runner(name)
    emulator.faults.clear()
    emulator.add_runner("runner-prod", description="old", managed_by="me", task_id="1")
    return form


Against = tuple[Emulator, Any]
HEADERS = {"Authorization": f"UserKey {KEY}"}


def test_the_description_has_no_other_operation() -> None:
    described = yaml.safe_load(DESCRIPTION.read_text())["paths"]
    methods = {"get", "put", "post", "delete", "patch"}
    found = {(m.upper(), path) for path, item in described.items() for m in methods & set(item)}
    assert found == set(OPERATIONS)


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_each_operation_succeeds_as_described(against: Against, method: str, path: str) -> None:
    emulator, schema = against
    case = _case(schema, method, path, emulator, "runner-prod")
    response = case.call(base_url=emulator.url, headers=HEADERS)
    assert response.status_code == 200
    # The manifest is described as a string, and schemathesis would read one document of YAML.
    checks = schemathesis.checks
    is_download = path == "/manifests/{file_name}"
    case.validate_response(
        response, excluded_checks=[checks.response_schema_conformance] if is_download else []
    )


@pytest.mark.parametrize(("method", "path"), OPERATIONS[:6] + OPERATIONS[7:])
@pytest.mark.parametrize(
    ("key", "status"), [(None, 401), ("UserKey wrong", 401), ("UserKey weak", 403)]
)
def test_a_refused_key_is_answered_as_described(
    against: Against, method: str, path: str, key: str | None, status: int
) -> None:
    emulator, schema = against
    case = _case(schema, method, path, emulator, "runner-prod")
    headers = {} if key is None else {"Authorization": key}
    assert case.call_and_validate(base_url=emulator.url, headers=headers).status_code == status


@pytest.mark.parametrize(("method", "path"), [each for each in OPERATIONS[1:] if each[0] != "POST"])
def test_a_runner_that_is_not_there_is_answered_as_described(
    against: Against, method: str, path: str
) -> None:
    emulator, schema = against
    case = _case(schema, method, path, emulator, "nobody")
    assert case.call_and_validate(base_url=emulator.url, headers=HEADERS).status_code == 404


@pytest.mark.parametrize(
    ("method", "path"), [each for each in OPERATIONS if each[1] != "/manifests/{file_name}"]
)
def test_a_failure_is_answered_as_described(against: Against, method: str, path: str) -> None:
    emulator, schema = against
    emulator.faults.add("status", status=500)
    case = _case(schema, method, path, emulator, "nobody")
    response = case.call(base_url=emulator.url, headers=HEADERS)
    assert response.status_code == 500
    case.validate_response(response, excluded_checks=[schemathesis.checks.not_a_server_error])
