"""What an import shows on a terminal: the runners as a table, and the progress of requests."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TextIO, TypeVar

from rich.console import Console
from rich.progress import track
from rich.table import Table
from rich.text import Text

from kubiya_pulumi.api import ComponentHealth, Runner
from kubiya_pulumi.cli.console import buffered_console
from kubiya_pulumi.importing.candidates import Candidate
from kubiya_pulumi.lifecycle.ownership import describe_owner
from kubiya_pulumi.text import sanitize

T = TypeVar("T")

_COMPONENTS = ("runner_health", "tool_manager_health", "agent_manager_health")


def render(candidates: Sequence[Candidate], terminal: TextIO) -> str:
    """Render a row for each runner: its name, Pulumi's name for it, its owner and its health.

    Args:
        candidates: the runners.
        terminal: where the result will be written.
    """
    console, result = buffered_console(terminal)
    table = Table("Runner", "Resource", "Owner", "Health", box=None, pad_edge=False)
    for candidate in candidates:
        runner = candidate.runner
        cells = (runner.name, candidate.resource_name, describe_owner(runner) or "unknown")
        table.add_row(*(Text(sanitize(cell)) for cell in cells), Text(describe_health(runner)))
    console.print(table)
    return result.getvalue()


def describe_health(runner: Runner) -> str:
    """Return the health that the list reports: `healthy`, or each other status."""
    reported = {
        name.removesuffix("_health").replace("_", "-"): _status(health)
        for name in _COMPONENTS
        if (health := getattr(runner, name)) is not None
    }
    if not reported:
        return "not reported"
    statuses = set(reported.values())
    if len(statuses) == 1:
        return statuses.pop()
    return ", ".join(f"{name} {status}" for name, status in reported.items())


def _status(health: ComponentHealth) -> str:
    return sanitize(health.status or health.health or "not reported")


def track_requests(items: Iterable[T], total: int) -> Iterable[T]:
    """Show a progress bar on the terminal of standard error while the items are computed."""
    console = Console(stderr=True)
    return track(
        items,
        "Reading runners",
        total=total,
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
