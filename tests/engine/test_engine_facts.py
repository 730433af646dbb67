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
from tests.engine.states import is_secret, step
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
    serialize_as_secret_always = False

    def __init__(self):
        self.attribute = "an attribute of the instance"

    def configure(self, req):
        print("configured")

    def check(self, olds, news):
        print("checked against", sorted(set(olds) - {"__provider"}))
        print("the text is", type(news["text"]).__name__)
        invalid = news["text"] == "invalid"
        return CheckResult(news, [CheckFailure("text", "must differ")] if invalid else [])

    def diff(self, id, olds, news):
        print("compared with", type(news["text"]).__name__)
        if olds["text"] == news["text"]:
            return DiffResult(changes=False)
        replaces = ["text"] if news["changes"] == "replace" else []
        return DiffResult(changes=True if news["changes"] == "some" else None, replaces=replaces)

    def create(self, props):
        print("created with", sorted(set(props) - {"__provider"}))
        if props["text"] == "fails":
            try:
                raise ValueError("the first error")
            except ValueError:
                raise RuntimeError("the second error")
        if props["text"] == "secret":
            pulumi.Output.secret("a secret")
        return CreateResult("the-id", {**props, "copy": "a copy of " + props["text"]})

    def update(self, id, olds, news):
        return UpdateResult({**news, "copy": "a copy of " + news["text"]})

    def read(self, id, props):
        return ReadResult("", {})

    def delete(self, id, props):
        print("deleted by the first version")

class Thing(Resource, module="facts", name="Thing"):
    copy: pulumi.Output[str]

config = pulumi.Config()
props = {"text": config.get("text") or "one", "changes": config.get("changes") or "unknown"}
thing = Thing(Provider(), "thing", {**props, "copy": None})
thing.id.apply(lambda id: pulumi.info(f"its id is {id}"))
thing.copy.apply(lambda copy: pulumi.info(f"it is {copy}"))
"""
SECOND_THING = """
Thing(Provider(), "second", {**props, "text": thing.copy, "copy": None})
"""


@pytest.fixture
def thing(bare_stack: MakeStack) -> Stack:
    """A stack with a minimal resource."""
    dev = bare_stack(PROGRAM)
    dev.up("--skip-preview")
    return dev


def test_the_output_of_the_plugin_is_shown_to_the_user(thing: Stack) -> None:
    assert "created with" in thing.transcript


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


def test_an_input_of_an_unknown_output_reaches_check_and_diff_as_unknown(thing: Stack) -> None:
    thing.rewrite(PROGRAM + SECOND_THING)
    thing.up("--skip-preview")
    assert "the text is Unknown" not in thing.transcript
    thing.configure({"text": "two"})
    previewed = thing.preview().text
    assert "the text is Unknown" in previewed
    assert "compared with Unknown" in previewed


def test_the_engine_names_the_inputs_that_replace(thing: Stack) -> None:
    thing.configure({"text": "two", "changes": "replace"})
    planned = step(thing.preview_json(), THING)
    assert planned["op"] == "replace"
    assert planned["replaceReasons"] == ["text"]


def test_a_class_of_the_program_is_stored_with_its_code_and_attributes(thing: Stack) -> None:
    [resource] = thing.resources(THING)
    stored = base64.b64decode(resource["inputs"]["__provider"])
    assert b"deleted by the first version" in stored
    assert b"an attribute of the instance" in stored
    thing.rewrite(PROGRAM.replace("the first version", "the second version"))
    thing.destroy("--skip-preview")
    assert "deleted by the first version" in thing.transcript
    assert "deleted by the second version" not in thing.transcript


def test_the_settings_of_the_stack_are_inputs_of_the_default_provider(
    bare_stack: MakeStack,
) -> None:
    dev = bare_stack(PROGRAM, config={"other:plain": "in plain text"}, secrets={"other:key": "k"})
    dev.up("--skip-preview")
    [provider] = dev.resources("pulumi:providers:pulumi-python")
    assert provider["inputs"]["other:plain"] == "in plain text"
    assert is_secret(provider["inputs"]["other:key"])


def test_a_provider_is_configured_once_and_not_told_its_urn(bare_stack: MakeStack) -> None:
    dev = bare_stack(PROGRAM + SECOND_THING)
    created = dev.up("--skip-preview").text
    # The engine repeats the lines of a plugin at the end.
    assert created.split("Diagnostics:")[-1].count("configured") == 1
    assert "created with ['changes', 'text']" in created


@pytest.mark.parametrize(
    ("text", "errors"),
    [
        ("fails", ["ValueError: the first error", "RuntimeError: the second error"]),
        ("secret", ["Error: "]),
    ],
)
def test_an_error_of_create_is_a_traceback_and_stores_nothing(
    bare_stack: MakeStack, text: str, errors: list[str]
) -> None:
    dev = bare_stack(PROGRAM, config={"text": text})
    failed = dev.up("--skip-preview", check=False)
    assert failed.returncode
    assert "Traceback" in failed.text
    assert all(error in failed.text for error in errors)
    assert dev.resources(THING) == []


def test_only_a_declared_error_is_printed_without_a_traceback(bare_stack: MakeStack) -> None:
    dev = bare_stack(
        f"{PROGRAM}\nfrom kubiya_pulumi import KubiyaRunner\nKubiyaRunner('other')\n",
        config={"text": "fails", "kubiya:baseUrl": "http://127.0.0.1:9", "kubiya:maxRetries": "0"},
        secrets={"kubiya:apiKey": "key"},
        env={"PULUMI_CONTINUE_ON_ERROR": "true"},
    )
    failed = dev.up("--skip-preview", check=False)
    assert "RuntimeError: the second error" in failed.text
    assert "Traceback" in failed.text
    assert "/kubiya_pulumi/" not in failed.text
    assert "the KubiyaProvider), the network and the proxy settings" in failed.text


def test_a_plugin_serves_four_calls_at_once(bare_stack: MakeStack) -> None:
    program = """
