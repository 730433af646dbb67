"""Test the program without the engine, with runners in memory."""

from pathlib import Path

import pytest
import yaml

from kubiya_pulumi import NotHealthyError
from kubiya_pulumi.testing import MemoryClient, Mocks, run_program

PROGRAM = Path(__file__).parent.parent


def test_the_runner_is_exported_when_it_is_healthy():
    result = run_program(PROGRAM, Mocks())
    assert result.outputs == {"runner_name": "runner-prod", "status": "healthy"}


def test_the_downloaded_manifest_is_applied():
    mocks = Mocks()
    run_program(PROGRAM, mocks)
    downloaded = mocks.resource("runner-prod-manifest").outputs["content"]
    applied = mocks.resource("runner-prod-objects").inputs["yaml"]
    assert list(yaml.safe_load_all(applied)) == list(yaml.safe_load_all(downloaded))


def test_an_unhealthy_runner_fails_the_update():
    class UnhealthyClient(MemoryClient):
        def add_runner(self, name, **settings):
            super().add_runner(name, **settings)
            self.set_health(name, failing={"tool-manager": "no route to NATS"})

    with pytest.raises(NotHealthyError, match="no route to NATS"):
        run_program(PROGRAM, Mocks(UnhealthyClient()))
