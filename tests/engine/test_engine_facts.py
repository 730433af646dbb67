"""Behavior of the engine and its Python SDK that this package relies on.

Much of it is undocumented. If a newer engine behaves differently, a test here fails and names the
behavior, before a user's stack breaks.
"""

from __future__ import annotations

import base64

import dill
import pytest

from kubiya_pulumi.emulator import Emulator
from kubiya_pulumi.lifecycle import providers
from tests.engine.conftest import MakeStack
from tests.engine.sentences import problems
from tests.engine.states import step
from tests.harness.engine import Stack

pytestmark = pytest.mark.engine

STORED = {
    "pulumi-python:dynamic/kubiya:Runner": (
        "RunnerProvider",
        "gASVOwAAAAAAAACMIWt1Yml5YV9wdWx1bWkubGlmZWN5Y2xlLnByb3ZpZGVyc5SMDlJ1bm5lclByb3ZpZGVylJOU"
        "KYGULg==",
    ),
    "pulumi-python:dynamic/kubiya:RunnerManifest": (
        "RunnerManifestProvider",
        "gASVQwAAAAAAAACMIWt1Yml5YV9wdWx1bWkubGlmZWN5Y2xlLnByb3ZpZGVyc5SMFlJ1bm5lck1hbmlmZXN0UHJv"
        "dmlkZXKUk5QpgZQu",
    ),
    "pulumi-python:dynamic/kubiya:RunnerHealth": (
        "RunnerHealthProvider",
        "gASVQQAAAAAAAACMIWt1Yml5YV9wdWx1bWkubGlmZWN5Y2xlLnByb3ZpZGVyc5SMFFJ1bm5lckhlYWx0aFByb3Zp"
        "ZGVylJOUKYGULg==",
    ),
}
"""The provider that existing stacks store for each type. It must never change."""


def test_the_stored_provider_is_unpickled_as_the_class() -> None:
    for name, stored in STORED.values():
        provider = dill.loads(base64.b64decode(stored))
        assert type(provider) is getattr(providers, name)
        assert vars(provider) == {}


def test_a_state_contains_a_reference_to_the_class_and_not_its_code(
    emulator: Emulator, stack: MakeStack
) -> None:
    program = """
from kubiya_pulumi import KubiyaRunner, RunnerHealth, RunnerManifest

runner = KubiyaRunner("runner-prod")
RunnerManifest("manifest", runner=runner.id)
RunnerHealth("health", runner=runner.id)
"""
    dev = stack(program)
    dev.up("--skip-preview")
    providers_in_state = {
        resource["type"]: resource["inputs"]["__provider"]
        for resource in dev.resources()
        if "__provider" in resource.get("inputs", {})
    }
    assert providers_in_state == {type_: stored for type_, (_, stored) in STORED.items()}


THING = "pulumi-python:dynamic/facts:Thing"
PROGRAM = """
import pulumi
from pulumi.dynamic import (
    CheckFailure, CheckResult, CreateResult, DiffResult, ReadResult, Resource, ResourceProvider,
    UpdateResult,
)

class Provider(ResourceProvider):
    def check(self, olds, news):
        print("checked against", sorted(set(olds) - {"__provider"}))
        invalid = news["text"] == "invalid"
        return CheckResult(news, [CheckFailure("text", "must differ")] if invalid else [])

    def diff(self, id, olds, news):
        changes = {"unknown": None, "some": True}[news["changes"]]
        return DiffResult(changes=changes if olds["text"] != news["text"] else False)

    def create(self, props):
        print("printed by create")
        return CreateResult("the-id", {**props, "copy": "a copy of " + props["text"]})

    def update(self, id, olds, news):
        return UpdateResult({**news, "copy": "a copy of " + news["text"]})

    def read(self, id, props):
        return ReadResult("", {})

class Thing(Resource, module="facts", name="Thing"):
    copy: pulumi.Output[str]

config = pulumi.Config()
props = {"text": config.get("text") or "one", "changes": config.get("changes") or "unknown"}
thing = Thing(Provider(), "thing", {**props, "copy": None})
thing.id.apply(lambda id: pulumi.info(f"its id is {id}"))
thing.copy.apply(lambda copy: pulumi.info(f"it is {copy}"))
"""


@pytest.fixture
def thing(bare_stack: MakeStack) -> Stack:
    """A stack with a minimal resource."""
    dev = bare_stack(PROGRAM)
    dev.up("--skip-preview")
    return dev


def test_the_output_of_the_plugin_is_shown_to_the_user(thing: Stack) -> None:
    assert "printed by create" in thing.transcript


def test_check_receives_the_inputs_in_the_state(thing: Stack) -> None:
    assert "checked against []" in thing.transcript
    assert "checked against ['changes', 'text']" in thing.preview().text


def test_a_check_failure_is_one_line_without_a_traceback(thing: Stack) -> None:
    thing.configure({"text": "invalid"})
    failed = thing.preview(check=False)
    assert failed.returncode
    assert problems(failed) == {"text": "must differ"}
    assert "Traceback" not in failed.text


def test_only_the_id_is_known_in_the_preview_of_an_update(thing: Stack) -> None:
    assert "it is a copy of one" in thing.transcript
    thing.configure({"text": "two"})
    previewed = thing.preview().text
    assert "its id is the-id" in previewed
    assert "it is a copy of" not in previewed


def test_the_engine_computes_a_detailed_diff_only_if_diff_returns_unknown(
    thing: Stack,
) -> None:
    thing.configure({"text": "two", "changes": "unknown"})
    planned = step(thing.preview_json(), THING)
    assert planned["op"] == "update"
    assert planned["diffReasons"] == ["text"]
    assert planned["detailedDiff"] == {"text": {"kind": "update", "inputDiff": True}}

    thing.configure({"changes": "some"})
    planned = step(thing.preview_json(), THING)
    assert planned["op"] == "update"
    assert "diffReasons" not in planned
    assert planned["detailedDiff"] is None


def test_a_read_result_without_an_id_removes_the_resource(thing: Stack) -> None:
    assert thing.resources(THING)
    thing.refresh("--skip-preview")
    assert not thing.resources(THING)
