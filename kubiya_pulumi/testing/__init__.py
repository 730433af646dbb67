"""Unit tests of programs that use this package, without the engine.

    from kubiya_pulumi.testing import Mocks, run_program

    def test_the_name_is_exported():
        result = run_program("infra", Mocks())
        assert result.outputs["runner_name"] == "runner-prod"

The handlers of this package's resources run as in `pulumi up`. Their runners are in memory, or in
an emulator. `Mocks(handlers=…)` runs the handlers of your own resources as well. The outputs of
every other resource are its inputs.
"""

from kubiya_pulumi.testing.client import MemoryClient
from kubiya_pulumi.testing.mocks import (
    DeclaredResource,
    InvalidInputsError,
    MissingStackError,
    Mocks,
)
from kubiya_pulumi.testing.program import ProgramResult, run_program

__all__ = [
    "DeclaredResource",
    "InvalidInputsError",
    "MemoryClient",
    "MissingStackError",
    "Mocks",
    "ProgramResult",
    "run_program",
]