import time
from pulumi.dynamic import CreateResult, Resource, ResourceProvider

class Provider(ResourceProvider):
    def create(self, props):
        import builtins
        running = builtins.__dict__.setdefault("running_calls", set())
        running.add(props["name"])
        count = len(running)
        time.sleep(0.5)
        running.discard(props["name"])
        return CreateResult(props["name"], {**props, "calls": count})

class Thing(Resource, module="facts", name="Thing"):
    pass

for number in range(8):
    Thing(Provider(), f"thing-{number}", {"name": f"thing-{number}", "calls": None})
"""
    dev = bare_stack(program)
    dev.up("--skip-preview", "--parallel=16")
    assert max(thing["outputs"]["calls"] for thing in dev.resources(THING)) == 4


def test_the_engine_checks_the_next_resource_while_every_slot_is_busy(
    bare_stack: MakeStack,
) -> None:
    program = """
import time
from pulumi.dynamic import CheckResult, CreateResult, Resource, ResourceProvider

class Provider(ResourceProvider):
    def check(self, olds, news):
        import builtins
        builtins.__dict__.setdefault("checked", set()).add(news["name"])
        return CheckResult(news, [])
    def create(self, props):
        import builtins
        created = builtins.__dict__.setdefault("created", set())
        created.add(props["name"])
        deadline = time.monotonic() + 10
        while len(builtins.checked) <= 2 and time.monotonic() < deadline:
            time.sleep(0.01)
        counts = {"checked": len(builtins.checked), "created": len(created)}
        return CreateResult(props["name"], {**props, **counts})

class Thing(Resource, module="facts", name="Thing"):
    pass

for number in range(3):
    name = f"thing-{number}"
    Thing(Provider(), name, {"name": name, "checked": None, "created": None})
"""
    dev = bare_stack(program)
    dev.up("--skip-preview", "--parallel=2")
    outputs = [thing["outputs"] for thing in dev.resources(THING)]
    assert any(each["checked"] == 3 and each["created"] == 2 for each in outputs)
