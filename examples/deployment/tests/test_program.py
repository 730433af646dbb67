"""The program is run without the engine, on runners in memory."""

from pathlib import Path

import pytest

from kubiya_pulumi import NotHealthyError
from kubiya_pulumi.testing import MemoryClient, Mocks, run_program

PROGRAM = Path(__file__).parent.parent


def test_the_runner_is_exported_when_it_is_healthy():
    ran = run_program(PROGRAM, Mocks())
    assert ran.outputs == {"runner_name": "runner-prod", "status": "healthy"}


def test_what_is_applied_is_the_manifest_that_was_downloaded():
    mocks = Mocks()
    run_program(PROGRAM, mocks)
    manifest = mocks.resource("runner-prod-manifest")
    assert mocks.resource("runner-prod-objects").inputs["yaml"] == manifest.outputs["content"]


def test_a_runner_that_is_not_healthy_ends_the_update():
    class SickClient(MemoryClient):
        def add_runner(self, name, **settings):
            super().add_runner(name, **settings)
            self.set_health(name, failing={"tool-manager": "no route to NATS"})

    with pytest.raises(NotHealthyError, match="no route to NATS"):
        run_program(PROGRAM, Mocks(SickClient()))
