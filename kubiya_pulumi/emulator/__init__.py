"""A local Runners API over HTTP, for demos and tests.

    with Emulator(form="observed") as emulator:
        requests.get(f"{emulator.url}/api/v3/runners",
                     headers={"Authorization": f"UserKey {emulator.api_key}"}, timeout=5)

It needs the extra `kubiya-pulumi[emulator]` and uses nothing of the rest of the package: were
they to share a model, one mistake would pass both.
"""

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
