#!/usr/bin/env python3
"""How long the engine takes with runners, against resources that do nothing, in one run.

    make bench                      100 runners, 3 rounds
    make bench BENCH="200 5"        200 runners, 5 rounds

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
from tests.harness.engine import Stack

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


def main() -> None:
    """Print a table: the median of each command's seconds, and of the ratios."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("count", type=int, nargs="?", default=100, help="how many runners")
    parser.add_argument("rounds", type=int, nargs="?", default=3, help="how many times")
    options = parser.parse_args()
    rounds = [one_round(options.count) for _ in range(options.rounds)]
    print(f"{options.count} resources, median of {options.rounds} rounds, seconds a command\n")
    print(f"{'':24}{'runners':>9}{'nothing':>9}{'ratio':>8}")
    for name in rounds[0][0]:
        runners = statistics.median(ours[name] for ours, _ in rounds)
        nothing = statistics.median(theirs[name] for _, theirs in rounds)
        ratio = statistics.median(ours[name] / theirs[name] for ours, theirs in rounds)
        print(f"{name:24}{runners:9.2f}{nothing:9.2f}{ratio:8.2f}")


if __name__ == "__main__":
    main()
