"""A local Runners API over HTTP, for demos and tests.

    with Emulator(form="observed") as emulator:
        requests.get(f"{emulator.url}/api/v3/runners",
                     headers={"Authorization": f"UserKey {emulator.api_key}"}, timeout=5)

It needs the extra `kubiya-pulumi[emulator]`. It does not share code with the client, so that one
mistake cannot hide in both.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from kubiya_pulumi.lazy_exports import lazy_exports

if TYPE_CHECKING:
    from kubiya_pulumi.emulator.errors import (
        AddressError,
        ClusterError,
        EmulatorError,
        OptionError,
        StateFileError,
    )
    from kubiya_pulumi.emulator.faults import Fault, Faults
    from kubiya_pulumi.emulator.models import Call, DeploymentName, HealthOverride, Runner
    from kubiya_pulumi.emulator.options import EmulatorOptions
    from kubiya_pulumi.emulator.server import Emulator

__all__ = [
    "AddressError",
    "Call",
    "ClusterError",
    "DeploymentName",
    "Emulator",
    "EmulatorError",
    "EmulatorOptions",
    "Fault",
    "Faults",
    "HealthOverride",
    "OptionError",
    "Runner",
    "StateFileError",
]

__getattr__: Callable[[str], Any]
__dir__: Callable[[], list[str]]
__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        "AddressError": "kubiya_pulumi.emulator.errors",
        "Call": "kubiya_pulumi.emulator.models",
        "ClusterError": "kubiya_pulumi.emulator.errors",
        "DeploymentName": "kubiya_pulumi.emulator.models",
        "Emulator": "kubiya_pulumi.emulator.server",
        "EmulatorError": "kubiya_pulumi.emulator.errors",
        "EmulatorOptions": "kubiya_pulumi.emulator.options",
        "Fault": "kubiya_pulumi.emulator.faults",
        "Faults": "kubiya_pulumi.emulator.faults",
        "HealthOverride": "kubiya_pulumi.emulator.models",
        "OptionError": "kubiya_pulumi.emulator.errors",
        "Runner": "kubiya_pulumi.emulator.models",
        "StateFileError": "kubiya_pulumi.emulator.errors",
    },
)
