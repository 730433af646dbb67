"""The state and the API agree after random faults during complete commands of the engine."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubiya_pulumi.emulator import Emulator
from tests.engine.conftest import MakeStack
from tests.engine.states import RUNNER
from tests.harness import chaos
from tests.harness.engine import Stack
from tests.harness.fault_strategies import FaultArguments, fault_lists, settle

pytestmark = pytest.mark.engine

TIMEOUT_SECONDS = 1.0
IMPORT = """
import pulumi
from pulumi import Alias, ResourceOptions as Options
from kubiya_pulumi import KubiyaRunner, RunnerManifest

group = pulumi.ComponentResource("test:index:Group", "group")

def at_home(**options):
    return Options(aliases=[Alias(parent=group)], **options)

def in_group(**options):
    return Options(parent=group, aliases=[Alias(parent=pulumi.ROOT_STACK_RESOURCE)], **options)

"""
PROGRAMS: dict[str, dict[str, str]] = {
    "": {},
    'one = KubiyaRunner("a", name="one", description="first", opts=at_home())\n'
    'RunnerManifest("m", runner=one.id)\n'
    'KubiyaRunner("b", name="two", description="first", opts=at_home())': {
        "one": "first",
        "two": "first",
    },
    'one = KubiyaRunner("a", name="one", description="second", opts=at_home())\n'
    'RunnerManifest("m", runner=one.id)\n'
    'KubiyaRunner("b", name="three", description="first", opts=in_group())': {
        "one": "second",
        "three": "first",
    },
    'KubiyaRunner("a", name="two", description="of a", opts=in_group())\n'
    'KubiyaRunner("b", name="one", description="of b", opts=at_home())': {
        "one": "of b",
        "two": "of a",
    },
    'options = dict(delete_before_replace=False, replace_on_changes=["description"])\n'
    'KubiyaRunner("b", name="two", description="second", opts=at_home(**options))': {
        "two": "second"
    },
}
"""The programs, and the runners with descriptions that each of them declares."""

step = st.tuples(
    st.sampled_from(list(PROGRAMS)),
    fault_lists(TIMEOUT_SECONDS),
    st.sampled_from(("up", "refresh")),
)


def assert_agreement(emulator: Emulator, dev: Stack, expected: dict[str, str]) -> None:
    """Assert that the API and the state match the program, and foreign runners are unchanged."""
    runners = dict(emulator.runners)
    assert runners.pop("somebody-elses").description == "theirs"
    at_the_api = {name: runner.description for name, runner in runners.items()}
    in_the_state = {
        resource["id"]: resource["outputs"]["description"] for resource in dev.resources(RUNNER)
    }
    assert at_the_api == in_the_state == expected


@chaos.at_random(chaos.size(3, per_run=1))
@given(steps=st.lists(step, min_size=2, max_size=4))
def test_state_and_api_agree_after_random_faults(
    steps: list[tuple[str, list[FaultArguments], str]],
) -> None:
    with Emulator() as emulator, create_stack(emulator) as dev:
        emulator.add_runner("somebody-elses", description="theirs", managed_by="terraform")
        for program, faults, command in steps:
            for fault in faults:
                emulator.faults.add(**fault)
            if command == "refresh":
                dev.refresh("--skip-preview", check=False)
            dev.rewrite(IMPORT + program)
            dev.up("--skip-preview", check=False)
            settle(emulator)
            dev.up("--skip-preview")
            assert_agreement(emulator, dev, PROGRAMS[program])
        for fault in steps[0][1]:
            emulator.faults.add(**fault)
        dev.destroy("--skip-preview", check=False)
        settle(emulator)
        dev.destroy("--skip-preview")
        assert_agreement(emulator, dev, {})


@pytest.mark.parametrize("command", ["up", "refresh", "destroy"])
def test_a_temporary_outage_of_the_service_changes_nothing(
    stack: MakeStack, emulator: Emulator, command: str
) -> None:
    """Connections are refused, then the TLS handshake fails, then the service works."""
    first, changed = list(PROGRAMS)[1:3]
    dev = stack(IMPORT + first)
    emulator.add_runner("somebody-elses", description="theirs")
    dev.up("--skip-preview")
    dev.rewrite(IMPORT + changed)
    for unreachable in ("http://127.0.0.1:9", "https://" + emulator.url.removeprefix("http://")):
        dev.configure({"kubiya:baseUrl": unreachable})
        run_program = [] if command == "up" else ["--run-program"]
        failed = dev.run(command, "--yes", "--skip-preview", *run_program, check=False)
        assert failed.returncode
        assert_agreement(emulator, dev, PROGRAMS[first])
    dev.configure({"kubiya:baseUrl": emulator.url})
    dev.up("--skip-preview")
    assert_agreement(emulator, dev, PROGRAMS[changed])


def create_stack(emulator: Emulator) -> Stack:
    settings = {
        "kubiya:baseUrl": emulator.url,
        "kubiya:maxRetries": "1",
        "kubiya:timeoutSeconds": str(TIMEOUT_SECONDS),
    }
    return Stack(IMPORT, config=settings, secrets={"kubiya:apiKey": emulator.api_key})
