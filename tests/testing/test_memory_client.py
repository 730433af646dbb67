"""MemoryClient behaves as RunnersClient does with the emulator."""

from __future__ import annotations

import inspect

import pytest

from kubiya_pulumi.api import Connection, InvalidNameError, NotFoundError, RunnersClient
from kubiya_pulumi.api.runners_api import RunnersApi
from kubiya_pulumi.emulator import Emulator
from kubiya_pulumi.testing import MemoryClient


@pytest.fixture(params=["memory", "emulator"])
def client(request):
    if request.param == "memory":
        yield MemoryClient()
        return
    with Emulator() as emulator:
        connection = Connection(api_key=emulator.api_key, base_url=emulator.url)
        with RunnersClient(connection) as client:
            yield client


def test_memory_client_defines_every_public_method_of_the_client():
    public = {name for name, _ in inspect.getmembers(RunnersClient) if not name.startswith("_")}
    assert public <= vars(MemoryClient).keys()


@pytest.mark.parametrize("implementation", [RunnersClient, MemoryClient])
def test_both_clients_define_every_method_of_the_protocol(implementation):
    methods = {name for name in vars(RunnersApi) if not name.startswith("_")}
    assert len(methods) == 8
    assert methods <= vars(implementation).keys()
    for name in methods:
        parameters = inspect.signature(getattr(implementation, name)).parameters
        assert parameters.keys() == inspect.signature(getattr(RunnersApi, name)).parameters.keys()


def test_a_memory_client_is_a_context_manager():
    with MemoryClient() as client:
        client.create_runner("r")
    assert [runner.name for runner in client.list_runners()] == ["r"]


def test_the_life_of_a_runner(client):
    created = client.create_runner("r", description="one")
    assert created.name == "r"
    assert created.manifest_url
    assert client.describe_runner("r").description == "one"
    assert [runner.name for runner in client.list_runners()] == ["r"]
    client.update_runner_description("r", "two")
    assert client.describe_runner("r").description == "two"
    assert client.get_runner_health("r").healthy
    manifest = client.get_runner_manifest("r")
    assert manifest.manifest_content == client.download_manifest(manifest.manifest_url, runner="r")
    client.delete_runner("r")
    assert client.list_runners() == ()


def test_create_leaves_an_existing_runner_unchanged(client):
    client.create_runner("r", description="one")
    client.create_runner("r", description="two")
    assert client.describe_runner("r").description == "one"


CALLS = {
    "describe": lambda client, name: client.describe_runner(name),
    "health": lambda client, name: client.get_runner_health(name),
    "manifest": lambda client, name: client.get_runner_manifest(name),
    "description": lambda client, name: client.update_runner_description(name, "x"),
    "delete": lambda client, name: client.delete_runner(name),
}
CREATE = {"create": lambda client, name: client.create_runner(name)}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())
def test_a_missing_runner_raises_not_found(client, call):
    with pytest.raises(NotFoundError, match='runner "r"'):
        call(client, "r")


@pytest.mark.parametrize("call", (CALLS | CREATE).values(), ids=(CALLS | CREATE).keys())
@pytest.mark.parametrize("name", ["", "a/b", "..", 5], ids=["empty", "slash", "dots", "number"])
def test_an_invalid_name_is_refused(client, call, name):
    with pytest.raises(InvalidNameError, match="the runner's name must"):
        call(client, name)


def test_add_runner_refuses_an_invalid_name():
    client = MemoryClient()
    with pytest.raises(InvalidNameError, match="must not be empty"):
        client.add_runner("")
    assert client.list_runners() == ()


def test_a_check_fails_and_recovers():
    client = MemoryClient()
    client.add_runner("r")
    client.set_health("r", failing={"nats": "no route"})
    failing = [check for check in client.get_runner_health("r").checks if not check.healthy]
    assert [(check.name, check.error) for check in failing] == [("nats", "no route")]
    assert not client.get_runner_health("r").healthy
    client.set_health("r", failing={})
    assert client.get_runner_health("r").healthy
