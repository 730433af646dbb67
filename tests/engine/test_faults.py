"""Whatever goes wrong at random in whole commands, the state and the API agree in the end."""

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
IMPORT = "from kubiya_pulumi import KubiyaRunner, RunnerManifest\n"
PROGRAMS: dict[str, dict[str, str]] = {
    "": {},
    'one = KubiyaRunner("a", name="one", description="first")\n'
    'RunnerManifest("m", runner=one.id)\n'
    'KubiyaRunner("b", name="two", description="first")': {"one": "first", "two": "first"},
    'one = KubiyaRunner("a", name="one", description="second")\n'
    'RunnerManifest("m", runner=one.id)\n'
    'KubiyaRunner("b", name="three", description="first")': {"one": "second", "three": "first"},
    'KubiyaRunner("b", name="two", description="second")': {"two": "second"},
}
"""What the program declares, and the runners with their descriptions that it means."""

step = st.tuples(
    st.sampled_from(list(PROGRAMS)),
    fault_lists(TIMEOUT_SECONDS),
    st.sampled_from(("up", "refresh")),
)


def agree(emulator: Emulator, dev: Stack, expected: dict[str, str]) -> None:
    """The API, the state and the program say the same, and what is somebody else's is as it was."""
    runners = dict(emulator.runners)
    assert runners.pop("somebody-elses").description == "theirs"
    at_the_api = {name: each.description for name, each in runners.items()}
    in_the_state = {each["id"]: each["outputs"]["description"] for each in dev.resources(RUNNER)}
    assert at_the_api == in_the_state == expected


@chaos.at_random(chaos.size(4, each=1))
@given(steps=st.lists(step, min_size=2, max_size=4))
def test_state_and_api_agree_after_any_trouble(
    steps: list[tuple[str, list[FaultArguments], str]],
) -> None:
    with Emulator() as emulator, stack_of(emulator) as dev:
        emulator.add_runner("somebody-elses", description="theirs", managed_by="terraform")
        for program, troubles_now, command in steps:
            for trouble in troubles_now:
                emulator.faults.add(**trouble)
            if command == "refresh":
                dev.refresh("--skip-preview", check=False)
            dev.rewrite(IMPORT + program)
            dev.up("--skip-preview", check=False)
            settle(emulator)
            dev.up("--skip-preview")
            agree(emulator, dev, PROGRAMS[program])
        for trouble in steps[0][1]:
            emulator.faults.add(**trouble)
        dev.destroy("--skip-preview", check=False)
        settle(emulator)
        dev.destroy("--skip-preview")
        agree(emulator, dev, {})


@pytest.mark.parametrize("command", ["up", "refresh", "destroy"])
def test_a_service_that_is_not_there_for_a_while(
    stack: MakeStack, emulator: Emulator, command: str
) -> None:
    """Connections are refused; then there is TLS that nobody trusts; then all is well again."""
    first, changed = list(PROGRAMS)[1:3]
    dev = stack(IMPORT + first)
    emulator.add_runner("somebody-elses", description="theirs")
    dev.up("--skip-preview")
    dev.rewrite(IMPORT + changed)
    for nowhere in ("http://127.0.0.1:9", "https://" + emulator.url.removeprefix("http://")):
        dev.configure({"kubiya:baseUrl": nowhere})
        run_program = [] if command == "up" else ["--run-program"]
        failed = dev.run(command, "--yes", "--skip-preview", *run_program, check=False)
        assert failed.returncode
        agree(emulator, dev, PROGRAMS[first])
    dev.configure({"kubiya:baseUrl": emulator.url})
    dev.up("--skip-preview")
    agree(emulator, dev, PROGRAMS[changed])


def stack_of(emulator: Emulator) -> Stack:
    settings = {
        "kubiya:baseUrl": emulator.url,
        "kubiya:maxRetries": "1",
        "kubiya:timeoutSeconds": str(TIMEOUT_SECONDS),
    }
    return Stack(IMPORT, config=settings, secrets={"kubiya:apiKey": emulator.api_key})
