"""CRUD logic of each resource, and the dynamic providers that expose it to the engine.

`runner`, `runner_manifest` and `runner_health` hold a handler each: typed functions that know
nothing of Pulumi. `providers` holds the classes that `pulumi.dynamic` stores in the user's state
and calls. The module path and the class names of `providers` are a contract with every existing
stack; nothing else here is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from kubiya_pulumi.lazy_exports import lazy_exports

if TYPE_CHECKING:
    from kubiya_pulumi.lifecycle.runner_creation import create_runner
    from kubiya_pulumi.lifecycle.runner_deletion import delete_runner

__all__ = ["create_runner", "delete_runner"]

# A program loads the handlers to declare its resources, but only the plugin creates or deletes
# a runner.
__getattr__: Callable[[str], Any]
__dir__: Callable[[], list[str]]
__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        "create_runner": "kubiya_pulumi.lifecycle.runner_creation",
        "delete_runner": "kubiya_pulumi.lifecycle.runner_deletion",
    },
)
