"""A row of the table of access in words, for every format of a report."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from kubiya_pulumi.preview_report import WHOEVER_IS_BOUND
from kubiya_pulumi.review import Grant

HEADER = ("Who", "May", "On", "Where", "By")


def access_cells(
    grant: Grant, names: Callable[[Iterable[str]], str], new_line: str
) -> tuple[str, str, str, str, str]:
    """Who may do what, on what, where, and by which role and binding.

    Args:
        grant: the row.
        names: writes names of others in the format of the report.
        new_line: what begins a new line inside a cell.
    """
    groups = [group or "core" for group in grant.api_groups] if any(grant.api_groups) else []
    on = names((*grant.resources, *grant.non_resource_urls))
    on += f" of {names(groups)}" if groups else ""
    on += f" named {names(grant.resource_names)}" if grant.resource_names else ""
    return (
        _who(grant, names, new_line),
        names(grant.verbs) if grant.verbs else "all that the role allows",
        on,
        "the whole cluster" if grant.namespace is None else names([grant.namespace]),
        names(each for each in (grant.role, grant.binding) if each),
    )


def _who(grant: Grant, names: Callable[[Iterable[str]], str], new_line: str) -> str:
    if grant.subject == WHOEVER_IS_BOUND:
        return "whoever is bound"
    runs = f"{new_line}used by {names(grant.workloads)}" if grant.workloads else ""
    return names([str(grant.subject)]) + runs
