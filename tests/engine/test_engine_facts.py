"""What this package relies on the engine and its Python SDK to do, fact by fact.

Little of it is promised anywhere. A newer engine that does otherwise fails here, with the fact
named, and not somewhere in a user's stack.
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
"""By type, what the stacks that exist have stored for it: for good."""


def test_what_a_stack_has_stored_leads_to_the_class() -> None:
    for name, stored in STORED.values():
        found = dill.loads(base64.b64decode(stored))
        assert type(found) is getattr(providers, name)
        assert vars(found) == {}


def test_a_state_holds_a_reference_to_the_class_and_not_its_code(
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
    found = {
        each["type"]: each["inputs"]["__provider"]
        for each in dev.resources()
        if "__provider" in each.get("inputs", {})
    }
    assert found == {type_: stored for type_, (_, stored) in STORED.items()}


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
        refused = news["text"] == "refused"
        return CheckResult(news, [CheckFailure("text", "must be another")] if refused else [])

    def diff(self, id, olds, news):
        changes = {"unknown": None, "some": True}[news["says"]]
        return DiffResult(changes=changes if olds["text"] != news["text"] else False)

    def create(self, props):
        print("said while it creates")
        return CreateResult("the-id", {**props, "made": "made of " + props["text"]})

    def update(self, id, olds, news):
        return UpdateResult({**news, "made": "made of " + news["text"]})

    def read(self, id, props):
        return ReadResult("", {})

class Thing(Resource, module="facts", name="Thing"):
    made: pulumi.Output[str]

config = pulumi.Config()
props = {"text": config.get("text") or "one", "says": config.get("says") or "unknown"}
thing = Thing(Provider(), "thing", {**props, "made": None})
thing.id.apply(lambda id: pulumi.info(f"its id is {id}"))
thing.made.apply(lambda made: pulumi.info(f"it is {made}"))
"""


@pytest.fixture
def thing(bare_stack: MakeStack) -> Stack:
    """A stack with a resource that does as little as it can."""
    dev = bare_stack(PROGRAM)
    dev.up("--skip-preview")
    return dev


def test_what_the_plugin_prints_reaches_the_user(thing: Stack) -> None:
    assert "said while it creates" in thing.transcript


def test_check_is_told_the_inputs_in_the_state(thing: Stack) -> None:
    assert "checked against []" in thing.transcript
    assert "checked against ['says', 'text']" in thing.preview().text


def test_a_check_failure_is_one_line_without_a_traceback(thing: Stack) -> None:
    thing.configure({"text": "refused"})
    failed = thing.preview(check=False)
    assert failed.returncode
    assert problems(failed) == {"text": "must be another"}
    assert "Traceback" not in failed.text


def test_in_a_preview_of_an_update_only_the_id_is_known(thing: Stack) -> None:
    assert "it is made of one" in thing.transcript
    thing.configure({"text": "two"})
    previewed = thing.preview().text
    assert "its id is the-id" in previewed
    assert "it is made of" not in previewed


def test_the_engine_names_the_changes_only_where_the_provider_leaves_it_to_it(
    thing: Stack,
) -> None:
    thing.configure({"text": "two", "says": "unknown"})
    planned = step(thing.preview_json(), THING)
    assert planned["op"] == "update"
    assert planned["diffReasons"] == ["text"]
    assert planned["detailedDiff"] == {"text": {"kind": "update", "inputDiff": True}}

    thing.configure({"says": "some"})
    planned = step(thing.preview_json(), THING)
    assert planned["op"] == "update"
    assert "diffReasons" not in planned
    assert planned["detailedDiff"] is None


def test_a_read_without_an_id_means_gone(thing: Stack) -> None:
    assert thing.resources(THING)
    thing.refresh("--skip-preview")
    assert not thing.resources(THING)
