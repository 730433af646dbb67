"""Test the program without the engine, with runners in memory."""

from pathlib import Path

import pytest

from kubiya_pulumi import NotHealthyError
from kubiya_pulumi.testing import MemoryClient, Mocks, run_program

PROGRAM = Path(__file__).parent.parent


def test_the_runner_is_exported_when_it_is_healthy():
    result = run_program(PROGRAM, Mocks())
    assert result.outputs == {"runner_name": "runner-prod", "status": "healthy"}


def test_the_downloaded_manifest_is_applied():
    mocks = Mocks()
    run_program(PROGRAM, mocks)
    manifest = mocks.resource("runner-prod-manifest")
    assert mocks.resource("runner-prod-objects").inputs["yaml"] == manifest.outputs["content"]


def test_an_unhealthy_runner_fails_the_update():
    class UnhealthyClient(MemoryClient):
        def add_runner(self, name, **settings):
            super().add_runner(name, **settings)
            self.set_health(name, failing={"tool-manager": "no route to NATS"})

    with pytest.raises(NotHealthyError, match="no route to NATS"):
        run_program(PROGRAM, Mocks(UnhealthyClient()))
