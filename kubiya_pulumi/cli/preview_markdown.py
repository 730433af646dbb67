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
    ClusterGrant,
    Hidden,
    ImageChange,
    PolicyRemediation,
    PolicyViolation,
    PreviewReport,
    ResourceRef,
    Step,
    Unreviewed,
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
_RESOURCE = ("Type", "Name")
_VIOLATION_HEADER = ("Policy", "Resource", "Message")


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
    preview, changes = report.preview, report.changes
    mandatory = [_violation_row(entry) for entry in preview.violations if entry.is_mandatory]
    advisory = [_violation_row(entry) for entry in preview.violations if not entry.is_mandatory]
    replaced = [(*_resource(step), _replace_reason(step)) for step in changes.replaced]
    updated = [
        (*_resource(step), _properties(step, step.changed_paths)) for step in changes.updated
    ]
    yield Table("Mandatory policy violations", _VIOLATION_HEADER, mandatory)
    yield Table("Not reviewed", (*_RESOURCE, "Reason"), list(map(_reason_row, report.unreviewed)))
    yield Table("Replaced", (*_RESOURCE, "Reason"), replaced)
    yield Table("Deleted", _RESOURCE, _resources(changes.deleted))
    yield Table("Removed from the stack, kept in place", _RESOURCE, _resources(changes.kept))
    yield Table("RBAC", ("Change", *HEADER), _rbac_rows(report), _rbac_note(report))
    yield Table("Images", ("Workload", "Before", "After"), list(map(_image_row, report.images)))
    yield Table("Advisory policy violations", _VIOLATION_HEADER, advisory)
    yield Table(
        "Changed by a policy",
        ("Policy", "Resource"),
        list(map(_remediation_row, preview.remediations)),
    )
    yield Table("Updated", (*_RESOURCE, "Properties"), updated, folded=True)
    yield Table("Created", _RESOURCE, _resources(changes.created), folded=True)
    yield Table("Imported", _RESOURCE, _resources(changes.imported), folded=True)
    yield Table(
        "Removed from the stack, already deleted",
        _RESOURCE,
        _resources(changes.forgotten),
        folded=True,
    )
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
    if violations := sum(violation.is_mandatory for violation in preview.violations):
        yield f"**Mandatory policies are violated** ({violations:,}), so the update cannot run."
    if report.unreviewed:
        count = len({unreviewed.resource for unreviewed in report.unreviewed})
        resources = "1 resource was" if count == 1 else f"{count:,} resources were"
        yield f"**{resources} not reviewed**, at least not wholly. See the reasons below."
    if changes.spurious_deletes:
        yield (
            f"Pulumi lists {len(changes.spurious_deletes):,} objects as deleted only because their "
            "component is unknown until the update. This report omits them."
        )
    counts = {
        "replace": changes.replaced,
        "delete": changes.deleted,
        "remove from the stack": (*changes.kept, *changes.forgotten),
        "update": changes.updated,
        "create": changes.created,
        "import": changes.imported,
    }
    summary = [f"{len(steps):,} to {verb}" for verb, steps in counts.items() if steps]
    if summary or not (preview.has_failed or report.unreviewed):
        yield f"**{', '.join(summary)}.**" if summary else "Nothing to do."


def _type(token: str) -> str:
    return code(token.rpartition(":")[2] if token.startswith(_SHORTENED_TYPES) else token)


def _resource(step: Step) -> tuple[str, str]:
    return _type(step.urn.type), code(step.urn.name)


def _resources(steps: Sequence[Step]) -> list[tuple[str, ...]]:
    return [_resource(step) for step in steps]


def _reason_row(unreviewed: Unreviewed) -> tuple[str, ...]:
    resource, reason, paths = unreviewed
    text = f"{codes(paths)}: {reason}" if paths else reason
    return _type(resource.type), code(resource.name), text


def _violation_row(violation: PolicyViolation) -> tuple[str, ...]:
    message = code(violation.message, _MAX_WARNING_LENGTH)
    return _policy(violation), _policy_resource(violation.resource), message


def _remediation_row(remediation: PolicyRemediation) -> tuple[str, ...]:
    return _policy(remediation), _policy_resource(remediation.resource)


def _policy(entry: PolicyViolation | PolicyRemediation) -> str:
    return f"{code(entry.policy)} of {code(entry.pack)}"


def _policy_resource(resource: ResourceRef | None) -> str:
    return f"{_type(resource.type)} {code(resource.name)}" if resource else "the stack"


def _replace_reason(step: Step) -> str:
    """Return the properties that force the replacement, or those that may force it."""
    if step.replace_reasons:
        return _properties(step, step.replace_reasons)
    inputs = step.new.inputs if step.new else {}
    unknown = [name for name, value in inputs.items() if value is Hidden.UNKNOWN]
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
    """Return a row for each line of each warning."""
    return [
        (code(line, _MAX_WARNING_LENGTH),)
        for warning in report.preview.warnings
        for line in warning.splitlines()
        if line.strip()
    ]
