"""A refresh keeps the state of a runner unless the API confirms that it was deleted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from kubiya_pulumi.emulator import Emulator
from tests.engine.conftest import Calls, MakeStack
from tests.engine.sentences import sentence
from tests.engine.states import MANIFEST, RUNNER, outputs, state

pytestmark = pytest.mark.engine

PROGRAM = """
from kubiya_pulumi import KubiyaRunner, RunnerManifest

runner = KubiyaRunner("runner-prod", description="one")
RunnerManifest("manifest", runner=runner.id)
"""
RUNNER_ALONE = 'from kubiya_pulumi import KubiyaRunner\nKubiyaRunner("runner-prod")'


def failing_list(kind: str, **settings: Any) -> Callable[[Emulator], object]:
    """Delete the runner, and let the list fail, which alone can confirm the deletion."""

    def prepare(emulator: Emulator) -> None:
        emulator.remove_runner("runner-prod")
        emulator.faults.add(kind, operation="listRunners", count=None, **settings)  # type: ignore[arg-type]

    return prepare


def gateway(emulator: Emulator) -> None:
    """Let a gateway in front of the API respond to every request with a web page."""
    emulator.configure(errors_as="html")
    emulator.faults.add("status", status=404, count=None)


def failing_describe(kind: str, **settings: Any) -> Callable[[Emulator], object]:
    def prepare(emulator: Emulator) -> None:
        # A list without owners contains less than the state, so the runner is described.
        emulator.configure(owner_fields="dropped")
        emulator.faults.add(kind, operation="describeRunner", **settings)  # type: ignore[arg-type]

    return prepare


LIST_FAILED = 'could not list the runners to find runner "runner-prod": '
FAILURES: dict[str, tuple[Callable[[Emulator], object], str]] = {
    "a gateway's 404": (gateway, LIST_FAILED + "the service returned 404: a web page"),
    "list: 500": (failing_list("status", status=500), LIST_FAILED + "the service returned 500"),
    "list: 403": (failing_list("status", status=403), LIST_FAILED + "the service returned 403"),
    "list: page": (failing_list("html"), LIST_FAILED + "the response is a web page"),
    "list: shape": (failing_list("wrong_shape"), LIST_FAILED + "the response is invalid: "),
    "list: cut": (failing_list("cut"), LIST_FAILED + "the response was truncated"),
    "list: reset": (failing_list("reset"), LIST_FAILED + "the connection to"),
    "describe: 500": (
        failing_describe("status", status=500),
        'could not read runner "runner-prod": the service returned 500',
    ),
    "describe: page": (
        failing_describe("html"),
        'could not read runner "runner-prod": the response is a web page',
    ),
}


@pytest.mark.parametrize(("prepare", "message"), FAILURES.values(), ids=FAILURES.keys())
def test_a_refresh_without_confirmation_fails_and_keeps_the_state(
    emulator: Emulator,
    stack: MakeStack,
    prepare: Callable[[Emulator], object],
    message: str,
) -> None:
    dev = stack(RUNNER_ALONE)
    dev.up("--skip-preview")
    before = state(dev)
    prepare(emulator)
    failed = dev.refresh("--skip-preview", check=False)
    assert failed.returncode
    assert sentence(failed).startswith(message)
    assert state(dev) == before


def test_a_wrong_base_url_does_not_remove_resources(emulator: Emulator, stack: MakeStack) -> None:
    dev = stack(PROGRAM)
    dev.up("--skip-preview")
    before = state(dev)
    dev.configure({"kubiya:baseUrl": f"{emulator.url}/elsewhere"})
    failed = dev.refresh("--skip-preview", "--run-program", check=False)
    assert failed.returncode
    assert "(or KUBIYA_BASE_URL, or base_url of the KubiyaProvider)" in sentence(failed)
    assert state(dev) == before


@pytest.mark.parametrize("list_as", ["array", "keyed"])
def test_a_missing_describe_operation_is_not_needed(
    emulator: Emulator, stack: MakeStack, calls: Calls, list_as: str
) -> None:
    dev = stack(RUNNER_ALONE)
    dev.up("--skip-preview")
    calls()
    emulator.configure(list_as=list_as)
    emulator.faults.add("status", status=404, operation="describeRunner", count=None)
    dev.refresh("--skip-preview", "--expect-no-changes")
    assert set(calls()) == {"listRunners"}
    assert [runner["id"] for runner in dev.resources(RUNNER)] == ["runner-prod"]


@pytest.mark.parametrize("list_as", ["array", "keyed"])
def test_a_runner_missing_from_the_list_is_removed_with_its_manifest(
    emulator: Emulator, stack: MakeStack, list_as: str
) -> None:
    emulator.configure(list_as=list_as)
    emulator.add_runner("runner-of-somebody-else")
    dev = stack(PROGRAM)
    dev.up("--skip-preview")
    assert outputs(dev, MANIFEST)["runner"] == "runner-prod"
    emulator.remove_runner("runner-prod")
    dev.refresh("--skip-preview")
    assert dev.resources(RUNNER) == []
    assert dev.resources(MANIFEST) == []
