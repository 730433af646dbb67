"""The get functions without the engine: their calls, results, errors and secrets."""

from __future__ import annotations

from dataclasses import fields

import pulumi
import pytest

import kubiya_pulumi
from kubiya_pulumi import (
    GetError,
    GetRunnerManifestResult,
    GetRunnerResult,
    KubiyaProvider,
    KubiyaRunner,
    ManifestError,
    RunnerDeployment,
    RunnerGoneError,
    SettingError,
    get_runner,
    get_runner_health,
    get_runner_health_output,
    get_runner_manifest,
    get_runner_manifest_output,
    get_runner_output,
    get_runners,
    get_runners_output,
)
from kubiya_pulumi.api import ComponentHealth, UnauthorizedError
from kubiya_pulumi.emulator import Emulator
from kubiya_pulumi.review import parse_manifest, render_manifest, sha256_of
from kubiya_pulumi.testing import MemoryClient, Mocks, run_program


@pytest.fixture
def emulator():
    with Emulator() as emulator:
        yield emulator


@pytest.fixture
def service(emulator, monkeypatch):
    """Configure this process to use the emulator, with one runner, as its service."""
    emulator.configure(api_key=emulator.api_key)
    monkeypatch.setenv("KUBIYA_API_KEY", emulator.api_key)
    monkeypatch.setenv("KUBIYA_BASE_URL", emulator.url)
    emulator.add_runner("runner-prod", description="tools")
    return emulator


def operations(emulator):
    return [call.operation for call in emulator.calls]


def test_get_runner_returns_a_runner(service):
    runner = get_runner("runner-prod")
    assert isinstance(runner, GetRunnerResult)
    assert (runner.name, runner.version, runner.namespace) == ("runner-prod", "v2", "kubiya-system")
    assert operations(service) == ["describeRunner"]


def test_get_runners_returns_all_runners_with_their_component_health(service):
    service.add_runner("unhealthy")
    service.set_health("unhealthy", failing={"tool-manager": "no route to NATS"})
    healthy, unhealthy = sorted(get_runners(), key=lambda runner: runner.name)
    assert (healthy.name, unhealthy.name) == ("runner-prod", "unhealthy")
    assert isinstance(healthy.tool_manager_health, ComponentHealth)
    assert healthy.tool_manager_health.status == "healthy"
    assert healthy.runner_health.status == "healthy"
    assert unhealthy.tool_manager_health.status != "healthy"
    assert unhealthy.agent_manager_health.status == "healthy"
    assert operations(service) == ["listRunners"]


def test_the_health_of_an_unhealthy_runner_is_a_result(service):
    assert get_runner_health("runner-prod").healthy
    service.set_health("runner-prod", failing={"tool-manager": "no route to NATS"})
    health = get_runner_health("runner-prod")
    assert not health.healthy
    assert [check.error for check in health.checks if not check.healthy] == ["no route to NATS"]
    assert operations(service) == ["getRunnerHealth"] * 2


@pytest.mark.parametrize("content", ["present", "absent"])
def test_get_runner_manifest_returns_a_manifest(service, content):
    service.configure(manifest_content=content)
    manifest = get_runner_manifest("runner-prod")
    assert isinstance(manifest, GetRunnerManifestResult)
    assert manifest.runner == "runner-prod"
    text = service.runners["runner-prod"].manifest
    assert manifest.content == render_manifest(parse_manifest(text))
    assert manifest.sha256 == sha256_of(text)
    assert manifest.url == service.manifest_url("runner-prod")
    assert {"Namespace", "Deployment"} <= {item["kind"] for item in manifest.objects}
    assert manifest.images
    assert '"kind": "Secret"' in manifest.content
    assert '"kind": "Secret"' not in repr(manifest)
    assert "/manifests/" not in repr(manifest)


def test_all_calls_share_one_client(service, monkeypatch):
    clients = []
    original = kubiya_pulumi.invoke.shared_client

    def shared_client(connection):
        clients.append(original(connection))
        return clients[-1]

    monkeypatch.setattr(kubiya_pulumi.invoke, "shared_client", shared_client)
    for _ in range(5):
        get_runner("runner-prod")
        get_runners()
        get_runner_health("runner-prod")
        get_runner_manifest("runner-prod")
    assert len(clients) == 20
    assert len({id(client) for client in clients}) == 1


@pytest.mark.parametrize("get", [get_runner, get_runner_health, get_runner_manifest])
def test_the_error_for_a_missing_runner_is_one_line(service, get):
    with pytest.raises(GetError, match="does not exist") as caught:
        get("nosuch")
    assert isinstance(caught.value, pulumi.RunError)
    assert isinstance(caught.value.__cause__, RunnerGoneError)
    assert "nosuch" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_404_for_a_listed_runner_does_not_mean_deleted(service):
    service.faults.add("status", operation="getRunnerHealth", status=404)
    with pytest.raises(GetError, match="returned 404") as caught:
        get_runner_health("runner-prod")
    assert not isinstance(caught.value.__cause__, RunnerGoneError)


@pytest.mark.parametrize(
    ("name", "value", "cause", "text"),
    [
        ("KUBIYA_API_KEY", "", SettingError, "kubiya:apiKey .*is missing"),
        ("KUBIYA_API_KEY", "wrong-key", UnauthorizedError, "returned 401"),
        ("KUBIYA_BASE_URL", "http://example.com", SettingError, "kubiya:baseUrl"),
    ],
)
def test_an_invalid_setting_raises_a_get_error(service, monkeypatch, name, value, cause, text):
    monkeypatch.setenv(name, value)
    with pytest.raises(GetError, match=text) as caught:
        get_runners()
    assert isinstance(caught.value.__cause__, cause)
    assert "wrong-key" not in str(caught.value)


