"""The resources of this package under Pulumi's mocks."""

import pulumi
import pytest
from pulumi_kubernetes.core.v1 import ConfigMap

from kubiya_pulumi import (
    KubiyaRunner,
    ManifestError,
    NotHealthyError,
    RunnerDeployment,
    RunnerExistsError,
    RunnerGoneError,
    RunnerHealth,
    RunnerManifest,
    get_runner_output,
)
from kubiya_pulumi.api import Connection, RunnersClient
from kubiya_pulumi.dynamic.resource_options import InvalidResourceError
from kubiya_pulumi.emulator import Emulator
from kubiya_pulumi.review import parse_manifest, render_manifest
from kubiya_pulumi.testing import (
    InvalidInputsError,
    MemoryClient,
    MissingStackError,
    Mocks,
    run_program,
)


def deploy_runner():
    deployment = RunnerDeployment("runner-prod", description="tools", timeout_seconds=60)
    names = ("runner_name", "namespace", "manifest_sha256", "manifest_url", "version", "status")
    for name in names:
        pulumi.export(name, getattr(deployment, name))


@pytest.fixture
def emulator():
    with Emulator() as emulator:
        yield emulator


@pytest.fixture
def emulator_mocks(emulator):
    connection = Connection(api_key=emulator.api_key, base_url=emulator.url)
    with RunnersClient(connection) as client:
        yield Mocks(client)


def test_a_program_has_its_outputs_without_a_service():
    mocks = Mocks()
    result = run_program(deploy_runner, mocks)
    assert result.outputs["runner_name"] == "runner-prod"
    assert result.outputs["namespace"] == "kubiya-system"
    assert result.outputs["status"] == "healthy"
    assert len(result.outputs["manifest_sha256"]) == 64
    assert result.secrets == {"manifest_url"}


def test_declared_resources_can_be_inspected():
    mocks = Mocks()
    run_program(deploy_runner, mocks)
    inputs = dict(mocks.resource("runner-prod-runner").inputs)
    task_id = "organization/project/stack/kubiya:index:RunnerDeployment/runner-prod-runner"
    assert inputs.pop("task_id") == task_id
    assert inputs == {"name": "runner-prod", "description": "tools"}
    manifest = mocks.resource("runner-prod-manifest")
    downloaded = parse_manifest(manifest.outputs["content"])
    assert mocks.resource("runner-prod-objects").inputs["yaml"] == render_manifest(downloaded)
    assert mocks.resource("runner-prod-health").outputs["timeout_seconds"] == 60
    assert mocks.resource("runner-prod-health").id == "runner-prod"


def test_mocks_call_the_emulator_as_pulumi_up_would(emulator, emulator_mocks):
    result = run_program(deploy_runner, emulator_mocks)
    assert result.outputs["manifest_url"] == emulator.manifest_url("runner-prod")
    assert emulator.runners["runner-prod"].description == "tools"
    assert [call.operation for call in emulator.calls] == [
        "listRunners",
        "createRunner",
        "listRunners",
        "getRunnerManifest",
        "getRunnerHealth",
    ]


def test_an_existing_runner_is_refused():
    client = MemoryClient()
    client.add_runner("runner-prod", description="another team's")
    with pytest.raises(RunnerExistsError, match="adopt_existing"):
        run_program(deploy_runner, Mocks(client))
    assert client.describe_runner("runner-prod").description == "another team's"


def test_an_unhealthy_runner_ends_the_program_after_one_request():
    def program():
        RunnerHealth("health", runner="runner-prod")

    client = MemoryClient()
    client.add_runner("runner-prod")
    client.set_health("runner-prod", failing={"tool-manager": "no NATS"})
    with pytest.raises(NotHealthyError, match=r'check "tool-manager" is unhealthy \(no NATS\)'):
        run_program(program, Mocks(client))


def test_an_invalid_manifest_ends_the_program():
    def program():
        RunnerManifest("manifest", runner="runner-prod")

    client = MemoryClient()
    client.add_runner("runner-prod", manifest="<html>")
    with pytest.raises(ManifestError):
        run_program(program, Mocks(client))


def test_the_error_names_all_invalid_inputs():
    def program():
        KubiyaRunner("runner", name="a/b", description=5)  # type: ignore[arg-type]

    mocks = Mocks()
    with pytest.raises(InvalidInputsError, match=r'"runner".* name must not.*; description must'):
        run_program(program, mocks)
    assert mocks.resources == []
    assert mocks.runners_client.list_runners() == ()


def test_secrets_stay_secret():
    def program():
        runner = KubiyaRunner("runner", description=pulumi.Output.secret("hush"))
        manifest = RunnerManifest("manifest", runner=runner.id)
        exports = {
            "description": runner.description,
            "manifest_url": runner.manifest_url,
            "content": manifest.content,
            "url": manifest.url,
            "sha256": manifest.sha256,
        }
        for name, value in exports.items():
            pulumi.export(name, value)

    mocks = Mocks()
    result = run_program(program, mocks)
    assert result.secrets == {"description", "manifest_url", "content", "url"}
    assert result.outputs["description"] == "hush"
    assert mocks.resource("runner").inputs["description"] == "hush"
    assert "hush" not in repr(mocks.resources)


