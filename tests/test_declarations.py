"""The resource classes show what the declarations say."""

from __future__ import annotations

import ast
import inspect
from typing import Any, get_args

import pytest

from kubiya_pulumi import KubiyaRunner, RunnerHealth, RunnerManifest
from kubiya_pulumi.declarations import RUNNER, RUNNER_HEALTH, RUNNER_MANIFEST
from kubiya_pulumi.dynamic.properties import REQUIRED, ResourceDeclaration
from kubiya_pulumi.lifecycle import providers
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
    hints = {name: get_args(annotation)[0] for name, annotation in annotations.items()}
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
    own = {"self", "resource_name", "opts", "policy", "expected_sha256"}
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
