#!/usr/bin/env python3
"""Write the tables and the picture of docs/performance.md from measurements of `make bench`.

    make bench BENCH="--json docs/performance.json …"
    .venv-docs/bin/python tools/performance_page.py             rewrite the page and the picture
    .venv-docs/bin/python tools/performance_page.py --check     fail if the page is out of date

The page has a line `<!-- measurements -->` before the tables and `<!-- end -->` after them. The
picture needs Matplotlib, which `make docs` installs into `.venv-docs`; the tables do not.
"""

from __future__ import annotations

import statistics
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench_report import engine_table, ratio
from bench_results import Round, Scenario, read_results
from generated_pages import DOCS, is_check_requested, replace_part, write_or_check

PAGE = DOCS / "performance.md"
MEASUREMENTS = DOCS / "performance.json"
PICTURE = DOCS / "performance.svg"
PICTURED_COUNT = 200
PICTURED_DELAY_MS = 50
COLOR_OF_FLOOR, COLOR_OF_RUNNERS, COLOR_OF_TEXT = "#9e9e9e", "#5c6bc0", "#808080"


def tables(results: Mapping[Scenario, Sequence[Round]]) -> str:
    """Return the ratios of all scenarios, and the table of each one."""
    scenarios = sorted(results, key=_order)
    parts = [ratio_table({scenario: results[scenario] for scenario in scenarios})]
    for scenario in scenarios:
        title, _, table = engine_table(scenario, results[scenario]).partition("\n\n")
        summary = f"<summary>{title.replace('`', '')}</summary>"
        parts.append(f'<details markdown="1">{summary}\n\n{table}\n\n</details>')
    return "\n" + "\n\n".join(parts) + "\n\n"


def ratio_table(results: Mapping[Scenario, Sequence[Round]]) -> str:
    """Return a table of the ratios of the elapsed times, a row for each scenario."""
    commands = list(next(iter(results.values()))[0][0])
    lines = [
        f"| runners | ms per request | parallelism | {' | '.join(commands)} |",
        f"| --- | --- | --- |{' --- |' * len(commands)}",
    ]
    for scenario, rounds in results.items():
        cells = [
            f"{scenario.count:,}{' with health' if scenario.with_health else ''}",
            str(scenario.delay_ms),
            str(scenario.parallel or "default"),
            *(f"{ratio(command, rounds):.2f}" for command in commands),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def draw(results: Mapping[Scenario, Sequence[Round]], file: Path) -> None:
    """Draw the seconds of each command with runners and with the floor."""
    import matplotlib as mpl
    from matplotlib import pyplot

    mpl.rcParams |= {
        "svg.hashsalt": "performance",  # the same measurements give the same file
        "svg.fonttype": "none",
        "text.color": COLOR_OF_TEXT,
        "axes.labelcolor": COLOR_OF_TEXT,
        "axes.edgecolor": COLOR_OF_TEXT,
        "xtick.color": COLOR_OF_TEXT,
        "ytick.color": COLOR_OF_TEXT,
    }
    pictured = [
        scenario
        for scenario in sorted(results, key=_order)
        if (scenario.count, scenario.delay_ms) == (PICTURED_COUNT, PICTURED_DELAY_MS)
    ]
    figure, panels = pyplot.subplots(1, len(pictured), sharey=True, figsize=(8, 3), squeeze=False)
    for panel, scenario in zip(panels[0], pictured, strict=True):
        rounds = results[scenario]
        commands = list(rounds[0][0])
        for side, (name, color) in enumerate(
            [("runners", COLOR_OF_RUNNERS), ("floor", COLOR_OF_FLOOR)]
        ):
            seconds = [
                statistics.median(result[side][command].seconds for result in rounds)
                for command in commands
            ]
            positions = [number + 0.4 * side for number in range(len(commands))]
            bars = panel.barh(positions, seconds, height=0.38, color=color, label=name)
            panel.bar_label(bars, fmt="%.1f", padding=2, fontsize=8)
        panel.set_yticks([number + 0.2 for number in range(len(commands))])
        panel.set_yticklabels([command.replace("`", "") for command in commands])
        panel.set_title(f"parallelism: {scenario.parallel or 'default'}", fontsize=10)
        panel.set_xlabel("seconds")
        panel.spines[["top", "right"]].set_visible(False)
        panel.margins(x=0.12)
    panels[0][0].invert_yaxis()
    panels[0][-1].legend(frameon=False, labelcolor=COLOR_OF_TEXT)
    figure.tight_layout()
    figure.savefig(file, transparent=True, metadata={"Date": None, "Creator": None})


def main() -> int:
    """Rewrite or check the page, and return the exit status."""
    check = is_check_requested("Write the tables and the picture of docs/performance.md.")
    results = read_results(MEASUREMENTS)
    if not check:
        draw(results, PICTURE)
    page = replace_part(PAGE.read_text("utf-8"), "measurements", tables(results))
    return write_or_check({PAGE: page}, check=check)


def _order(scenario: Scenario) -> tuple[bool, int, int, int]:
    return (scenario.with_health, scenario.delay_ms, scenario.count, scenario.parallel or 0)


if __name__ == "__main__":
    sys.exit(main())
