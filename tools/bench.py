#!/usr/bin/env python3
"""Compare the engine's time with runners and with resources that do nothing, and time a review.

    make bench                                        10 and 100 runners, 3 rounds, and a review
    make bench BENCH="--counts 10,200 --rounds 5"     other numbers of runners and rounds
    make bench BENCH="--delay-ms 50 --parallel 64"    a slower API, a wider engine
    make bench BENCH="--only review"                  only the review, without the engine

Absolute times differ between machines and between runs. Compare the ratios: in each round, both
programs run one after the other on the same machine. Resources that do nothing are the floor: no
provider in Python can be faster. The output is a set of Markdown tables.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from kubiya_pulumi.emulator import Emulator
from kubiya_pulumi.review import parse_manifest, review
from tests.harness.engine import Stack

REVIEWED_OBJECTS = 1_000

RUNNERS = """
from kubiya_pulumi import KubiyaRunner
for number in range({count}):
    KubiyaRunner(f"runner-{{number}}", description="{text}" if number == 0 else "text")
"""

NOTHING = """
from pulumi.dynamic import CreateResult, DiffResult, Resource, ResourceProvider, UpdateResult

class Plain(Resource, module="bench", name="Plain"):
    pass

class Nothing(ResourceProvider):
    serialize_as_secret_always = False
    def create(self, props):
        return CreateResult(props["name"], props)
    def diff(self, id, olds, news):
        return DiffResult(changes=olds["description"] != news["description"])
    def update(self, id, olds, news):
        return UpdateResult(news)

for number in range({count}):
    Plain(Nothing(), f"runner-{{number}}",
          {{"name": f"runner-{{number}}", "description": "{text}" if number == 0 else "text"}})
"""


@dataclass(frozen=True)
class Measurement:
    """What a command of the engine took."""

    seconds: float
    """The elapsed time."""
    cpu_seconds: float
    """The processor time of the engine, the program and the plugin."""
    calls: Counter[str]
    """The API calls, by operation."""


def steps(stack: Stack, program: str, count: int) -> Iterator[tuple[str, Callable[[], object]]]:
    """Yield the name and the function of each command, in the order of a stack's life."""

    def up_with_one_change() -> object:
        stack.rewrite(program.format(count=count, text="changed"))
        return stack.up("--skip-preview")

    yield "`up`, first", lambda: stack.up("--skip-preview")
    yield "`preview`, nothing to do", lambda: stack.preview("--expect-no-changes")
    yield "`refresh`", lambda: stack.refresh("--skip-preview")
    yield "`up`, one description", up_with_one_change
    yield "`destroy`", lambda: stack.destroy("--skip-preview")


def measure(stack: Stack, program: str, count: int, emulator: Emulator) -> dict[str, Measurement]:
    """Run and measure each command."""
    measurements = {}
    for name, run in steps(stack, program, count):
        emulator.clear_calls()
        start, cpu = time.perf_counter(), cpu_seconds()
        run()
        measurements[name] = Measurement(
            time.perf_counter() - start,
            cpu_seconds() - cpu,
            Counter(call.operation or "?" for call in emulator.calls),
        )
    return measurements


def cpu_seconds() -> float:
    """Return the processor time of all processes that this one has started and waited for."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


Round = tuple[dict[str, Measurement], dict[str, Measurement]]


def one_round(count: int, delay_ms: int, parallel: int | None) -> Round:
    """Measure both programs, one after the other."""
    with ExitStack() as contexts:
        emulator = contexts.enter_context(Emulator())
        if delay_ms:
            emulator.faults.add("hang", count=None, seconds=delay_ms / 1000)
        env = {} if parallel is None else {"PULUMI_PARALLEL": str(parallel)}
        results = []
        for program in (RUNNERS, NOTHING):
            stack = Stack(
                program.format(count=count, text="text"),
                config={"kubiya:baseUrl": emulator.url},
                secrets={"kubiya:apiKey": emulator.api_key},
                env=env,
            )
            results.append(measure(contexts.enter_context(stack), program, count, emulator))
    return results[0], results[1]


def compare_engine(count: int, rounds: int, delay_ms: int, parallel: int | None) -> None:
    """Print a table of the commands: medians, and the medians of the rounds' ratios."""
    results = [one_round(count, delay_ms, parallel) for _ in range(rounds)]
    width = "default parallelism" if parallel is None else f"`--parallel {parallel}`"
    print(f"\n{count:,} runners, {delay_ms} ms per call, {width}, {rounds} rounds\n")
    print("| command | floor, s | runners, s | ratio | CPU ratio | calls |")
    print("| --- | --- | --- | --- | --- | --- |")
    for name in results[0][0]:
        runners = [ours[name] for ours, _ in results]
        floor = [nothing[name] for _, nothing in results]
        pairs = list(zip(runners, floor, strict=True))
        cells = [
            f"{statistics.median(item.seconds for item in floor):.2f}",
            f"{statistics.median(item.seconds for item in runners):.2f}",
            f"{statistics.median(ours.seconds / base.seconds for ours, base in pairs):.2f}",
            f"{statistics.median(ours.cpu_seconds / base.cpu_seconds for ours, base in pairs):.2f}",
            calls_of(sorted(runners, key=lambda item: item.calls.total())[rounds // 2]),
        ]
        print(f"| {name} | {' | '.join(cells)} |", flush=True)


def calls_of(measurement: Measurement) -> str:
    """Return the number of calls, in all and by operation."""
    calls = measurement.calls
    if not calls:
        return "0"
    operations = ", ".join(f"{name} {number:,}" for name, number in sorted(calls.items()))
    return f"{calls.total():,} ({operations})"


def manifest_of(count: int) -> str:
    """Return a manifest with at least `count` objects, taken from many runners."""
    with Emulator() as emulator:
        texts: list[str] = []
        objects = 0
        while objects < count:
            texts.append(emulator.add_runner(f"runner-{len(texts)}").manifest)
            objects += len(parse_manifest(texts[-1]))
    return "".join(texts)


def time_review(rounds: int) -> None:
    """Print how long it takes to parse and to review a large manifest."""
    text = manifest_of(REVIEWED_OBJECTS)
    seconds: dict[str, list[float]] = {"parse": [], "review": []}
    for _ in range(rounds):
        start = time.perf_counter()
        objects = parse_manifest(text)
        parsed = time.perf_counter()
        report = review(objects)
        seconds["parse"].append(parsed - start)
        seconds["review"].append(time.perf_counter() - parsed)
    print(
        f"\nA review of {len(report.objects):,} objects with {len(report.grants):,} grants and "
        f"{len(report.findings):,} findings, {rounds} rounds\n"
    )
    print("| step | s |\n| --- | --- |")
    for name, durations in seconds.items():
        print(f"| {name} | {statistics.median(durations):.3f} |")


def main() -> None:
    """Run the benchmarks that the command line selects."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--counts", default="10,100", help="numbers of runners, such as 10,200")
    parser.add_argument("--rounds", type=int, default=3, help="number of rounds (default: 3)")
    parser.add_argument(
        "--delay-ms", type=int, default=0, help="milliseconds that each API call takes"
    )
    parser.add_argument("--parallel", type=int, help="the engine's parallelism")
    parser.add_argument(
        "--only", choices=("engine", "review"), help="run only one of the two benchmarks"
    )
    options = parser.parse_args()
    if options.only != "review":
        for count in options.counts.split(","):
            compare_engine(int(count), options.rounds, options.delay_ms, options.parallel)
    if options.only != "engine":
        time_review(options.rounds)


if __name__ == "__main__":
    main()
