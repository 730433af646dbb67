"""The resource classes show what the declarations say."""

from __future__ import annotations

import ast
import inspect
from typing import Any, ClassVar, get_args, get_origin

import pytest

from kubiya_pulumi import KubiyaRunner, RunnerDeployment, RunnerHealth, RunnerManifest, functions
from kubiya_pulumi.declarations import RUNNER, RUNNER_HEALTH, RUNNER_MANIFEST
from kubiya_pulumi.dynamic.package_schema import FunctionDeclaration
from kubiya_pulumi.dynamic.properties import REQUIRED, ResourceDeclaration, properties_of
from kubiya_pulumi.lifecycle import providers
from kubiya_pulumi.package_declarations import (
    FUNCTIONS,
    RUNNER_DEPLOYMENT,
    RunnerHealthResult,
    RunnerResult,
)
from kubiya_pulumi.testing.mocks import HANDLERS

Declaration = ResourceDeclaration[Any, Any]
RESOURCES = [
    (KubiyaRunner, RUNNER),
    (RunnerManifest, RUNNER_MANIFEST),
    (RunnerHealth, RUNNER_HEALTH),
]


def attribute_docs(resource: type) -> dict[str, str]:
    """Return the docstring under each annotated attribute of a class."""
    [node] = ast.parse(inspect.getsource(resource)).body
    assert isinstance(node, ast.ClassDef)
    docs = {}
    for statement, following in zip(node.body, node.body[1:], strict=False):
        if isinstance(statement, ast.AnnAssign) and isinstance(following, ast.Expr):
            assert isinstance(statement.target, ast.Name)
            assert isinstance(following.value, ast.Constant)
            docs[statement.target.id] = " ".join(str(following.value.value).split())
    return docs


@pytest.mark.parametrize(("resource", "declaration"), RESOURCES)
def test_the_type_is_that_of_the_class(resource: type, declaration: Declaration) -> None:
    name = resource.__dict__["_resource_type_name"]
    assert declaration.type_token == f"pulumi-python:{name}"
    assert HANDLERS[declaration.type_token].declaration is declaration


@pytest.mark.parametrize(("resource", "declaration"), RESOURCES)
def test_each_output_has_its_type(resource: type, declaration: Declaration) -> None:
    annotations = inspect.get_annotations(resource, eval_str=True)
    outputs = {name: hint for name, hint in annotations.items() if get_origin(hint) is not ClassVar}
    hints = {name: get_args(hint)[0] for name, hint in outputs.items()}
    visible = {name: item for name, item in declaration.outputs.items() if not item.hidden}
    assert hints == {name: item.type for name, item in visible.items()}


@pytest.mark.parametrize(("resource", "declaration"), RESOURCES)
def test_each_output_has_its_documentation(resource: type, declaration: Declaration) -> None:
    docs = attribute_docs(resource)
    for name, item in declaration.outputs.items():
        if not item.hidden and name != "content":
            assert docs[name] == item.doc
    assert declaration is not RUNNER_MANIFEST or docs["content"].startswith(
        declaration.outputs["content"].doc
    )


@pytest.mark.parametrize(("resource", "declaration"), RESOURCES)
def test_each_input_is_an_argument(resource: Any, declaration: Declaration) -> None:
    arguments = inspect.signature(resource.__init__).parameters.keys()
    own = {"self", "resource_name", "opts", "policy"}
    declared = {
        item.argument or name for name, item in declaration.inputs.items() if not item.internal
    }
    assert arguments - own == declared


@pytest.mark.parametrize(("_resource", "declaration"), RESOURCES)
def test_every_property_but_the_id_has_a_default_in_the_state(
    _resource: type, declaration: Declaration
) -> None:
    required = {n for n, item in declaration.outputs.items() if item.default is REQUIRED}
    assert required == {declaration.id_property}


def test_every_provider_has_the_handler_of_its_declaration() -> None:
    for name in ("Runner", "RunnerManifest", "RunnerHealth"):
        provider = getattr(providers, f"{name}Provider")
        assert provider.handler.declaration.type_token.endswith(f":{name}")


@pytest.mark.parametrize(
    ("result", "declared"),
    [
        (functions.GetRunnerResult, RunnerResult),
        (functions.GetRunnerHealthResult, RunnerHealthResult),
    ],
)
def test_a_result_of_a_get_function_is_declared(result: type, declared: type) -> None:
    documented = {name: item.doc for name, item in properties_of(declared).items()}
    assert attribute_docs(result) == documented
    annotations = inspect.get_annotations(result, eval_str=True)
    optional = {name for name, hint in annotations.items() if type(None) in get_args(hint)}
    assert optional == {n for n, item in properties_of(declared).items() if item.is_optional}


def test_the_result_of_get_runner_manifest_has_the_outputs_of_the_resource() -> None:
    visible = {name for name, item in RUNNER_MANIFEST.outputs.items() if not item.hidden}
    assert inspect.get_annotations(functions.GetRunnerManifestResult).keys() == visible


@pytest.mark.parametrize(("name", "declaration"), FUNCTIONS.items())
def test_each_get_function_is_declared(name: str, declaration: FunctionDeclaration) -> None:
    parameters = inspect.signature(getattr(functions, name)).parameters.keys()
    assert parameters - {"opts"} == properties_of(declaration.inputs_type).keys()
    public = {name for name, value in vars(functions).items() if name.startswith("get_")}
    assert public == {form for name in FUNCTIONS for form in (name, f"{name}_output")}


def test_the_component_is_declared() -> None:
    arguments = inspect.signature(RunnerDeployment.__init__).parameters.keys()
    inputs = properties_of(RUNNER_DEPLOYMENT.inputs_type)
    assert arguments - {"self", "resource_name", "opts"} == inputs.keys()
    assert RUNNER.inputs["description"].doc == inputs["description"].doc
    hints = inspect.get_annotations(RunnerDeployment, eval_str=True)
    outputs = {name: get_args(hint)[0] for name, hint in hints.items() if get_args(hint)}
    declared = properties_of(RUNNER_DEPLOYMENT.outputs_type)
    assert outputs == {name: item.type for name, item in declared.items()}
