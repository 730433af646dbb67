"""Changes of a stack that must not lose a runner: renames, moves, options, settings and owners.

A service in the *silent* form never reports the owner of a runner, as in the API reference.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator

import pytest

from kubiya_pulumi.emulator import Emulator
from tests.engine.conftest import Calls, MakeStack
from tests.engine.sentences import problems, sentence
from tests.engine.states import RUNNER, outputs, state, step
from tests.harness.engine import Stack

pytestmark = pytest.mark.engine

IMPORT = """
import pulumi
from pulumi import ResourceOptions as Options
from kubiya_pulumi import KubiyaProvider, KubiyaRunner, RunnerHealth, RunnerManifest

"""


def program(*lines: str) -> str:
    return IMPORT + "\n".join(lines) + "\n"


def in_the_state(dev: Stack) -> dict[str, str]:
    """Return the runners in the state, by the names of their resources."""
    return {
        resource["urn"].split("::")[-1]: resource["id"]
        for resource in dev.resources(RUNNER)
        if not resource.get("delete")
    }


@pytest.fixture
def other_emulator() -> Iterator[Emulator]:
    """A second service, which accepts any key."""
    with Emulator() as running:
        yield running


ADOPTED = 'KubiyaRunner("a", name="theirs", adopt_existing=True)'
RENAMED = 'KubiyaRunner("z", name="theirs", adopt_existing=True)'
MOVED = (
    'parent = pulumi.ComponentResource("test:index:Group", "group")',
    'KubiyaRunner("a", name="theirs", adopt_existing=True, opts=Options(parent=parent))',
)


@pytest.mark.parametrize(
    ("after", "preview", "owner"),
    [((RENAMED,), True, None), ((RENAMED,), False, "terraform"), (MOVED, False, None)],
    ids=["renamed after a preview", "renamed", "moved"],
)
def test_an_adopted_runner_stays_when_its_resource_is_renamed_or_moved_without_an_alias(
    emulator: Emulator, stack: MakeStack, after: tuple[str, ...], preview: bool, owner: str | None
) -> None:
    theirs = emulator.add_runner("theirs", description="theirs", managed_by=owner)
    dev = stack(program(ADOPTED))
    dev.up("--skip-preview")
    dev.rewrite(program(*after))
    updated = dev.up(*([] if preview else ["--skip-preview"]))
    assert emulator.runners == {"theirs": theirs}
    name = "z" if after == (RENAMED,) else "test:index:Group/a"
    assert f'Runner "theirs" was left in place: the resource "{name}" of this stack' in updated.text
    [(resource, runner)] = in_the_state(dev).items()
    assert (resource, runner) == (name.split("/")[-1], "theirs")
    dev.preview("--expect-no-changes")
    dev.refresh("--skip-preview", "--expect-no-changes")
    dev.destroy("--skip-preview")
    assert not emulator.runners


def test_a_created_runner_of_an_unknown_owner_stays_when_its_resource_is_renamed(
    emulator: Emulator, stack: MakeStack
) -> None:
    emulator.configure(owner_fields="dropped")
    dev = stack(program('KubiyaRunner("a", name="r", description="d")'))
    dev.up("--skip-preview")
    dev.rewrite(program('KubiyaRunner("z", name="r", description="d", adopt_existing=True)'))
    updated = dev.up("--skip-preview")
    assert list(emulator.runners) == ["r"]
    assert 'Runner "r" was left in place: the resource "z" of this stack' in updated.text
    assert in_the_state(dev) == {"z": "r"}
    dev.destroy("--skip-preview")
    assert not emulator.runners


def test_a_reported_owner_of_the_stack_is_refused_with_advice_about_aliases(
    emulator: Emulator, stack: MakeStack
) -> None:
    dev = stack(program('KubiyaRunner("a", name="r")'))
    dev.up("--skip-preview")
    dev.rewrite(program('KubiyaRunner("z", name="r", adopt_existing=True)'))
    before = state(dev)
    assert "set aliases in its options" in dev.up("--skip-preview", check=False).text
    assert (list(emulator.runners), state(dev)) == (["r"], before)
    alias = "opts=Options(aliases=[pulumi.Alias(name='a')])"
    dev.rewrite(program(f'KubiyaRunner("z", name="r", {alias})'))
    dev.up("--skip-preview")
    assert in_the_state(dev) == {"z": "r"}
    dev.destroy("--skip-preview")
    assert not emulator.runners


OVERRULED = "KubiyaRunner: delete_before_replace=False is ignored"
CREATE_FIRST = 'delete_before_replace=False, replace_on_changes=["description"]'
TRANSFORM = """
def create_first(args):
    args.opts.delete_before_replace = False
    return pulumi.ResourceTransformationResult(args.props, args.opts)

