"""The example programs under mocks: their resources and their exports."""

import json

import pytest

from kubiya_pulumi import GetError
from kubiya_pulumi.testing import MemoryClient, Mocks, run_program
from tests.harness.toolchain import ROOT

EXAMPLES = ROOT / "examples"


def test_platform_exports_flat_outputs_of_which_one_is_secret():
    result = run_program(EXAMPLES / "platform", Mocks())
    assert result.outputs.keys() == {
        "runner_name",
        "runner_namespace",
        "runner_version",
        "manifest_sha256",
        "manifest_url",
    }
    assert all(isinstance(value, str) for value in result.outputs.values())
    assert result.secrets == {"manifest_url"}


CONSUMER = {
    "program": EXAMPLES / "consumer",
    "project": "consumer",
    "config": {"platform": "organization/platform/dev"},
}
STACKS = {"organization/platform/dev": {"runner_name": "runner-prod"}}


def test_consumer_uses_the_runner_of_platform():
    client = MemoryClient()
    client.add_runner("runner-prod")
    mocks = Mocks(client, stacks=STACKS)
    result = run_program(mocks=mocks, **CONSUMER)
    assert mocks.resource("runner-settings").inputs["data"] == {
        "runner": "runner-prod",
        "version": "2.0.0",
    }
    assert result.outputs == {"runner_status": "healthy"}
    assert result.secrets == frozenset()


def test_consumer_declares_nothing_for_a_deleted_runner():
    mocks = Mocks(stacks=STACKS)
    with pytest.raises(GetError, match='runner "runner-prod" does not exist'):
        run_program(mocks=mocks, **CONSUMER)
    assert [resource.name for resource in mocks.resources] == ["organization/platform/dev"]


def test_environments_has_a_runner_and_a_cluster_per_environment():
    mocks = Mocks()
    result = run_program(
        EXAMPLES / "environments",
        mocks,
        project="environments",
        config={"environments": json.dumps({"staging": "for tries", "prod": "for all"})},
        secrets={"kubeconfigs": json.dumps({"staging": "one", "prod": "another"})},
    )
    assert result.outputs == {
        "staging": {"runner": "runner-staging", "status": "healthy"},
        "prod": {"runner": "runner-prod", "status": "healthy"},
    }
    assert mocks.resource("staging").inputs["kubeconfig"] == "one"
    assert mocks.resource("prod").inputs["kubeconfig"] == "another"
    assert mocks.resource("runner-prod-runner").inputs["description"] == "for all"
