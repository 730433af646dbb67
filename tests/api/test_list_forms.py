"""The client reads the list of runners in every form that the emulator serves."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests

from kubiya_pulumi.api import Runner, RunnersClient
from kubiya_pulumi.api.models import runners_from
from kubiya_pulumi.emulator import Emulator
from tests.api.scripted_service import reply

FORMS = ("documented", "observed")


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator() as running:
        running.configure(api_key=running.api_key)
        running.add_runner("runner-a", description="a", managed_by="pulumi", task_id="1")
        running.add_runner("runners", description="b")
        yield running


@pytest.fixture
def listing(connect, emulator: Emulator) -> RunnersClient:
    """A client of the emulator."""
    return connect(emulator.url, api_key=emulator.api_key)


def version_1(emulator: Emulator) -> object:
    """Return the decoded response of the other path of the list."""
    headers = {"Authorization": f"UserKey {emulator.api_key}"}
    return requests.get(f"{emulator.url}/api/v1/runners", headers=headers, timeout=10).json()


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("list_as", ["array", "keyed"])
@pytest.mark.parametrize("fields_as", ["full", "nulls", "bare"])
def test_every_form_has_the_same_runners(
    emulator: Emulator, listing: RunnersClient, form: str, list_as: str, fields_as: str
) -> None:
    emulator.configure(form=form, list_as=list_as, fields_as=fields_as)
    runners = listing.list_runners()
    assert [runner.name for runner in runners] == ["runner-a", "runners"]
    assert runners_from(version_1(emulator)) == runners
    first = runners[0]
    if fields_as == "bare":
        assert first == Runner(name="runner-a")
        return
    assert (first.version, first.kubernetes_namespace) == ("v2", "kubiya-system")
    assert (first.description, first.managed_by, first.task_id) == ("a", "pulumi", "1")
    assert first.tool_manager_health is not None
    assert first.tool_manager_health.status == "healthy"


@pytest.mark.parametrize("list_as", ["array", "keyed"])
def test_the_runners_are_the_same_in_both_forms(
    emulator: Emulator, listing: RunnersClient, list_as: str
) -> None:
    emulator.configure(list_as=list_as, health_as="ok", namespace_as="namespace")
    documented = listing.list_runners()
    emulator.configure(form="observed")
    assert listing.list_runners() == documented


@pytest.mark.parametrize("list_as", ["array", "keyed"])
def test_an_empty_list(emulator: Emulator, listing: RunnersClient, list_as: str) -> None:
    emulator.configure(list_as=list_as)
    for name in emulator.runners:
        emulator.remove_runner(name)
    assert listing.list_runners() == ()
    assert runners_from(version_1(emulator)) == ()


def test_the_client_requests_only_the_documented_path(
    emulator: Emulator, listing: RunnersClient
) -> None:
    listing.list_runners()
    assert [call.path for call in emulator.calls] == ["/api/v3/runners"]


@pytest.mark.parametrize(
    "body",
    [
        [{"name": "a", "version": 2}, {"name": "b"}],
        {"a": {"name": "a", "version": 2}, "b": {"name": "b"}},
        {"a": {"version": 2}, "b": {}},
        {"runners": [{"name": "a", "version": "v2"}, {"name": "b"}]},
    ],
)
def test_the_client_accepts_each_form(body, client, service) -> None:
    service.replies = [reply(200, body)]
    assert client.list_runners() == (Runner(name="a", version="v2"), Runner(name="b"))
