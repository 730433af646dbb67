"""Render a preview report as a Markdown comment.

A preview may have been made with its secrets in plain text. The comment therefore shows no values
of properties, except for images and `SHOWN_RUNNER_INPUTS`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from urllib.parse import quote

from kubiya_pulumi.cli.markdown import Table, code, code_block, codes, render_document
from kubiya_pulumi.cli.rbac_rows import HEADER, grant_cells
from kubiya_pulumi.declarations import RUNNER, TYPE_PREFIX
from kubiya_pulumi.preview_report import (
    DEFAULT_PROVIDER,
    UNKNOWN,
    ClusterGrant,
    ImageChange,
    PreviewReport,
    ResourceRef,
    Step,
    is_incomplete_warning,
)

MAX_BYTES = 65_535
"""GitHub accepts fewer than 65,536 characters, and GitLab accepts more. A character is at least
one byte."""

SHOWN_RUNNER_INPUTS = frozenset({"name", "description"})
"""The inputs of a runner whose values a report may show. All other inputs may hold a secret."""

_SHORTENED_TYPES = ("kubernetes:", "kubiya:", TYPE_PREFIX)
"""Prefixes of types that are clear from their last part alone."""
_MAX_MARKER_LENGTH = 200
_MAX_ERROR_LENGTH = 4_000
_MAX_WARNING_LENGTH = 1_000
_MAX_UNKNOWN_RESOURCES = 5


def render(report: PreviewReport, name: str, max_bytes: int = MAX_BYTES) -> str:
    """Render the comment.

    Args:
        report: the report to render.
        name: distinguishes the comments of several stacks. It is part of the first line, the
            marker by which a bot finds its earlier comment.
        max_bytes: the size limit in bytes of UTF-8. Whole rows are omitted to stay within it,
            and the comment says how many.
    """
    tables = [table for table in _tables(report) if table.rows]
    return render_document([_marker(name), *_paragraphs(report)], tables, max_bytes)


def _tables(report: PreviewReport) -> Iterator[Table]:
    """Yield all tables, in the order of their importance."""
    changes, resource = report.changes, ("Type", "Name")
    replaced = [(*_resource(step), _replace_reason(step)) for step in changes.replaced]
    updated = [
        (*_resource(step), _properties(step, step.changed_paths)) for step in changes.updated
    ]
    yield Table("Replaced", (*resource, "Reason"), replaced)
    yield Table("Deleted", resource, [_resource(step) for step in changes.deleted])
    yield Table("RBAC", ("Change", *HEADER), _rbac_rows(report), _rbac_note(report))
    yield Table("Images", ("Workload", "Before", "After"), list(map(_image_row, report.images)))
    yield Table("Updated", (*resource, "Properties"), updated, folded=True)
    yield Table("Created", resource, [_resource(step) for step in changes.created], folded=True)
    yield Table("Imported", resource, [_resource(step) for step in changes.imported], folded=True)
    yield Table("Warnings", ("Message",), _warning_rows(report), folded=True)


def _marker(name: str) -> str:
    # Two hyphens in a row may end a comment.
    safe = quote(name[:_MAX_MARKER_LENGTH], safe="/", errors="replace").replace("--", "-%2D")
    return f"<!-- {' '.join(filter(None, ('kubiya-pulumi preview-report', safe)))} -->"


def _paragraphs(report: PreviewReport) -> Iterator[str]:
    preview, changes = report.preview, report.changes
    yield f"### Preview of {code(preview.stack)}" if preview.stack else "### Preview"
    if preview.errors:
        yield "**The preview failed.** It ended with:"
        yield code_block("\n".join(preview.errors), _MAX_ERROR_LENGTH)
    if changes.unknown:
        yield (
            "**The manifest is unknown until the update, so its RBAC was not reviewed.** "
            f"Unknown: {_resource_names(changes.unknown)}."
        )
    if changes.spurious_deletes:
        yield (
            f"Pulumi lists {len(changes.spurious_deletes):,} of their objects as deleted for this "
            "reason alone. This report omits them."
        )
    counts = {
        "replace": changes.replaced,
        "delete": changes.deleted,
        "update": changes.updated,
        "create": changes.created,
        "import": changes.imported,
    }
    summary = [f"{len(steps):,} to {verb}" for verb, steps in counts.items() if steps]
    if summary or not preview.errors:
        yield f"**{', '.join(summary)}.**" if summary else "Nothing to do."


def _resource_names(resources: Sequence[ResourceRef]) -> str:
    shown = [
        f"{_type(resource.type)} {code(resource.name)}"
        for resource in resources[:_MAX_UNKNOWN_RESOURCES]
    ]
    return ", ".join(shown + ["…"] * (len(resources) > _MAX_UNKNOWN_RESOURCES))


def _type(token: str) -> str:
    return code(token.rpartition(":")[2] if token.startswith(_SHORTENED_TYPES) else token)


def _resource(step: Step) -> tuple[str, str]:
    return _type(step.urn.type), code(step.urn.name)


def _replace_reason(step: Step) -> str:
    """Return the properties that force the replacement, or those that may force it."""
    if step.replace_reasons:
        return _properties(step, step.replace_reasons)
    inputs = step.new.inputs if step.new else {}
    unknown = [name for name, value in inputs.items() if value == UNKNOWN]
    if unknown:
        return f"{codes(unknown)}, unknown until the update"
    return _properties(step, step.changed_paths)


def _properties(step: Step, paths: Sequence[str]) -> str:
    """Return the paths, and the values before and after of those that may be shown."""
    shown = [
        path for path in paths if step.urn.type == RUNNER.type_token and path in SHOWN_RUNNER_INPUTS
    ]
    old = step.old.inputs if step.old else {}
    new = step.new.inputs if step.new else {}
    lines = [f"{code(path)}: {_value(old.get(path))} → {_value(new.get(path))}" for path in shown]
    hidden = codes(path for path in paths if path not in shown)
    return "<br>".join(filter(None, (*lines, hidden)))


def _value(value: object) -> str:
    return "none" if value is None else code(str(value))


def _rbac_rows(report: PreviewReport) -> list[tuple[str, ...]]:
    changes = {"gained": report.rbac.gained, "lost": report.rbac.lost}
    return [(change, *_grant_row(grant)) for change, grants in changes.items() for grant in grants]


def _grant_row(row: ClusterGrant) -> tuple[str, ...]:
    subject, verbs, resources, scope, granted_by = grant_cells(row.grant, codes, "<br>")
    if row.cluster != DEFAULT_PROVIDER:
        scope = f"{scope} at {code(row.cluster.name)}"
    return subject, verbs, resources, scope, granted_by


def _rbac_note(report: PreviewReport) -> str:
    """Return how to get a complete table, if this preview does not list all resources."""
    if report.preview.unchanged_listed:
        return ""
    return (
        "This preview omits unchanged resources, so the subjects that are bound to a role may be "
        "missing. Run `pulumi preview --json --show-sames` to include them."
    )


def _image_row(change: ImageChange) -> tuple[str, ...]:
    return code(str(change.workload)), codes(change.removed), codes(change.added)


def _warning_rows(report: PreviewReport) -> list[tuple[str, ...]]:
    """Return a row for each line, except for warnings that the paragraphs already mention."""
    return [
        (code(line, _MAX_WARNING_LENGTH),)
        for warning in report.preview.warnings
        if not is_incomplete_warning(warning)
        for line in warning.splitlines()
        if line.strip()
    ]
