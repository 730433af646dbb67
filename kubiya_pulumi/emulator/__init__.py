"""A local Runners API over HTTP, for demos and tests.

    with Emulator(form="observed") as emulator:
        requests.get(f"{emulator.url}/api/v3/runners",
                     headers={"Authorization": f"UserKey {emulator.api_key}"}, timeout=5)

It needs the extra `kubiya-pulumi[emulator]` and uses nothing of the rest of the package: were
they to share a model, one mistake would pass both.
"""

from .errors import AddressError, ClusterError, EmulatorError, StateFileError, SwitchError
from .faults import Fault, Faults
from .models import Call, DeploymentName, HealthOverride, Runner
from .server import Emulator
from .switches import Switches

__all__ = [
    "AddressError",
    "Call",
    "ClusterError",
    "DeploymentName",
    "Emulator",
    "EmulatorError",
    "Fault",
    "Faults",
    "HealthOverride",
    "Runner",
    "StateFileError",
    "SwitchError",
    "Switches",
]
