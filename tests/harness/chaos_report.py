"""A pytest plugin that reports the seed, and the number of examples of each random test."""

from __future__ import annotations

from collections.abc import Generator

import pytest

from tests.harness import chaos


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Record the number of examples in the report of a test."""
    before = chaos.taken["examples"]
    try:
        return (yield)
    finally:
        item.user_properties.append(("examples", chaos.taken["examples"] - before))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print a line for each random test."""
    terminalreporter.section(f"chaos: seed {chaos.SEED}, {chaos.COUNT} runs")
    for outcome in ("passed", "failed", "skipped"):
        for report in terminalreporter.getreports(outcome):
            properties = dict(getattr(report, "user_properties", ()))
            counts = [f"{count} {name}" for name, count in properties.get("counts", {}).items()]
            if properties.get("examples"):
                counts.insert(0, f"{properties['examples']} examples")
            if counts or outcome == "skipped":
                terminalreporter.write_line(f"{report.nodeid}: {outcome} {', '.join(counts)}")
