"""Measure the engine's commands with runners, and with resources that do nothing."""

from __future__ import annotations

import resource
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

from bench_results import FIRST_UP, Measurement, Round, Scenario
from bench_usage import Traffic, peak_memory

from kubiya_pulumi.emulator import Emulator
from tests.harness.engine import Stack

RUNNERS = """
from kubiya_pulumi import KubiyaRunner

for number in range({count}):
    KubiyaRunner(f"runner-{{number}}", description="{text}" if number == 0 else "text")
"""

RUNNERS_WITH_HEALTH = """
from kubiya_pulumi import KubiyaRunner, RunnerHealth, RunnerManifest

for number in range({count}):
    runner = KubiyaRunner(f"runner-{{number}}", description="{text}" if number == 0 else "text")
    RunnerManifest(f"manifest-{{number}}", runner=runner.name)
    RunnerHealth(f"health-{{number}}", runner=runner.name)
"""

NOTHING = """
from bench_floor import Plain

for number in range({count}):
    name = f"runner-{{number}}"
    runner = Plain(name, name, "{text}" if number == 0 else "text")
"""

NOTHING_WITH_HEALTH = f"""{NOTHING}    for kind in ("manifest", "health"):
        Plain(f"{{{{kind}}}}-{{{{number}}}}", runner.name)
"""


def measure_round(scenario: Scenario) -> Round:
    """Measure both programs, one after the other."""
    runners, nothing = (
        (RUNNERS_WITH_HEALTH, NOTHING_WITH_HEALTH) if scenario.with_health else (RUNNERS, NOTHING)
    )
    return _measure(scenario, runners), _measure(scenario, nothing)


def _measure(scenario: Scenario, program: str) -> dict[str, Measurement]:
    traffic = Traffic()
    # With it, the real pip lists the packages, as it does for users.
    env = {"PYTHONPATH": str(Path(__file__).parent)}
    if scenario.parallel:
        env["PULUMI_PARALLEL"] = str(scenario.parallel)
    with ExitStack() as contexts:
        contexts.enter_context(traffic.recorded())
        emulator = contexts.enter_context(Emulator())
        if scenario.delay_ms:
            emulator.faults.add("hang", count=None, seconds=scenario.delay_ms / 1000)
        stack = contexts.enter_context(
            Stack(
                program.format(count=scenario.count, text="text"),
                config={"kubiya:baseUrl": emulator.url},
                secrets={"kubiya:apiKey": emulator.api_key},
                env=env,
            )
        )
        return {
            name: _measure_command(run, stack, emulator, traffic)
            for name, run in _commands(stack, program, scenario.count)
        }


def _commands(stack: Stack, program: str, count: int) -> Iterator[tuple[str, Callable[[], object]]]:
    """Yield the name and the function of each command, in the order of a stack's life."""

    def up_with_one_change() -> object:
        stack.rewrite(program.format(count=count, text="changed"))
        return stack.up("--skip-preview")

    yield FIRST_UP, lambda: stack.up("--skip-preview")
    yield "`preview`, nothing to do", lambda: stack.preview("--expect-no-changes")
    yield "`up`, nothing to do", lambda: stack.up("--skip-preview", "--expect-no-changes")
    yield "`refresh`", lambda: stack.refresh("--skip-preview")
    yield "`up`, one description", up_with_one_change
    yield "`destroy`", lambda: stack.destroy("--skip-preview")


def _measure_command(
    run: Callable[[], object], stack: Stack, emulator: Emulator, traffic: Traffic
) -> Measurement:
    emulator.clear_calls()
    traffic.clear()
    start, cpu, own_cpu = time.perf_counter(), _children_cpu(), time.process_time()
    with peak_memory(stack) as peaks:
        run()
        seconds = time.perf_counter() - start
    calls = Counter(call.operation or "?" for call in emulator.calls)
    [state] = (stack.folder / "state").glob(".pulumi/stacks/*/*.json")
    return Measurement(
        seconds,
        _children_cpu() - cpu,
        time.process_time() - own_cpu,
        dict(sorted(calls.items())),
        traffic.max_concurrent,
        len(traffic.connections),
        peaks,
        state.stat().st_size,
    )


def _children_cpu() -> float:
    """Return the processor time of all processes that this one has started and waited for."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
