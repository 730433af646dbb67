#!/usr/bin/env python3
"""The random tests, larger than `make test` has them, from a seed that repeats them.

    make chaos                      10 runs, from a seed that is drawn
    make chaos CHAOS="42"           10 runs, from seed 42
    make chaos CHAOS="42 100"       100 runs, from seed 42

A run is one of the engine, in each test that has it; a test without the engine takes some
hundreds of examples for each.
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
    "tests/lifecycle/test_runner_in_trouble.py",
    "tests/engine/test_crash.py",
    "tests/engine/test_faults.py",
)
SEEDS = 2**32
SECONDS_A_RUN = 300
"""The longest that a test may take for each run, however slow the machine is."""


def main() -> int:
    """Run the tests, and give pytest's status."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("seed", type=number(0, SEEDS - 1), nargs="?", help="default: drawn")
    parser.add_argument("count", type=number(1, 10_000), nargs="?", default=10, help="default: 10")
    parser.add_argument("--workers", type=number(1, 64), default=2, help="processes; default: 2")
    options = parser.parse_args()
    seed = secrets.randbelow(SEEDS) if options.seed is None else options.seed
    print(f"chaos: seed {seed}, {options.count} runs", flush=True)
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", *TESTS, "-n", str(options.workers)),
            *("-p", "tests.harness.chaos_report"),
            f"--timeout={600 + SECONDS_A_RUN * options.count}",
        ],
        cwd=ROOT,
        env={
            **os.environ,
            "KUBIYA_CHAOS_SEED": str(seed),
            "KUBIYA_CHAOS_COUNT": str(options.count),
        },
        check=False,
    )
    print(f'chaos: the same again: make chaos CHAOS="{seed} {options.count}"')
    return done.returncode


def number(least: int, most: int) -> Callable[[str], int]:
    """Make the reader of a whole number."""

    def read(text: str) -> int:
        value = int(text)
        if not least <= value <= most:
            raise argparse.ArgumentTypeError(f"from {least} to {most}")
        return value

    return read


if __name__ == "__main__":
    sys.exit(main())
