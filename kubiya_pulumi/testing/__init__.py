"""Unit tests of programs that use this package, without the engine.

    from kubiya_pulumi.testing import Mocks, run_program

    def test_the_name_is_exported():
        result = run_program("infra", Mocks())
        assert result.outputs["runner_name"] == "runner-prod"

The resources of this package run the same code as in `pulumi up`, with runners in memory or in an
emulator. Every other resource returns its inputs as outputs.
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