def test_an_invalid_manifest_raises_a_get_error(service):
    service.set_manifest("runner-prod", "<html>")
    with pytest.raises(GetError, match="runner-prod") as caught:
        get_runner_manifest("runner-prod")
    assert isinstance(caught.value.__cause__, ManifestError)


def memory_client(*names):
    client = MemoryClient()
    for name in names:
        client.add_runner(name, description="tools")
    return client


def test_the_output_forms_accept_and_return_outputs():
    def program():
        name = pulumi.Output.from_input("runner-prod")
        pulumi.export("runner", get_runner_output(name).description)
        pulumi.export(
            "names", get_runners_output().apply(lambda runners: [r.name for r in runners])
        )
        pulumi.export("health", get_runner_health_output(name).status)
        pulumi.export("sha256", get_runner_manifest_output(name).sha256)
        pulumi.export("content", get_runner_manifest_output(name).content)

    result = run_program(program, Mocks(memory_client("runner-prod", "other")))
    assert result.outputs["runner"] == "tools"
    assert result.outputs["names"] == ["runner-prod", "other"]
    assert result.outputs["health"] == "healthy"
    assert len(result.outputs["sha256"]) == 64
    assert result.secrets == {"sha256", "content"}


def test_the_api_key_of_a_provider_does_not_make_results_secret():
    def program():
        opts = pulumi.InvokeOptions(provider=KubiyaProvider("other", api_key="a-key"))
        pulumi.export("runner", get_runner_output("runner-prod", opts=opts).description)
        pulumi.export("plain", get_runner("runner-prod", opts=opts).description)
        secret = pulumi.Output.secret("runner-prod")
        pulumi.export("secret", get_runner_output(secret, opts=opts).description)

    result = run_program(program, Mocks(memory_client("runner-prod")))
    assert result.outputs == {"runner": "tools", "plain": "tools", "secret": "tools"}
    assert result.secrets == {"secret"}


def test_the_provider_is_inherited_from_the_parent():
    def program():
        provider = KubiyaProvider("other", api_key=pulumi.Output.secret("a-key"))
        parent = pulumi.ComponentResource(
            "test:index:Parent", "parent", opts=pulumi.ResourceOptions(providers=[provider])
        )
        with pytest.raises(GetError, match="use the _output form"):
            get_runner("runner-prod", opts=pulumi.InvokeOptions(parent=parent))
        orphan = pulumi.ComponentResource("test:index:Parent", "orphan")
        assert get_runner("runner-prod", opts=pulumi.InvokeOptions(parent=orphan)).name

    run_program(program, Mocks(memory_client("runner-prod")))


def test_a_provider_of_another_package_is_refused():
    def program():
        provider = pulumi.ProviderResource("kubernetes", "cluster", {})
        get_runner("runner-prod", opts=pulumi.InvokeOptions(provider=provider))

    with pytest.raises(GetError, match="is not a KubiyaProvider"):
        run_program(program, Mocks(memory_client("runner-prod")))


@pytest.mark.parametrize("form", ["id", "depends_on", "depends_on_component", "depends_on_output"])
def test_a_preview_sends_no_request_for_a_runner_that_is_not_created_yet(form):
    def program():
        if form == "depends_on_component":
            opts = pulumi.InvokeOutputOptions(depends_on=[RunnerDeployment("runner-prod")])
            result = get_runner_output("runner-prod", opts=opts)
        else:
            runner = KubiyaRunner("runner-prod", description="tools")
            if form == "id":
                result = get_runner_output(runner.id)
            else:
                dependency = pulumi.Output.from_input(runner) if form.endswith("output") else runner
                opts = pulumi.InvokeOutputOptions(depends_on=[dependency])
                result = get_runner_output("runner-prod", opts=opts)
        pulumi.export("name", result.name)

    assert run_program(program, Mocks(), preview=True).outputs == {}
    assert run_program(program, Mocks()).outputs == {"name": "runner-prod"}


@pytest.mark.parametrize("nested", [False, True])
def test_a_request_waits_for_a_component_of_an_sdk_without_the_private_name(nested):
    def program():
        component = RunnerDeployment("runner-prod")
        del component._childResources
        if nested:
            outer = pulumi.ComponentResource("test:index:Outer", "outer")
            del outer._childResources
            outer.inner, component.outer = component, outer
            component = outer
        opts = pulumi.InvokeOutputOptions(depends_on=[component])
        pulumi.export("name", get_runner_output("runner-prod", opts=opts).name)

    assert run_program(program, Mocks(), preview=True).outputs == {}
    assert run_program(program, Mocks()).outputs == {"name": "runner-prod"}


def test_depends_on_must_contain_resources_only():
    def program():
        get_runner_output("runner-prod", opts=pulumi.InvokeOutputOptions(depends_on=["runner"]))

    with pytest.raises(GetError, match="depends_on of the get function contains 'runner'"):
        run_program(program, Mocks(memory_client("runner-prod")))


def test_an_error_in_an_output_form_ends_the_program():
    with pytest.raises(GetError, match='runner "nosuch" does not exist'):
        run_program(lambda: get_runner_output("nosuch"), Mocks())


def test_other_mocks_send_no_request(service):
    class OtherMocks(pulumi.runtime.Mocks):
        def new_resource(self, args):
            return args.name, args.inputs

        def call(self, args):
            return {}, None

    with pytest.raises(GetError, match=r"kubiya_pulumi\.testing"):
        run_program(lambda: get_runner("runner-prod"), OtherMocks())
    assert operations(service) == []


def test_a_result_has_the_field_names_of_the_api():
    api_fields = {field.name for field in fields(kubiya_pulumi.api.Runner)}
    assert {field.name for field in fields(GetRunnerResult)} <= api_fields
