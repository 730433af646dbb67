#!/usr/bin/env python3
"""Compare the engine's time with runners and with resources that do nothing, and time a review.

    make bench                          100 runners, 3 rounds, and a review of 1,000 objects
    make bench BENCH="200 5"            200 runners, 5 rounds
    make bench BENCH="--only review"    only the review, without the engine

Absolute times differ between machines and between runs. Compare the ratios: both programs run
alternately on the same machine. The API is the emulator without latency, so the ratio shows the
cost of this package.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from kubiya_pulumi.emulator import Emulator
from kubiya_pulumi.review import parse_manifest, review
from tests.harness.engine import Stack

REVIEWED_OBJECTS = 1_000

RUNNERS = """
from kubiya_pulumi import KubiyaRunner
for number in range({count}):
    KubiyaRunner(f"runner-{{number}}", description="{round}")
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
          {{"name": f"runner-{{number}}", "description": "{round}"}})
"""


def steps(stack: Stack, program: str, count: int) -> Iterator[tuple[str, Callable[[], object]]]:
    """Yield the name and the function of each command, in the order of a stack's life."""

    def up_changed() -> object:
        stack.rewrite(program.format(count=count, round="changed"))
        return stack.up("--skip-preview")

    yield "up, first", lambda: stack.up("--skip-preview")
    yield "preview, nothing to do", lambda: stack.preview("--expect-no-changes")
    yield "refresh", lambda: stack.refresh("--skip-preview")
    yield "up, all changed", up_changed
    yield "destroy", lambda: stack.destroy("--skip-preview")


def measure(stack: Stack, program: str, count: int) -> dict[str, float]:
    """Return the duration of each command in seconds."""
    seconds = {}
    for name, run in steps(stack, program, count):
        start = time.perf_counter()
        run()
        seconds[name] = time.perf_counter() - start
    return seconds


def one_round(count: int) -> tuple[dict[str, float], dict[str, float]]:
    """Measure both programs, one after the other."""
    with ExitStack() as contexts:
        emulator = contexts.enter_context(Emulator())
        config = {"kubiya:baseUrl": emulator.url}
        secrets = {"kubiya:apiKey": emulator.api_key}
        results = []
        for program in (RUNNERS, NOTHING):
            text = program.format(count=count, round="first")
            stack = contexts.enter_context(Stack(text, config=config, secrets=secrets))
            results.append(measure(stack, program, count))
    return results[0], results[1]


def manifest_of(count: int) -> str:
    """Return a manifest with at least `count` objects, taken from many runners."""
    with Emulator() as emulator:
        texts: list[str] = []
        objects = 0
        while objects < count:
            texts.append(emulator.add_runner(f"runner-{len(texts)}").manifest)
            objects += len(parse_manifest(texts[-1]))
    return "".join(texts)


def compare_engine(count: int, rounds: int) -> None:
    """Print a table with the median duration of each command and the median ratio."""
    results = [one_round(count) for _ in range(rounds)]
    print(f"{count} resources, median of {rounds} rounds, seconds per command\n")
    print(f"{'':24}{'runners':>9}{'nothing':>9}{'ratio':>8}")
    for name in results[0][0]:
        with_runners = statistics.median(runners[name] for runners, _ in results)
        without = statistics.median(baseline[name] for _, baseline in results)
        ratio = statistics.median(runners[name] / baseline[name] for runners, baseline in results)
        print(f"{name:24}{with_runners:9.2f}{without:9.2f}{ratio:8.2f}")
    print()


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
        f"A review of {len(report.objects):,} objects with {len(report.grants):,} grants and "
        f"{len(report.findings):,} findings, median of {rounds} rounds, seconds\n"
    )
    for name, durations in seconds.items():
        print(f"{name:24}{statistics.median(durations):9.3f}")


def main() -> None:
    """Run the benchmarks that the command line selects."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("count", type=int, nargs="?", default=100, help="number of runners")
    parser.add_argument("rounds", type=int, nargs="?", default=3, help="number of rounds")
    parser.add_argument(
        "--only", choices=("engine", "review"), help="run only one of the two benchmarks"
    )
    options = parser.parse_args()
    if options.only != "review":
        compare_engine(options.count, options.rounds)
    if options.only != "engine":
        time_review(options.rounds)


if __name__ == "__main__":
    main()
