"""For unit tests of programs that use this package: they run without the engine.

    from kubiya_pulumi.testing import Mocks, run_program

    def test_the_name_is_exported():
        ran = run_program("infra", Mocks())
        assert ran.outputs["runner_name"] == "runner-prod"

What the engine would do to the resources of this package is done for real, on runners that are
kept in memory or on those of an emulator. Other resources are taken as they are declared.
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
