"""The names that others may use, and no more."""

import ast
import inspect

from kubiya_pulumi import api


def test_the_names_are_sorted_and_there() -> None:
    assert api.__all__ == sorted(api.__all__)
    imported = {
        name
        for name, value in vars(api).items()
        if not name.startswith("_") and not inspect.ismodule(value)
    }
    assert set(api.__all__) == imported


def test_the_package_itself_has_no_logic() -> None:
    tree = ast.parse(inspect.getsource(api))
    assert {type(node) for node in tree.body} == {ast.Expr, ast.ImportFrom, ast.Assign}


def test_all_that_is_public_says_what_it_is() -> None:
    for name in api.__all__:
        thing = getattr(api, name)
        assert inspect.getdoc(thing), name
        for attribute, value in vars(thing).items() if inspect.isclass(thing) else ():
            public = not attribute.startswith("_")
            if public and (inspect.isfunction(value) or isinstance(value, classmethod | property)):
                assert inspect.getdoc(value), f"{name}.{attribute}"
