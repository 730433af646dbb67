"""A refresh when the API cannot be read, on the real engine: no doubt ever empties a stack."""

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


def list_answers(kind: str, **settings: Any) -> Callable[[Emulator], object]:
    """The runner is gone, and the list, which alone could say so, fails."""

    def prepare(emulator: Emulator) -> None:
        emulator.remove_runner("runner-prod")
        emulator.faults.add(kind, operation="listRunners", count=None, **settings)  # type: ignore[arg-type]

    return prepare


def gateway(emulator: Emulator) -> None:
    """What stands before the API answers every call with a page of its own."""
    emulator.configure(errors_as="html")
    emulator.faults.add("status", status=404, count=None)


WITHOUT_A_LIST = 'could not list the runners to find runner "runner-prod": '
TROUBLES: dict[str, tuple[Callable[[Emulator], object], str]] = {
    "a gateway's 404": (gateway, WITHOUT_A_LIST + "the service returned 404: a web page"),
    "list: 500": (list_answers("status", status=500), WITHOUT_A_LIST + "the service returned 500"),
    "list: 403": (list_answers("status", status=403), WITHOUT_A_LIST + "the service returned 403"),
    "list: page": (list_answers("html"), WITHOUT_A_LIST + "the response is a web page"),
    "list: shape": (list_answers("wrong_shape"), WITHOUT_A_LIST + "the response is invalid: "),
    "list: cut": (list_answers("cut"), WITHOUT_A_LIST + "the response was truncated"),
    "list: reset": (list_answers("reset"), WITHOUT_A_LIST + "the connection to"),
    "describe: 500": (
        lambda emulator: emulator.faults.add("status", status=500, operation="describeRunner"),
        'could not read runner "runner-prod": the service returned 500',
    ),
    "describe: page": (
        lambda emulator: emulator.faults.add("html", operation="describeRunner"),
        'could not read runner "runner-prod": the response is a web page',
    ),
}


@pytest.mark.parametrize(("prepare", "begin"), TROUBLES.values(), ids=TROUBLES.keys())
def test_a_refresh_that_cannot_be_sure_fails_and_keeps_the_state(
    emulator: Emulator,
    stack: MakeStack,
    prepare: Callable[[Emulator], object],
    begin: str,
) -> None:
    dev = stack(RUNNER_ALONE)
    dev.up("--skip-preview")
    before = state(dev)
    prepare(emulator)
    failed = dev.refresh("--skip-preview", check=False)
    assert failed.returncode
    assert sentence(failed).startswith(begin)
    assert state(dev) == before


def test_a_wrong_base_url_does_not_empty_a_stack(emulator: Emulator, stack: MakeStack) -> None:
    dev = stack(PROGRAM)
    dev.up("--skip-preview")
    before = state(dev)
    dev.configure({"kubiya:baseUrl": f"{emulator.url}/elsewhere"})
    failed = dev.refresh("--skip-preview", "--run-program", check=False)
    assert failed.returncode
    assert "(or KUBIYA_BASE_URL)" in sentence(failed)
    assert state(dev) == before


@pytest.mark.parametrize("list_as", ["array", "keyed"])
def test_a_missing_describe_route_is_made_up_for_by_the_list(
    emulator: Emulator, stack: MakeStack, calls: Calls, list_as: str
) -> None:
    dev = stack(RUNNER_ALONE)
    dev.up("--skip-preview")
    calls()
    emulator.configure(list_as=list_as)
    emulator.faults.add("status", status=404, operation="describeRunner", count=None)
    dev.refresh("--skip-preview", "--expect-no-changes")
    assert calls()[-1] == "listRunners"
    assert [each["id"] for each in dev.resources(RUNNER)] == ["runner-prod"]


@pytest.mark.parametrize("list_as", ["array", "keyed"])
def test_a_runner_that_the_list_lacks_is_gone_with_its_manifest(
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
