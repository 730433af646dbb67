"""The public names are exactly these, and each is importable and documented."""

from __future__ import annotations

import ast
import importlib
import inspect
from collections.abc import Callable
from pathlib import Path

import pytest

import kubiya_pulumi

PUBLIC_NAMES = {
    "ApiError",
    "ComponentHealth",
    "GetError",
    "GetRunnerHealthResult",
    "GetRunnerManifestResult",
    "GetRunnerResult",
    "HealthCheck",
    "InvalidResponseError",
    "KubiyaError",
    "KubiyaProvider",
    "KubiyaRunner",
    "ManifestError",
    "ManifestPolicy",
    "ManifestPolicyError",
    "ManifestRefusedError",
    "NotHealthyError",
    "ChangeNotMadeError",
    "NotSupportedError",
    "RunnerDeployment",
    "RunnerExistsError",
    "RunnerGoneError",
    "RunnerHealth",
    "RunnerManifest",
    "RunnerNotOursError",
    "SettingError",
    "TransportError",
    "Waiver",
    "get_runner",
    "get_runner_health",
    "get_runner_health_output",
    "get_runner_manifest",
    "get_runner_manifest_output",
    "get_runner_output",
    "get_runners",
    "get_runners_output",
    "keep_shared_objects",
}


def test_the_package_exports_exactly_the_public_names() -> None:
    assert kubiya_pulumi.__all__ == sorted(PUBLIC_NAMES)
    assert dir(kubiya_pulumi) == sorted(PUBLIC_NAMES)


def test_type_checkers_and_programs_import_the_same_names() -> None:
    """The names under `TYPE_CHECKING` come from the modules that define them."""
    source = Path(inspect.getfile(kubiya_pulumi)).read_text()
    imports = {
        alias.name: node.module
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.ImportFrom) and node.module != "__future__"
        for alias in node.names
        if alias.name in PUBLIC_NAMES
    }
    assert imports == {name: public(name).__module__ for name in PUBLIC_NAMES}


@pytest.mark.parametrize("name", sorted(PUBLIC_NAMES))
def test_a_public_name_is_defined_and_documented(name: str) -> None:
    value = public(name)
    assert value.__name__ == name
    module = importlib.import_module(value.__module__)
    assert module.__name__.startswith("kubiya_pulumi.")
    assert getattr(module, name) is value
    assert own_docstring(value, module.__file__)


def public(name: str) -> Callable[..., object]:
    value: Callable[..., object] = getattr(kubiya_pulumi, name)
    return value


def own_docstring(value: Callable[..., object], file: str | None) -> str | None:
    """Return the docstring in the source, because Python generates one for each dataclass."""
    assert file is not None
    [definition] = [
        node
        for node in ast.parse(Path(file).read_text()).body
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and node.name == value.__name__
    ]
    return ast.get_docstring(definition)
