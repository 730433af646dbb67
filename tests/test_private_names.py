"""Which private names of other packages this package uses, and where."""

from __future__ import annotations

import argparse
import ast
import concurrent.futures.thread
import sys
from collections.abc import Iterator

import pulumi

from kubiya_pulumi.testing import Mocks, run_program
from tests.harness.toolchain import ROOT

PRIVATE_NAMES = {
    "_actions": "kubiya_pulumi/cli/completion_command.py",
    "_childResources": "kubiya_pulumi/invoke.py",
    "_getframe": "kubiya_pulumi/dynamic/plugin.py",
    "_worker": "kubiya_pulumi/dynamic/plugin.py",
}
"""Each private name, and the only file that uses it."""


def private_names(module: ast.Module) -> Iterator[str]:
    """Yield the private names that a module imports, or uses as attributes or texts."""
    for node in ast.walk(module):
        match node:
            case ast.Attribute(attr=name) | ast.alias(name=name) | ast.Constant(value=str(name)):
                if name.isidentifier() and name.startswith("_") and not name.startswith("__"):
                    yield name


def own_names(module: ast.Module) -> Iterator[str]:
    """Yield the names that a module assigns or defines."""
    for node in ast.walk(module):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield name
            case ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
                yield name


def test_each_private_name_of_another_package_is_listed() -> None:
    files = sorted((ROOT / "kubiya_pulumi").rglob("*.py"))
    modules = {path.relative_to(ROOT).as_posix(): ast.parse(path.read_text()) for path in files}
    own = {name for module in modules.values() for name in own_names(module)}
    used = {(name, file) for file, module in modules.items() for name in private_names(module)}
    assert {(name, file) for name, file in used if name not in own} == set(PRIVATE_NAMES.items())


def test_the_installed_versions_have_each_private_name() -> None:
    def program() -> None:
        component = pulumi.ComponentResource("test:index:Component", "component")
        options = pulumi.ResourceOptions(parent=component)
        child = pulumi.ComponentResource("test:index:Child", "child", opts=options)
        assert component._childResources == {child}

    run_program(program, Mocks())
    assert argparse.ArgumentParser()._actions
    assert callable(sys._getframe)
    # Without it, the plugin keeps its four threads.
    assert callable(concurrent.futures.thread._worker)
