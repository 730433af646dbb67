"""Existing runners that `kubiya-pulumi import` takes into a stack, on the real engine."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

from kubiya_pulumi.emulator import Emulator
from tests.engine.conftest import Calls, MakeStack
from tests.engine.states import RUNNER, is_secret
from tests.harness.engine import Stack
from tests.harness.importing import next_steps, run_import

pytestmark = pytest.mark.engine

COUNT = 50
NAMES = [f"runner-{number:02}" for number in range(COUNT)]


@pytest.mark.lifecycle
@pytest.mark.parametrize("form", ["documented", "observed"])
def test_imported_runners_are_read_and_only_changed_as_declared(
    bare_stack: MakeStack, form: Any
) -> None:
    with Emulator(form=form) as emulator:
        for number, name in enumerate(NAMES):
            owner = {"managed_by": "terraform", "task_id": name} if number % 2 else {}
            emulator.add_runner(name, description=f"number {number}", **owner)
        dev = bare_stack(
            "",
            config={"kubiya:baseUrl": emulator.url},
            secrets={"kubiya:apiKey": emulator.api_key},
        )
        files = ("--output", "runners.json", "--program", "__main__.py", "--force")
        imported = run_import(dev, *files)
        assert imported.returncode == 0, imported.stderr
        assert emulator.api_key not in imported.stdout + imported.stderr
        [import_, refresh, preview] = next_steps(imported.stdout)
        dev.run(*import_, "--yes", "--skip-preview")
        assert Counter(call.operation for call in emulator.calls)["listRunners"] == 1
        dev.preview("--expect-no-changes")
        dev.run(*refresh, "--yes", "--skip-preview", "--expect-no-changes")
        dev.run(*preview, "--expect-no-changes")
        runners = dev.resources(RUNNER)
        assert sorted(runner["id"] for runner in runners) == NAMES
        for runner in runners:
            assert not runner.get("protect")
            assert is_secret(runner["outputs"]["manifest_url"])
            assert is_secret(runner["outputs"]["last_seen"])

        changed = (dev.program / "__main__.py").read_text()
        changed = changed.replace('description="number 7"', 'description="changed"')
        changed = changed.replace(
            'KubiyaRunner("runner-08", description="number 8")',
            'KubiyaRunner("renamed", name="runner-08", description="number 8", '
            'opts=pulumi.ResourceOptions(aliases=[pulumi.Alias(name="runner-08")]))',
        )
        dev.rewrite(f"import pulumi\n{changed}")
        dev.up("--skip-preview")
        writes = [call for call in emulator.calls if call.method != "GET"]
        assert [(call.operation, call.runner) for call in writes] == [
            ("updateRunnerDescription", "runner-07")
        ]
        assert emulator.runners["runner-07"].description == "changed"
        assert {runner["id"]: runner["urn"].split("::")[-1] for runner in dev.resources(RUNNER)}[
            "runner-08"
        ] == "renamed"


def test_the_command_names_what_the_stack_has_and_protects(
    stack: MakeStack, emulator: Emulator, calls: Calls
) -> None:
    for name in ("a", "b"):
        emulator.add_runner(name)
    dev = stack('from kubiya_pulumi import KubiyaRunner\nKubiyaRunner("b", name="c")')
    dev.up("--skip-preview")
    refused = run_import(dev, "b", "--output", "x.json")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert 'the stack has another resource of the type Runner with the name "b"' in refused.stderr
    refused = run_import(dev, "c", "--dry-run")
    assert 'the runner "c" is in the stack already, as the resource "b"' in refused.stderr

    calls()
    imported = run_import(dev, "a", "--output", "x.json", "--program", "x.py", "--protect")
    assert imported.returncode == 0, imported.stderr
    [import_, *_] = next_steps(imported.stdout)
    dev.run(*import_, "--yes", "--skip-preview")
    source = (dev.program / "x.py").read_text()
    dev.rewrite(source + '\nKubiyaRunner("b", name="c")\n')
    dev.preview("--expect-no-changes")
    dev.rewrite('from kubiya_pulumi import KubiyaRunner\nKubiyaRunner("b", name="c")')
    kept = dev.up("--skip-preview", check=False)
    assert kept.returncode
    assert "protect" in kept.text
    assert "deleteRunner" not in calls()
    assert "a" in emulator.runners


def test_a_runner_of_terraform_with_plaintext_secrets_needs_no_refresh(
    dev_with_runner: Stack,
) -> None:
    dev = dev_with_runner
    instance = {"index_key": "blue", "attributes": {"name": "runner-prod"}}
    resource = {"mode": "managed", "type": "kubiya_runner", "name": "this", "instances": [instance]}
    (dev.program / "state").write_text(json.dumps({"version": 4, "resources": [resource]}))
    files = ("--output", "x.json", "--program", "__main__.py", "--force")
    imported = run_import(dev, "--from-terraform", "state", *files, "--allow-plaintext-secrets")
    assert imported.returncode == 0, imported.stderr
    assert "terraform state rm 'kubiya_runner.this[\"blue\"]'" in imported.stdout
    [import_, preview] = next_steps(imported.stdout)
    import_.remove("--protect=false")
    dev.run(*import_, "--yes", "--skip-preview")
    [runner] = dev.resources(RUNNER)
    assert (runner["urn"].split("::")[-1], runner["id"]) == ("this-blue", "runner-prod")
    assert is_secret(runner["outputs"]["manifest_url"])
    assert is_secret(runner["outputs"]["last_seen"])
    dev.run(*preview, "--expect-no-changes")
    # The program decides about the protection, which `pulumi import` sets by default.
    assert runner["protect"]
    dev.up("--skip-preview")
    [runner] = dev.resources(RUNNER)
    assert not runner.get("protect")


@pytest.fixture
def dev_with_runner(stack: MakeStack, emulator: Emulator) -> Stack:
    """A stack without resources, and a runner that another tool created."""
    emulator.add_runner("runner-prod", managed_by="terraform", task_id="t")
    return stack("")


def test_an_imported_runner_is_deleted_unless_it_was_replaced_outside(
    dev_with_runner: Stack, emulator: Emulator, calls: Calls
) -> None:
    dev = dev_with_runner
    files = ("--output", "x.json", "--program", "__main__.py", "--force")
    assert run_import(dev, *files).returncode == 0
    dev.run("import", "--file", "x.json", "--yes", "--generate-code=false", "--protect=false")
    dev.refresh("--skip-preview")
    emulator.remove_runner("runner-prod")
    emulator.add_runner("runner-prod", managed_by="somebody", task_id="else")
    calls()
    kept = dev.destroy("--skip-preview", check=False)
    assert kept.returncode
    assert "is no longer the one that this stack adopted" in kept.text
    assert "deleteRunner" not in calls()
    emulator.remove_runner("runner-prod")
    emulator.add_runner("runner-prod", managed_by="terraform", task_id="t")
    dev.destroy("--skip-preview")
    assert list(emulator.runners) == []


def test_a_runner_is_read_without_being_managed(
    stack: MakeStack, emulator: Emulator, calls: Calls
) -> None:
    emulator.add_runner("theirs", description="another team's", managed_by="terraform")
    program = """
import pulumi
from kubiya_pulumi import KubiyaRunner

runner = KubiyaRunner.get("read", "theirs")
same = KubiyaRunner.get("same", runner.id)
pulumi.export("description", same.description)
pulumi.export("url", same.manifest_url)
"""
    dev = stack(program)
    dev.preview()
    up = dev.up("--skip-preview")
    assert "no longer the one" not in up.text
    assert dev.outputs() == {"description": "another team's", "url": "[secret]"}
    assert all(resource["external"] for resource in dev.resources(RUNNER))
    dev.preview("--expect-no-changes")
    dev.refresh("--skip-preview", "--expect-no-changes")
    dev.rewrite(program.replace('"theirs"', '"gone"'))
    failed = dev.preview(check=False)
    assert failed.returncode
    assert 'runner "gone" does not exist, so KubiyaRunner.get cannot read it' in failed.text
    assert "Traceback" not in failed.text
    dev.destroy("--skip-preview")
    assert {name for name in calls() if not name.startswith(("describe", "list", "get"))} == set()
    assert "theirs" in emulator.runners
