"""The measurements of `make bench` as Markdown tables, with medians of all rounds."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence

from bench_results import FIRST_UP, Measurement, Round, Scenario

HEADERS = (
    "command",
    "floor, s",
    "runners, s",
    "ratio",
    "CPU ratio",
    "calls",
    "at once",
    "connections",
)


def engine_table(scenario: Scenario, rounds: Sequence[Round]) -> str:
    """Return the table of a scenario, with a heading and the memory and state sizes below it."""
    noun = "round" if len(rounds) == 1 else "rounds"
    lines = [f"{scenario.title}, {len(rounds)} {noun}", ""]
    lines += [_row(HEADERS), _row(["---"] * len(HEADERS))]
    lines += [_row(_cells(command, rounds)) for command in rounds[0][0]]
    return "\n".join([*lines, "", _sizes(scenario, rounds)])


def ratio(command: str, rounds: Sequence[Round]) -> float:
    """Return the median of the rounds' ratios of the elapsed times, runners to floor."""
    return _median_ratio(command, rounds, lambda item: item.seconds)


def _cells(command: str, rounds: Sequence[Round]) -> Iterator[str]:
    runners = [ours[command] for ours, _ in rounds]
    yield command
    yield f"{statistics.median(floor[command].seconds for _, floor in rounds):.2f}"
    yield f"{statistics.median(item.seconds for item in runners):.2f}"
    yield f"{ratio(command, rounds):.2f}"
    yield f"{_median_ratio(command, rounds, lambda item: item.cpu_seconds):.2f}"
    yield _calls(sorted(runners, key=lambda item: sum(item.calls.values()))[len(rounds) // 2])
    yield str(max(item.max_concurrent for item in runners))
    yield str(max(item.connections for item in runners))


def _median_ratio(
    command: str, rounds: Sequence[Round], value: Callable[[Measurement], float]
) -> float:
    return statistics.median(value(ours[command]) / value(floor[command]) for ours, floor in rounds)


def _calls(measurement: Measurement) -> str:
    calls = measurement.calls
    if not calls:
        return "0"
    operations = ", ".join(f"{name} {number:,}" for name, number in calls.items())
    return f"{sum(calls.values()):,} ({operations})"


def _sizes(scenario: Scenario, rounds: Sequence[Round]) -> str:
    """Return the sizes of the processes and of a runner in the state, with those of the floor."""
    texts = []
    for process in ("program", "plugin"):
        peaks = [_peak(process, [result[side] for result in rounds]) for side in (0, 1)]
        texts.append(f"{process} {peaks[0] / 2**20:.0f} MiB (floor {peaks[1] / 2**20:.0f})")
    first = [(ours[FIRST_UP], floor[FIRST_UP]) for ours, floor in rounds]
    state = statistics.median(ours.state_bytes for ours, _ in first) / scenario.count
    state_of_floor = statistics.median(floor.state_bytes for _, floor in first) / scenario.count
    service = statistics.median(ours.service_cpu_seconds for ours, _ in first)
    return (
        f"Peak memory: {', '.join(texts)}. State of a runner: {state:,.0f} bytes "
        f"(floor {state_of_floor:,.0f}). The emulated service took {service:.1f} s of the "
        "processors in the first `up`."
    )


def _peak(process: str, sides: Sequence[Mapping[str, Measurement]]) -> int:
    return max(item.peak_bytes.get(process, 0) for side in sides for item in side.values())


def _row(cells: Iterator[str] | Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
