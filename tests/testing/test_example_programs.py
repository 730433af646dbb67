"""The examples' programs under mocks: what they declare, and what they export."""

import json

import pytest

from kubiya_pulumi import GetError
from kubiya_pulumi.testing import MemoryClient, Mocks, run_program
from tests.harness.toolchain import ROOT

EXAMPLES = ROOT / "examples"


def test_platform_exports_flat_outputs_the_secret_one_apart():
    ran = run_program(EXAMPLES / "platform", Mocks())
    assert ran.outputs.keys() == {
        "runner_name",
        "runner_namespace",
        "runner_version",
        "manifest_sha256",
        "manifest_url",
    }
    assert all(isinstance(value, str) for value in ran.outputs.values())
    assert ran.secrets == {"manifest_url"}


CONSUMER = {
    "program": EXAMPLES / "consumer",
    "project": "consumer",
    "config": {"platform": "organization/platform/dev"},
}
STACKS = {"organization/platform/dev": {"runner_name": "runner-prod"}}


def test_consumer_builds_on_the_runner_of_platform():
    client = MemoryClient()
    client.add_runner("runner-prod")
    mocks = Mocks(client, stacks=STACKS)
    ran = run_program(mocks=mocks, **CONSUMER)
    assert mocks.resource("runner-settings").inputs["data"] == {
        "runner": "runner-prod",
        "version": "2.0.0",
    }
    assert ran.outputs == {"runner_status": "healthy"}
    assert ran.secrets == frozenset()


def test_consumer_builds_nothing_on_a_runner_that_is_gone():
    mocks = Mocks(stacks=STACKS)
    with pytest.raises(GetError, match='runner "runner-prod" does not exist'):
        run_program(mocks=mocks, **CONSUMER)
    assert [each.name for each in mocks.resources] == ["organization/platform/dev"]


def test_environments_has_a_runner_and_a_cluster_for_each():
    mocks = Mocks()
    ran = run_program(
        EXAMPLES / "environments",
        mocks,
        project="environments",
        config={"environments": json.dumps({"staging": "for tries", "prod": "for all"})},
        secrets={"kubeconfigs": json.dumps({"staging": "one", "prod": "another"})},
    )
    assert ran.outputs == {
        "staging": {"runner": "runner-staging", "status": "healthy"},
        "prod": {"runner": "runner-prod", "status": "healthy"},
    }
    assert mocks.resource("staging").inputs["kubeconfig"] == "one"
    assert mocks.resource("prod").inputs["kubeconfig"] == "another"
    assert mocks.resource("runner-prod-runner").inputs["description"] == "for all"