pulumi.runtime.register_stack_transformation(create_first)
"""


@pytest.mark.parametrize("owner_fields", ["echoed", "dropped"])
def test_the_option_delete_before_replace_is_overruled(
    emulator: Emulator, stack: MakeStack, calls: Calls, owner_fields: str
) -> None:
    emulator.configure(owner_fields=owner_fields)
    declared = 'KubiyaRunner("a", name="r", description="{}", opts=Options(' + CREATE_FIRST + "))"
    dev = stack(program(declared.format("one")))
    assert OVERRULED in dev.up("--skip-preview").text
    dev.rewrite(program(declared.format("two")))
    calls()
    dev.up("--skip-preview")
    # The runner is described once, unless the list contains its owner.
    describe = [] if owner_fields == "echoed" else ["describeRunner"]
    creation = ["listRunners", "createRunner", "listRunners"]
    assert calls() == ["listRunners", *describe, "deleteRunner", "listRunners", *creation]
    assert [runner.description for runner in emulator.runners.values()] == ["two"]
    assert dev.preview("--expect-no-changes")


@pytest.mark.parametrize(
    ("command", "owner_fields"),
    [
        ("--replace", "echoed"),
        ("taint", "echoed"),
        ("replace_on_changes", "echoed"),
        ("replace_on_changes", "dropped"),
    ],
)
def test_a_transformation_that_creates_first_loses_no_runner(
    emulator: Emulator, stack: MakeStack, owner_fields: str, command: str
) -> None:
    """A runner of an unknown owner is replaced only if it may be adopted."""
    emulator.configure(owner_fields=owner_fields)
    adopt = owner_fields == "dropped"
    options = 'opts=Options(replace_on_changes=["description"])'
    declared = f'KubiyaRunner("a", name="r", adopt_existing={adopt}, description="{{}}", {options})'
    dev = stack(program(TRANSFORM, declared.format("one")))
    dev.up("--skip-preview")
    [urn] = [resource["urn"] for resource in dev.resources(RUNNER)]
    flags = []
    if command == "--replace":
        flags = [f"--replace={urn}"]
    elif command == "taint":
        dev.run("state", "taint", urn, "--yes")
    else:
        dev.rewrite(program(TRANSFORM, declared.format("two")))
    updated = dev.up("--skip-preview", *flags)
    assert list(emulator.runners) == ["r"]
    assert 'Runner "r" was left in place: the resource "a" of this stack' in updated.text
    assert in_the_state(dev) == {"a": "r"}
    dev.preview("--expect-no-changes")
    dev.destroy("--skip-preview")
    assert not emulator.runners


def test_a_pending_delete_of_a_name_that_the_program_has_again_is_not_made(
    emulator: Emulator, stack: MakeStack
) -> None:
    """A failed delete of the old runner stays in the state until a later update."""
    first, second = 'KubiyaRunner("a", name="x")', 'KubiyaRunner("a", name="y")'
    dev = stack(program(TRANSFORM, first))
    dev.up("--skip-preview")
    emulator.faults.add("status", operation="deleteRunner", status=500)
    dev.rewrite(program(TRANSFORM, second))
    assert dev.up("--skip-preview", check=False).returncode
    assert sorted(emulator.runners) == ["x", "y"]
    dev.rewrite(program(TRANSFORM, first))
    dev.up("--skip-preview")
    assert list(emulator.runners) == ["x"]
    assert in_the_state(dev) == {"a": "x"}
    dev.up("--skip-preview")
    assert list(emulator.runners) == ["x"]
    dev.preview("--expect-no-changes")


TWO = ('KubiyaRunner("a", name="shared")', 'KubiyaRunner("b", name="shared", adopt_existing=True)')
BOTH = 'the resources "a" and "b" both declare the runner "shared"'


@pytest.mark.parametrize("owner_fields", ["echoed", "dropped"])
def test_two_resources_with_one_name_are_refused_in_the_preview(
    emulator: Emulator, stack: MakeStack, calls: Calls, owner_fields: str
) -> None:
    emulator.configure(owner_fields=owner_fields)
    dev = stack(program(*TWO))
    failed = dev.preview(check=False)
    assert failed.returncode
    assert is_named(problems(failed)["name"])
    assert dev.up("--skip-preview", check=False).returncode
    assert set(calls()) <= {"listRunners", "createRunner", "describeRunner"}
    assert len(in_the_state(dev)) <= 1


def is_named(text: str) -> bool:
    """Whether a failed check names both resources, in the order in which they are checked."""
    return BOTH in text or BOTH.replace('"a" and "b"', '"b" and "a"') in text


def test_two_resources_with_one_name_that_the_preview_does_not_know_are_refused_at_create(
    emulator: Emulator, stack: MakeStack
) -> None:
    emulator.configure(owner_fields="dropped")
    dev = stack(
        program(
            'first = KubiyaRunner("first")',
            "name = first.version.apply(lambda _: 'shared')",
            'KubiyaRunner("a", name=name)',
            'KubiyaRunner("b", name=name, adopt_existing=True)',
        )
    )
    dev.preview()
    failed = dev.up("--skip-preview", check=False)
    assert failed.returncode
    assert is_named(problems(failed)["name"])
    assert len(in_the_state(dev)) <= 2
    dev.destroy("--skip-preview")
    assert not emulator.runners


def test_a_second_resource_with_the_name_of_a_runner_in_the_state_is_refused(
    emulator: Emulator, stack: MakeStack
) -> None:
    emulator.configure(owner_fields="dropped")
    dev = stack(program(TWO[0]))
    dev.up("--skip-preview")
    before = dict(emulator.runners)
    dev.rewrite(program(*TWO))
    failed = dev.up(check=False)
    assert failed.returncode
    assert is_named(problems(failed)["name"])
    assert (emulator.runners, in_the_state(dev)) == (before, {"a": "shared"})


def test_of_two_resources_in_the_state_with_one_runner_one_can_be_removed(
    emulator: Emulator, stack: MakeStack
) -> None:
    """An older version accepted two resources with one name."""
    emulator.configure(owner_fields="dropped")
    dev = stack(program(TWO[0], 'KubiyaRunner("b", name="another")'))
    dev.up("--skip-preview")
    exported = dev.export()
    for resource in exported["deployment"]["resources"]:
        if resource["urn"].endswith("::b"):
            resource["id"] = "shared"
            resource["inputs"]["name"] = resource["outputs"]["name"] = "shared"
    dev.import_(exported)
    dev.rewrite(program(TWO[0]))
    updated = dev.up("--skip-preview")
    assert 'Runner "shared" was left in place' in updated.text
    assert "shared" in emulator.runners
    assert in_the_state(dev) == {"a": "shared"}


@pytest.mark.parametrize(
    ("owner_fields", "seconds"), [("echoed", 3.0), ("dropped", 3.0), ("dropped", 0.0)]
)
def test_swapped_names(
    emulator: Emulator, stack: MakeStack, owner_fields: str, seconds: float
) -> None:
    emulator.configure(owner_fields=owner_fields)
    dev = stack(
        program(
            'KubiyaRunner("a", name="x", description="of a")',
            'KubiyaRunner("b", name="y", description="of b")',
        )
    )
    dev.up("--skip-preview")
    slow_deletes(emulator, seconds, "y")
    dev.rewrite(
        program(
            'KubiyaRunner("a", name="y", description="of a")',
            'KubiyaRunner("b", name="x", description="of b")',
        )
    )
    dev.up("--skip-preview")
    assert descriptions(emulator) == {"x": "of b", "y": "of a"}
    assert in_the_state(dev) == {"a": "y", "b": "x"}
    dev.preview("--expect-no-changes")
    dev.refresh("--skip-preview", "--expect-no-changes")


@pytest.mark.parametrize("seconds", [0.0, 3.0], ids=["fast", "slow"])
@pytest.mark.parametrize(
    ("owner_fields", "order"),
    [("dropped", 1), ("echoed", -1)],
    ids=["declared last", "declared first"],
)
def test_a_name_is_handed_over_to_a_new_resource(
    emulator: Emulator, stack: MakeStack, owner_fields: str, seconds: float, order: int
) -> None:
    emulator.configure(owner_fields=owner_fields)
    dev = stack(program('KubiyaRunner("a", name="x", description="of a")'))
    dev.up("--skip-preview")
    slow_deletes(emulator, seconds, "x")
    lines = (
        'KubiyaRunner("a", name="y", description="of a")',
        'KubiyaRunner("b", name="x", description="of b")',
    )
    dev.rewrite(program(*lines[::order]))
    dev.up("--skip-preview")
    assert descriptions(emulator) == {"x": "of b", "y": "of a"}
    assert in_the_state(dev) == {"a": "y", "b": "x"}


def slow_deletes(emulator: Emulator, seconds: float, runner: str) -> None:
    if seconds:
        emulator.faults.add("hang", operation="deleteRunner", runner=runner, seconds=seconds)


def descriptions(emulator: Emulator) -> dict[str, str | None]:
    return {name: runner.description for name, runner in emulator.runners.items()}


def replace_outside(
    emulator: Emulator, name: str, managed_by: str | None = None, task_id: str | None = None
) -> None:
    emulator.remove_runner(name)
    emulator.add_runner(name, description="theirs", managed_by=managed_by, task_id=task_id)


@pytest.mark.parametrize("owner", [None, "crossplane"])
@pytest.mark.parametrize("adopted", [False, True], ids=["created", "adopted"])
def test_a_runner_that_was_replaced_outside_is_not_changed(
    emulator: Emulator, stack: MakeStack, adopted: bool, owner: str | None
) -> None:
    if adopted:
        emulator.add_runner("r", description="one", managed_by="terraform", task_id="7")
    declared = f'KubiyaRunner("r", adopt_existing={adopted}, description="{{}}")'
    dev = stack(program(declared.format("one")))
    dev.up("--skip-preview")
    replace_outside(emulator, "r", owner)
    before = dict(emulator.runners)
    dev.rewrite(program(declared.format("two")))
    for command in (dev.up, dev.destroy):
        failed = command("--skip-preview", check=False)
        assert failed.returncode
        assert "is no longer the one that this stack" in sentence(failed)
        assert "pulumi state delete" in sentence(failed)
        assert emulator.runners == before
    refreshed = dev.refresh("--skip-preview")
    assert 'Runner "r" is no longer the one that this stack' in refreshed.text
    assert dev.destroy("--skip-preview", check=False).returncode, "a refresh does not take it on"
    assert emulator.runners == before


def test_an_adopted_runner_of_a_reported_owner_is_read_before_a_change(
    emulator: Emulator, stack: MakeStack, calls: Calls
) -> None:
    emulator.add_runner("r", description="one", managed_by="terraform", task_id="7")
    declared = 'KubiyaRunner("r", adopt_existing=True, description="{}")'
    dev = stack(program(declared.format("one")))
    dev.up("--skip-preview")
    calls()
    dev.rewrite(program(declared.format("two")))
    dev.up("--skip-preview")
    assert calls() == ["listRunners", "updateRunnerDescription"]
    dev.destroy("--skip-preview")
    assert calls() == ["listRunners", "deleteRunner", "listRunners"]
    assert not emulator.runners


DESCRIBED = 'KubiyaRunner("r", description="one")'


def stored_elsewhere(text: str) -> bool:
    return "was last seen" in text and "pulumi state delete" in text


@pytest.mark.parametrize("run_program", [True, False])
def test_a_runner_that_is_missing_at_another_base_url_stays_in_the_state(
    emulator: Emulator, other_emulator: Emulator, stack: MakeStack, run_program: bool
) -> None:
    dev = stack(program(DESCRIBED))
    dev.up("--skip-preview")
    dev.configure({"kubiya:baseUrl": other_emulator.url})
    if not run_program:
        dev.up("--skip-preview")  # The engine stores the new settings.
    before = state(dev)
    flags = ["--run-program"] if run_program else []
    for command in (dev.refresh, dev.destroy):
        failed = command("--skip-preview", *flags, check=False)
        assert failed.returncode
        assert stored_elsewhere(sentence(failed))
        assert emulator.url in sentence(failed)
        assert state(dev) == before
    dev.rewrite(program(DESCRIBED.replace("one", "two")))
    failed = dev.up("--skip-preview", check=False)
    assert stored_elsewhere(sentence(failed))
    assert list(emulator.runners) == ["r"]
    dev.rewrite(program(DESCRIBED))
    dev.configure({"kubiya:baseUrl": emulator.url})
    dev.up("--skip-preview")
    dev.destroy("--skip-preview")
    assert not emulator.runners


def test_the_manifest_and_the_gate_of_a_runner_that_is_missing_there_stay_in_the_state(
    emulator: Emulator, other_emulator: Emulator, stack: MakeStack
) -> None:
    """The runner may be that of another stack, so only the manifest and the gate tell its place."""
    emulator.add_runner("r")
    dev = stack(program('RunnerManifest("m", runner="r")', 'RunnerHealth("h", runner="r")'))
    dev.up("--skip-preview")
    before = state(dev)
    dev.configure({"kubiya:baseUrl": other_emulator.url})
    refreshed = dev.refresh("--skip-preview", "--run-program", check=False)
    assert refreshed.returncode
    assert f"it was last seen at {emulator.url}" in refreshed.text
    assert state(dev) == before
    dev.configure({"kubiya:baseUrl": emulator.url})
    dev.up("--skip-preview", "--expect-no-changes")
    emulator.remove_runner("r")
    dev.refresh("--skip-preview")
    assert [item["type"] for item in state(dev)] == ["pulumi:pulumi:Stack"]


def test_a_runner_that_is_found_at_another_base_url_is_taken_on_there(
    emulator: Emulator, other_emulator: Emulator, stack: MakeStack
) -> None:
    dev = stack(program(DESCRIBED))
    dev.up("--skip-preview")
    created = emulator.runners["r"]
    other_emulator.add_runner(
        "r", description="one", managed_by=created.managed_by, task_id=created.task_id
    )
    dev.configure({"kubiya:baseUrl": other_emulator.url})
    dev.refresh("--skip-preview", "--run-program")
    dev.up("--skip-preview", "--expect-no-changes")
    other_emulator.remove_runner("r")
    dev.refresh("--skip-preview")
    assert dev.resources(RUNNER) == [], "the list of the new place proves that it is gone"
    assert list(emulator.runners) == ["r"]


def test_a_resource_that_moves_to_another_provider_keeps_its_runner(
    emulator: Emulator, other_emulator: Emulator, stack: MakeStack
) -> None:
    dev = stack(program(DESCRIBED))
    dev.up("--skip-preview")
    settings = f'api_key="k", base_url="{other_emulator.url}", max_retries=0'
    options = ", opts=Options(provider=other))"
    dev.rewrite(
        program(f'other = KubiyaProvider("other", {settings})', DESCRIBED.replace(")", options))
    )
    dev.up("--skip-preview")
    for command in ("refresh", "destroy"):
        failed = dev.run(command, "--yes", "--skip-preview", check=False)
        assert failed.returncode
        assert f"it was last seen at {emulator.url}" in failed.text
        assert [runner["id"] for runner in dev.resources(RUNNER)] == ["r"]
    assert list(emulator.runners) == ["r"]
    assert other_emulator.runners == {}


def token(organization: str, number: int) -> str:
    """Return an API key that is a token of an organization."""
    claims = json.dumps({"organization": organization, "token_id": str(number)}).encode()
    return f"e30.{base64.urlsafe_b64encode(claims).decode().rstrip('=')}.c2ln"


@pytest.mark.parametrize(
    ("first", "second", "is_same"),
    [
        (token("acme", 1), token("acme", 2), True),
        (token("acme", 1), token("others", 1), False),
        ("first-key", "second-key", False),
        ("first-key", token("acme", 1), False),
    ],
    ids=["same organization", "other organization", "other key", "other kind of key"],
)
def test_a_runner_that_is_missing_for_another_key_stays_in_the_state(
    emulator: Emulator, stack: MakeStack, first: str, second: str, is_same: bool
) -> None:
    emulator.configure(api_key=None)
    dev = stack(program(DESCRIBED), secrets={"kubiya:apiKey": first})
    dev.up("--skip-preview")
    emulator.remove_runner("r")  # The second key does not list it.
    dev.configure(secrets={"kubiya:apiKey": second})
    before = state(dev)
    refreshed = dev.refresh("--skip-preview", "--run-program", check=False)
    if is_same:
        assert refreshed.returncode == 0
        assert dev.resources(RUNNER) == []
        return
    assert refreshed.returncode
    assert stored_elsewhere(sentence(refreshed))
    assert state(dev) == before
    destroyed = dev.destroy("--skip-preview", "--run-program", check=False)
    assert stored_elsewhere(sentence(destroyed))
    assert state(dev) == before
    [urn] = [resource["urn"] for resource in dev.resources(RUNNER)]
    dev.run("state", "delete", urn, "--yes")
    assert dev.resources(RUNNER) == []


def test_what_the_state_remembers_of_the_place_is_secret(
    emulator: Emulator, stack: MakeStack
) -> None:
    dev = stack(program(DESCRIBED))
    dev.up("--skip-preview")
    assert "ciphertext" in outputs(dev, RUNNER)["last_seen"]
    dev.refresh("--skip-preview", "--expect-no-changes")
    assert "ciphertext" in outputs(dev, RUNNER)["last_seen"]
    planned = step(dev.preview_json("--show-sames"), RUNNER)
    assert planned["op"] == "same"


def test_a_runner_whose_delete_a_gateway_reports_without_making_it_stays_in_the_state(
    emulator: Emulator, stack: MakeStack
) -> None:
    dev = stack(program('KubiyaRunner("r")'))
    dev.up("--skip-preview")
    emulator.faults.add("status", operation="deleteRunner", status=204)
    failed = dev.destroy("--skip-preview", check=False)
    assert failed.returncode
    assert 'runner "r" was not deleted: the service reported success' in sentence(failed)
    assert in_the_state(dev) == {"r": "r"}
    dev.destroy("--skip-preview")
    assert not emulator.runners
    assert in_the_state(dev) == {}
