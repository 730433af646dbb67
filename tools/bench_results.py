"""The measurements of `make bench`, and the file that keeps them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

FIRST_UP = "`up`, first"


@dataclass(frozen=True)
class Scenario:
    """What to measure."""

    count: int
    """The number of runners."""
    delay_ms: int
    """The time that the API takes for each request, in milliseconds."""
    parallel: int | None
    """The engine's parallelism. None: its default, four operations for each processor."""
    with_health: bool = False
    """Whether each runner has a `RunnerManifest` and a `RunnerHealth`."""

    @property
    def title(self) -> str:
        """A description, for a heading."""
        width = f"`--parallel {self.parallel}`" if self.parallel else "default parallelism"
        noun = "runner" if self.count == 1 else "runners"
        health = " with manifest and health" if self.with_health else ""
        return f"{self.count:,} {noun}{health}, {self.delay_ms} ms per request, {width}"


@dataclass(frozen=True)
class Measurement:
    """What one command of the engine took."""

    seconds: float
    """The elapsed time."""
    cpu_seconds: float
    """The processor time of the engine, the program and the plugin."""
    service_cpu_seconds: float
    """The processor time of the emulated service and of this program."""
    calls: dict[str, int]
    """The API calls, by operation."""
    max_concurrent: int
    """The largest number of requests that were in progress at the same time."""
    connections: int
    """The connections that the client opened."""
    peak_bytes: dict[str, int]
    """The peak resident memory of the program and of the plugin."""
    state_bytes: int
    """The size of the state after the command."""


Round = tuple[dict[str, Measurement], dict[str, Measurement]]
"""The measurements of the runners and of the floor, by command."""


def write_results(file: Path, results: Mapping[Scenario, Sequence[Round]]) -> None:
    """Write measurements to a file, for `read_results`."""
    entries = [
        {
            "scenario": asdict(scenario),
            "rounds": [
                [{name: asdict(item) for name, item in side.items()} for side in result]
                for result in rounds
            ],
        }
        for scenario, rounds in results.items()
    ]
    file.write_text(json.dumps(entries, indent=1) + "\n")


def read_results(file: Path) -> dict[Scenario, list[Round]]:
    """Return the measurements in a file that `write_results` wrote."""
    results = {}
    for entry in json.loads(file.read_text()):
        rounds = [
            (
                {name: Measurement(**item) for name, item in ours.items()},
                {name: Measurement(**item) for name, item in floor.items()},
            )
            for ours, floor in entry["rounds"]
        ]
        results[Scenario(**entry["scenario"])] = rounds
    return results