def test_resources_of_other_providers_return_their_inputs_as_outputs():
    def program():
        settings = ConfigMap("settings", data={"key": "value"})
        pulumi.export("data", settings.data)
        pulumi.export("id", settings.id)

    assert run_program(program, Mocks()).outputs == {"data": {"key": "value"}, "id": "settings-id"}


def test_a_preview_creates_nothing_and_leaves_its_outputs_unknown():
    mocks = Mocks()
    result = run_program(deploy_runner, mocks, preview=True)
    assert result.outputs == {}
    assert mocks.runners_client.list_runners() == ()
    runner = mocks.resource("runner-prod-runner")
    assert (runner.id, runner.inputs["name"]) == ("", "runner-prod")
    assert "runner" not in mocks.resource("runner-prod-health").inputs


def test_get_functions_use_the_same_client():
    def program():
        runner = KubiyaRunner("runner-prod", description="tools")
        pulumi.export("description", get_runner_output(runner.id).description)

    assert run_program(program, Mocks()).outputs == {"description": "tools"}
    assert run_program(program, Mocks(), preview=True).outputs == {}


def test_a_stack_reference_has_the_outputs_that_the_test_sets():
    def program():
        platform = pulumi.StackReference("organization/platform/dev")
        pulumi.export("name", platform.require_output("runner_name"))

    stacks = {"organization/platform/dev": {"runner_name": "runner-prod"}}
    assert run_program(program, Mocks(stacks=stacks)).outputs == {"name": "runner-prod"}


@pytest.mark.parametrize("preview", [False, True])
def test_a_stack_reference_without_outputs_in_the_test_is_an_error(preview):
    def program():
        pulumi.export("all", pulumi.StackReference("organization/platform/dev").outputs)

    advice = r'Mocks\(stacks=\{"organization/platform/dev": \{…\}\}\)'
    with pytest.raises(MissingStackError, match=advice):
        run_program(program, Mocks(), preview=preview)


def test_a_stack_reference_may_have_no_outputs():
    def program():
        platform = pulumi.StackReference("organization/platform/dev")
        pulumi.export("name", platform.get_output("runner_name"))

    mocks = Mocks(stacks={"organization/platform/dev": {}})
    assert run_program(program, mocks).outputs == {"name": None}


def test_mocks_can_be_subclassed():
    class MyMocks(Mocks):
        def new_resource(self, args):
            id_, outputs = super().new_resource(args)
            if args.typ == "kubernetes:core/v1:ConfigMap":
                outputs["data"] = {"added": "by the test"}
            return id_, outputs

    def program():
        pulumi.export("data", ConfigMap("settings").data)

    assert run_program(program, MyMocks()).outputs["data"] == {"added": "by the test"}


def test_the_error_for_an_undeclared_name_lists_the_declared_names():
    mocks = Mocks()
    run_program(lambda: KubiyaRunner("runner-prod"), mocks)
    with pytest.raises(LookupError, match=r'no resource is named "runner": runner-prod \('):
        mocks.resource("runner")


def test_get_reads_a_runner_and_creates_none(emulator, emulator_mocks):
    emulator.add_runner("theirs", description="another team's")

    def program():
        runner = KubiyaRunner.get("read", "theirs")
        pulumi.export("description", runner.description)
        pulumi.export("url", runner.manifest_url)

    result = run_program(program, emulator_mocks)
    assert result.outputs["description"] == "another team's"
    assert result.outputs["url"] == emulator.manifest_url("theirs")
    assert "createRunner" not in [call.operation for call in emulator.calls]
    assert [(item.name, item.id) for item in emulator_mocks.resources] == [("read", "theirs")]


def test_a_replacement_that_would_create_first_is_overruled(monkeypatch):
    warnings = []
    monkeypatch.setattr(pulumi.log, "warn", warnings.append)

    def program():
        for first in (None, True, False):
            opts = pulumi.ResourceOptions(delete_before_replace=first)
            KubiyaRunner(f"runner-{first}".lower(), opts=opts)
            # The options may serve for other resources too.
            assert opts.delete_before_replace is first

    run_program(program, Mocks())
    assert [text.partition(" is ignored")[0] for text in warnings] == [
        "KubiyaRunner: delete_before_replace=False"
    ]


def test_get_of_a_missing_runner_fails():
    with pytest.raises(RunnerGoneError, match='runner "gone" does not exist'):
        run_program(lambda: KubiyaRunner.get("read", "gone"), Mocks())


def test_get_without_an_id_creates_no_runner():
    """The engine takes a resource without an id for one to create."""
    mocks = Mocks()
    with pytest.raises(InvalidResourceError, match="the id is None"):
        run_program(lambda: KubiyaRunner.get("read", None), mocks)
    assert mocks.resources == []


@pytest.mark.parametrize("is_child", [True, False])
def test_a_runner_is_identified_without_an_organization(is_child):
    """Mocks that set only what Pulumi requires have no organization."""

    def program():
        parent = pulumi.ComponentResource("acme:index:Team", "team") if is_child else None
        KubiyaRunner("runner-prod", opts=pulumi.ResourceOptions(parent=parent))

    mocks = Mocks()
    run_program(program, mocks, organization="")
    task_id = mocks.resource("runner-prod").inputs["task_id"]
    types = "acme:index:Team/" if is_child else ""
    assert task_id == f"organization/project/stack/{types}runner-prod"
