"""Package exports that are imported on first use (PEP 562).

Importing a package must not load what its user does not need: the review needs no HTTP client, and
the client needs no Pulumi.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from typing import Any


def lazy_exports(
    package: str, modules: Mapping[str, str]
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Return the `__getattr__` and `__dir__` of a package that imports its exports on first use.

    Args:
        package: the package's `__name__`.
        modules: the module that defines each exported name, such as
            `{"RunnersClient": "kubiya_pulumi.api.client"}`.
    """

    def get_attribute(name: str) -> Any:
        if name not in modules:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value = getattr(importlib.import_module(modules[name]), name)
        setattr(importlib.import_module(package), name, value)
        return value

    return get_attribute, lambda: sorted(modules)
