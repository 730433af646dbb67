"""The public names of the package, and their documentation."""

import ast
import importlib
import inspect

from kubiya_pulumi import api


def _imports() -> dict[str, str]:
    """Return the module of each name that the package imports for type checkers."""
    tree = ast.parse(inspect.getsource(api))
    [block] = [node for node in tree.body if isinstance(node, ast.If)]
    assert ast.unparse(block.test) == "TYPE_CHECKING"
    return {
        alias.name: str(node.module)
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }


def test_the_names_are_sorted_and_those_that_type_checkers_see() -> None:
    assert api.__all__ == sorted(api.__all__)
    assert _imports().keys() == set(api.__all__)
    assert dir(api) == api.__all__


def test_each_name_is_the_object_that_type_checkers_see() -> None:
    for name, module in _imports().items():
        assert getattr(api, name) is getattr(importlib.import_module(module), name)


def test_the_package_itself_has_no_logic() -> None:
    tree = ast.parse(inspect.getsource(api))
    kinds = {type(node) for node in tree.body}
    assert kinds == {ast.Expr, ast.ImportFrom, ast.If, ast.AnnAssign, ast.Assign}


def test_everything_public_has_a_docstring() -> None:
    for name in api.__all__:
        exported = getattr(api, name)
        assert inspect.getdoc(exported), name
        for attribute, value in vars(exported).items() if inspect.isclass(exported) else ():
            public = not attribute.startswith("_")
            if public and (inspect.isfunction(value) or isinstance(value, classmethod | property)):
                assert inspect.getdoc(value), f"{name}.{attribute}"
