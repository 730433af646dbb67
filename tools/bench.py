#!/usr/bin/env python3
"""How long the engine takes with runners, against resources that do nothing, and a review.

    make bench                          100 runners, 3 rounds, and a review of 1,000 objects
    make bench BENCH="200 5"            200 runners, 5 rounds
    make bench BENCH="--only review"    without the engine

Seconds differ from machine to machine and from hour to hour; the ratio of the two, taken in
turn on the same machine, is what can be compared. The runners' API is the emulator without
latency, so what is left is this package and the engine.
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
    """The commands of a stack's life, in order."""

    def changed() -> object:
        stack.rewrite(program.format(count=count, round="changed"))
        return stack.up("--skip-preview")

    yield "up, first", lambda: stack.up("--skip-preview")
    yield "preview, nothing to do", lambda: stack.preview("--expect-no-changes")
    yield "refresh", lambda: stack.refresh("--skip-preview")
    yield "up, all changed", changed
    yield "destroy", lambda: stack.destroy("--skip-preview")


def measured(stack: Stack, program: str, count: int) -> dict[str, float]:
    """Seconds that each command takes."""
    seconds = {}
    for name, run in steps(stack, program, count):
        began = time.perf_counter()
        run()
        seconds[name] = time.perf_counter() - began
    return seconds


def one_round(count: int) -> tuple[dict[str, float], dict[str, float]]:
    """Both programs, one after the other."""
    with ExitStack() as contexts:
        emulator = contexts.enter_context(Emulator())
        config = {"kubiya:baseUrl": emulator.url}
        secrets = {"kubiya:apiKey": emulator.api_key}
        results = []
        for program in (RUNNERS, NOTHING):
            text = program.format(count=count, round="first")
            stack = contexts.enter_context(Stack(text, config=config, secrets=secrets))
            results.append(measured(stack, program, count))
    return results[0], results[1]


def manifest_of(count: int) -> str:
    """One manifest with at least so many objects: those of many runners."""
    with Emulator() as emulator:
        texts: list[str] = []
        objects = 0
        while objects < count:
            texts.append(emulator.add_runner(f"runner-{len(texts)}").manifest)
            objects += len(parse_manifest(texts[-1]))
    return "".join(texts)


def compare_engine(count: int, rounds: int) -> None:
    """Print a table: the median of each command's seconds, and of the ratios."""
    measured_rounds = [one_round(count) for _ in range(rounds)]
    print(f"{count} resources, median of {rounds} rounds, seconds a command\n")
    print(f"{'':24}{'runners':>9}{'nothing':>9}{'ratio':>8}")
    for name in measured_rounds[0][0]:
        runners = statistics.median(ours[name] for ours, _ in measured_rounds)
        nothing = statistics.median(theirs[name] for _, theirs in measured_rounds)
        ratio = statistics.median(ours[name] / theirs[name] for ours, theirs in measured_rounds)
        print(f"{name:24}{runners:9.2f}{nothing:9.2f}{ratio:8.2f}")
    print()


def time_review(rounds: int) -> None:
    """Print how long the text of a large manifest takes to be read, and to be reviewed."""
    text = manifest_of(REVIEWED_OBJECTS)
    seconds: dict[str, list[float]] = {"parse": [], "review": []}
    for _ in range(rounds):
        began = time.perf_counter()
        objects = parse_manifest(text)
        parsed = time.perf_counter()
        found = review(objects)
        seconds["parse"].append(parsed - began)
        seconds["review"].append(time.perf_counter() - parsed)
    print(
        f"A review of {len(found.objects):,} objects with {len(found.grants):,} rights and "
        f"{len(found.findings):,} findings, median of {rounds} rounds, seconds\n"
    )
    for name, taken in seconds.items():
        print(f"{name:24}{statistics.median(taken):9.3f}")


def main() -> None:
    """Measure what is asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("count", type=int, nargs="?", default=100, help="how many runners")
    parser.add_argument("rounds", type=int, nargs="?", default=3, help="how many times")
    parser.add_argument("--only", choices=("engine", "review"), help="one of the two")
    options = parser.parse_args()
    if options.only != "review":
        compare_engine(options.count, options.rounds)
    if options.only != "engine":
        time_review(options.rounds)


if __name__ == "__main__":
    main()
