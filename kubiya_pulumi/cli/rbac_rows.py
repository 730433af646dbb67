"""Format a grant as the cells of a row, for each output format of a report."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from kubiya_pulumi.review import Grant
from kubiya_pulumi.review.kubernetes.rbac import ANY_SUBJECT

HEADER = ("Subject", "Verbs", "Resources", "Scope", "Granted by")


def grant_cells(
    grant: Grant, format_names: Callable[[Iterable[str]], str], line_break: str
) -> tuple[str, str, str, str, str]:
    """Return the cells of a grant, in the order of `HEADER`.

    Args:
        grant: the grant.
        format_names: formats untrusted names in the output format.
        line_break: begins a new line inside a cell.
    """
    groups = [group or "core" for group in grant.api_groups] if any(grant.api_groups) else []
    resources = format_names((*grant.resources, *grant.non_resource_urls))
    resources += f" of {format_names(groups)}" if groups else ""
    resources += f" named {format_names(grant.resource_names)}" if grant.is_named else ""
    return (
        _subject(grant, format_names, line_break),
        "all that the role allows" if grant.rules_unknown else format_names(grant.verbs),
        resources,
        "the whole cluster" if grant.namespace is None else format_names([grant.namespace]),
        format_names(name for name in (grant.role, grant.binding) if name),
    )


def _subject(grant: Grant, format_names: Callable[[Iterable[str]], str], line_break: str) -> str:
    if grant.subject == ANY_SUBJECT:
        return "any bound subject"
    users = f"{line_break}used by {format_names(grant.workloads)}" if grant.workloads else ""
    return format_names([str(grant.subject)]) + users
