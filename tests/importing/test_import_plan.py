"""How many requests an import sends, and what it does with the responses."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from typing import TypeVar
from unittest.mock import Mock

import pytest

from kubiya_pulumi.api import ComponentHealth, NotFoundError, Runner
from kubiya_pulumi.importing import entries
from kubiya_pulumi.importing.errors import ImportRefusedError
from kubiya_pulumi.importing.plan import ImportPlan, plan_import
from kubiya_pulumi.importing.terraform import TerraformRunner
from kubiya_pulumi.testing import MemoryClient

T = TypeVar("T")
HEALTHY = ComponentHealth(status="healthy")


class ListedRunners(MemoryClient):
    """A service with runners whose description its list may omit. It counts the requests."""

    def __init__(self, runners: Iterable[Runner], *, list_describes: bool = True) -> None:
        super().__init__()
        self.calls: Counter[str] = Counter()
        self._listed = tuple(runners)
        self._list_describes = list_describes

    def list_runners(
        self, *, runner_for_errors: str | None = None, reuse: bool = False
    ) -> tuple[Runner, ...]:
        self.calls["list"] += 1
        if self._list_describes:
            return self._listed
        return tuple(replace(runner, description=None) for runner in self._listed)

    def describe_runner(self, name: str) -> Runner:
        self.calls["describe"] += 1
        [runner] = [runner for runner in self._listed if runner.name == name]
        return replace(runner, runner_health=None)


def no_progress(items: Iterable[T], total: int) -> Iterable[T]:
    results = list(items)
    assert len(results) == total
    return results


def plan(
    api: ListedRunners, *wanted: str, terraform: dict[str, TerraformRunner] | None = None
) -> ImportPlan:
    return plan_import(
        api,
        wanted=wanted,
        terraform=terraform,
        stack=None,
        deployment=False,
        track=no_progress,
    )


@pytest.mark.parametrize("list_describes", [True, False])
def test_500_runners_take_one_list_and_a_request_for_each_that_it_does_not_describe(
    monkeypatch: pytest.MonkeyPatch, *, list_describes: bool
) -> None:
    runners = [
        Runner(name=f"runner-{number:03}", description="one", runner_health=HEALTHY)
        for number in range(500)
    ]
    api = ListedRunners(runners, list_describes=list_describes)
    serialize = Mock(wraps=entries.serialize_provider)
    monkeypatch.setattr(entries, "serialize_provider", serialize)
    entries._serialized.cache_clear()
    planned = plan(api)
    file = planned.import_file(api, with_objects=True, with_secrets=False, track=no_progress)
    assert (file.object_count, file.messages) == (0, [])
    imported = json.loads(file.text)
    assert api.calls == {"list": 1} if list_describes else {"list": 1, "describe": 500}
    assert [entry["id"] for entry in imported["resources"]] == [item.name for item in runners]
    assert all(entry["inputs"]["description"] == "one" for entry in imported["resources"])
    # Each call adds a level to the recursion of Python's own pickler.
    assert serialize.call_count == 1
    assert {candidate.runner.runner_health for candidate in planned.candidates} == {HEALTHY}


def test_only_selected_runners_are_described() -> None:
    api = ListedRunners([Runner(name="a"), Runner(name="b")], list_describes=False)
    plan(api, "b")
    assert api.calls == {"list": 1, "describe": 1}


def test_a_runner_that_is_deleted_meanwhile_is_refused() -> None:
    class Deleted(ListedRunners):
        def list_runners(
            self, *, runner_for_errors: str | None = None, reuse: bool = False
        ) -> tuple[Runner, ...]:
            listed = super().list_runners(runner_for_errors=runner_for_errors, reuse=reuse)
            return listed if self.calls["list"] == 1 else ()

        def describe_runner(self, name: str) -> Runner:
            raise NotFoundError(404, None, "", "describe_runner", name)

    api = Deleted([Runner(name="a")])
    with pytest.raises(ImportRefusedError, match='the runner "a" was deleted meanwhile'):
        plan(api)


@pytest.mark.parametrize("gone", ["gone", "[a]"])
def test_a_runner_of_terraform_that_does_not_exist_is_refused(gone: str) -> None:
    """A name with the characters of a pattern is not a pattern in a state of Terraform."""
    api = ListedRunners([Runner(name="a", description="")])
    terraform = {
        resource: TerraformRunner(address=f"kubiya_runner.{resource}", path=(resource,), name=name)
        for resource, name in (("kept", "a"), ("stale", gone))
    }
    with pytest.raises(ImportRefusedError) as refused:
        plan(api, terraform=terraform)
    assert str(refused.value) == (
        f'the runner "{gone}" of the Terraform resource "kubiya_runner.stale" does not exist in '
        "this organization: check the API key, or remove the resource with `terraform state rm`."
    )
    assert plan(api, "a", terraform=terraform).terraform_addresses == ["kubiya_runner.kept"]
