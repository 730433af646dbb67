"""A plugin of pytest that says at the end from which seed each test took how many examples."""

from __future__ import annotations

from collections.abc import Generator

import pytest

from tests.harness import chaos


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Note the examples of a test with its report."""
    before = chaos.taken["examples"]
    try:
        return (yield)
    finally:
        item.user_properties.append(("examples", chaos.taken["examples"] - before))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print a line for each test that draws anything."""
    terminalreporter.section(f"chaos: seed {chaos.SEED}, {chaos.COUNT} runs")
    for outcome in ("passed", "failed", "skipped"):
        for report in terminalreporter.getreports(outcome):
            noted = dict(getattr(report, "user_properties", ()))
            words = [f"{count} {what}" for what, count in noted.get("counts", {}).items()]
            if noted.get("examples"):
                words.insert(0, f"{noted['examples']} examples")
            if words or outcome == "skipped":
                terminalreporter.write_line(f"{report.nodeid}: {outcome} {', '.join(words)}")
