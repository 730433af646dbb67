"""Which private names of other packages this package imports, and where."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator

import pytest

from tests.harness.toolchain import ROOT

PRIVATE_IMPORTS = {("pulumi.runtime.rpc", "_expand_dependencies"): "kubiya_pulumi/invoke.py"}
"""Each private name, and the only file that imports it."""


def private_imports() -> Iterator[tuple[tuple[str, str], str, bool]]:
    """Yield each private name that a file imports, the file, and whether a function does."""
    for path in sorted((ROOT / "kubiya_pulumi").rglob("*.py")):
        module = ast.parse(path.read_text())
        for node in ast.walk(module):
            if isinstance(node, ast.ImportFrom) and not (node.module or "").startswith("kubiya"):
                for alias in node.names:
                    if alias.name.startswith("_"):
                        file = path.relative_to(ROOT).as_posix()
                        name = (node.module or "", alias.name)
                        yield name, file, node not in module.body


def test_private_names_are_imported_in_the_function_that_needs_them() -> None:
    assert list(private_imports()) == [(name, file, True) for name, file in PRIVATE_IMPORTS.items()]


@pytest.mark.parametrize(("module", "name"), PRIVATE_IMPORTS)
def test_the_installed_version_has_each_private_name(module: str, name: str) -> None:
    assert callable(getattr(importlib.import_module(module), name))
