#!/usr/bin/env python3
"""Compare the engine's time with runners and with resources that do nothing, and time a review.

    make bench                                        10 and 100 runners, 3 rounds, and a review
    make bench BENCH="--counts 10,200 --rounds 5"     other numbers of runners and rounds
    make bench BENCH="--delay-ms 50 --parallel 64"    a slower API, a wider engine
    make bench BENCH="--with-health --counts 20"      also a manifest and a health gate for each
    make bench BENCH="--json FILE"                    add the measurements to a file
    make bench BENCH="--only review"                  only the review, without the engine

Absolute times differ between machines and between runs. Compare the ratios: in each round, both
programs run one after the other on the same machine. Resources that do nothing are the floor: no
provider in Python can be faster. The output is a set of Markdown tables.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench_engine import measure_round
from bench_report import engine_table
from bench_results import Scenario, read_results, write_results

from kubiya_pulumi.emulator import Emulator
from kubiya_pulumi.review import parse_manifest, review
from tests.harness.engine import accept_interrupts

REVIEWED_OBJECTS = 1_000


def compare_engine(scenario: Scenario, rounds: int, file: Path | None) -> None:
    """Print the table of a scenario, and add its measurements to a file."""
    results = [measure_round(scenario) for _ in range(rounds)]
    print(f"\n{engine_table(scenario, results)}", flush=True)
    if file is not None:
        earlier = read_results(file) if file.exists() else {}
        write_results(file, {**earlier, scenario: results})


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
        "--with-health", action="store_true", help="add a manifest and a health gate to each runner"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="add the measurements to a file")
    parser.add_argument(
        "--only", choices=("engine", "review"), help="run only one of the two benchmarks"
    )
    options = parser.parse_args()
    accept_interrupts()
    if options.only != "review":
        for count in options.counts.split(","):
            scenario = Scenario(int(count), options.delay_ms, options.parallel, options.with_health)
            compare_engine(scenario, options.rounds, options.json)
    if options.only != "engine":
        time_review(options.rounds)


if __name__ == "__main__":
    main()
