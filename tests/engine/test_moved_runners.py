"""Runners that move: to another stack, and to another account."""

from __future__ import annotations

import pytest

from kubiya_pulumi.emulator import Emulator
from tests.engine.conftest import Calls, MakeStack
from tests.engine.states import RUNNER, is_secret

pytestmark = pytest.mark.engine

BOTH = """
from kubiya_pulumi import KubiyaRunner

KubiyaRunner("stays")
KubiyaRunner("moves", description="{description}")
"""
MOVES = BOTH.replace('KubiyaRunner("stays")\n', "")
STAYS = BOTH.partition('KubiyaRunner("moves"')[0]


def writes(calls: list[str]) -> list[str]:
    return [call for call in calls if not call.startswith(("describe", "list", "get"))]


def test_a_runner_moves_to_another_stack(
    stack: MakeStack, emulator: Emulator, calls: Calls
) -> None:
    dev = stack(BOTH.replace("{description}", "old"))
    dev.up("--skip-preview")
    [moves] = [resource for resource in dev.resources(RUNNER) if resource["id"] == "moves"]
    settings, secrets = {"kubiya:baseUrl": emulator.url}, {"kubiya:apiKey": emulator.api_key}
    dev.run("stack", "init", "prod")
    dev.configure(settings, secrets)
    calls()
    stacks = ("--source", "organization/test/dev", "--dest", "organization/test/prod")
    dev.run("state", "move", *stacks, "--yes", moves["urn"])
    dev.rewrite(MOVES.replace("{description}", "old"))
    dev.preview("--expect-no-changes")
    assert calls() == []
    [moved] = dev.resources(RUNNER)
    assert is_secret(moved["outputs"]["last_seen"])
    assert is_secret(moved["outputs"]["manifest_url"])
    # The runner still belongs to the resource that created it, so it can be changed and deleted.
    dev.rewrite(MOVES.replace("{description}", "new"))
    dev.up("--skip-preview")
    assert writes(calls()) == ["updateRunnerDescription"]
    dev.destroy("--skip-preview")
    assert writes(calls()) == ["deleteRunner"]
    dev.run("stack", "select", "dev")
    dev.rewrite(STAYS)
    dev.preview("--expect-no-changes")
    assert list(emulator.runners) == ["stays"]


def test_a_runner_is_created_in_another_account_and_stays_in_the_old_one(
    stack: MakeStack, emulator: Emulator, calls: Calls
) -> None:
    dev = stack(STAYS)
    dev.up("--skip-preview")
    [runner] = dev.resources(RUNNER)
    with Emulator() as other:
        dev.configure({"kubiya:baseUrl": other.url}, {"kubiya:apiKey": other.api_key})
        refused = dev.refresh("--run-program", "--skip-preview", check=False)
        assert refused.returncode
        assert 'runner "stays" was not found' in refused.text
        assert "`pulumi state delete`" in refused.text
        calls()
        dev.run("state", "delete", runner["urn"], "--yes")
        dev.up("--skip-preview")
        assert calls() == []
        assert list(other.runners) == list(emulator.runners) == ["stays"]
        dev.destroy("--skip-preview")
        assert list(other.runners) == []
    assert list(emulator.runners) == ["stays"]
