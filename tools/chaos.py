#!/usr/bin/env python3
"""Run the random tests with more examples than `make test`, from a seed that reproduces them.

    make chaos                      10 runs, from a random seed
    make chaos CHAOS="42"           10 runs, from seed 42
    make chaos CHAOS="42 100"       100 runs, from seed 42

A run is one run of the engine in each test that uses it. A test without the engine tries some
hundreds of examples per run.
"""

from __future__ import annotations

import argparse
import os
import secrets
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TESTS = (
    "tests/fuzz",
    "tests/review/test_reading_like_kubernetes.py",
    "tests/lifecycle/test_runner_faults.py",
    "tests/engine/test_crash.py",
    "tests/engine/test_faults.py",
    "tests/engine/test_stack_changes.py",
)
SEEDS = 2**32
SECONDS_PER_RUN = 300
"""How much each run adds to the timeout of a test; enough for a slow machine."""


def main() -> int:
    """Run the tests and return the exit status of pytest."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("seed", type=number(0, SEEDS - 1), nargs="?", help="default: random")
    parser.add_argument(
        "count", type=number(1, 10_000), nargs="?", default=10, help="number of runs; default: 10"
    )
    parser.add_argument(
        "--workers", type=number(1, 64), default=2, help="number of processes; default: 2"
    )
    options = parser.parse_args()
    seed = secrets.randbelow(SEEDS) if options.seed is None else options.seed
    print(f"chaos: seed {seed}, {options.count} runs", flush=True)
    result = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", *TESTS, "-n", str(options.workers)),
            *("-p", "tests.harness.chaos_report"),
            f"--timeout={600 + SECONDS_PER_RUN * options.count}",
        ],
        cwd=ROOT,
        env={
            **os.environ,
            "KUBIYA_CHAOS_SEED": str(seed),
            "KUBIYA_CHAOS_COUNT": str(options.count),
        },
        check=False,
    )
    print(f'chaos: to reproduce: make chaos CHAOS="{seed} {options.count}"')
    return result.returncode


def number(minimum: int, maximum: int) -> Callable[[str], int]:
    """Return a function that parses a whole number between two bounds, for argparse."""

    def parse(text: str) -> int:
        value = int(text)
        if not minimum <= value <= maximum:
            raise argparse.ArgumentTypeError(f"must be from {minimum} to {maximum}")
        return value

    return parse


if __name__ == "__main__":
    sys.exit(main())
