"""A preview as one Markdown comment.

No value of a property is shown but those in `_SHOWN_VALUES` and images: a preview may have been
made with its secrets in plain text.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final
from urllib.parse import quote

from kubiya_pulumi.cli.markdown import Table, code, code_block, codes, document
from kubiya_pulumi.cli.rbac_rows import HEADER, access_cells
from kubiya_pulumi.preview_report import (
    DEFAULT,
    UNKNOWN,
    Access,
    ImageChange,
    PreviewReport,
    ResourceRef,
    Step,
    is_incomplete,
)

MOST_BYTES: Final = 65_535
"""GitHub takes fewer than 65,536 characters, and GitLab more; bytes are never fewer."""

_RUNNER = "pulumi-python:dynamic/kubiya:Runner"
_SHOWN_VALUES = frozenset({"name", "description"})
"""Inputs of a runner whose values are shown, before and after."""
_OWN_TYPES = ("kubernetes:", "kubiya:", "pulumi-python:dynamic/kubiya:")
_MOST_MARKER_CHARACTERS = 200
_MOST_ERROR_CHARACTERS = 4_000
_MOST_WARNING_CHARACTERS = 1_000


def render(report: PreviewReport, name: str, most_bytes: int = MOST_BYTES) -> str:
    """Make the comment.

    Args:
        report: what to say.
        name: tells the comments of several stacks apart. It is in the first line, the marker
            by which a bot finds the comment that it made before.
        most_bytes: the room for the comment in UTF-8. What does not fit is cut by whole rows,
            and it says so.
    """
    shown = [table for table in _tables(report) if table.rows]
    return document([_marker(name), *_head(report)], shown, most_bytes)


def _tables(report: PreviewReport) -> Iterable[Table]:
    """All that there may be, the most important first."""
    changes, resource = report.changes, ("Type", "Name")
    replaced = [(*_resource(step), _because(step)) for step in changes.replaced]
    updated = [(*_resource(step), _properties(step, step.changed)) for step in changes.updated]
    yield Table("Replaced", (*resource, "For"), replaced)
    yield Table("Deleted", resource, [_resource(step) for step in changes.deleted])
    yield Table("RBAC", ("", *HEADER), _access_rows(report), _open_ends(report))
    yield Table("Images", ("Workload", "Before", "After"), [_image(i) for i in report.images])
    yield Table("Updated", (*resource, "What"), updated, folded=True)
    yield Table("Created", resource, [_resource(step) for step in changes.created], folded=True)
    yield Table("Imported", resource, [_resource(step) for step in changes.imported], folded=True)
    yield Table("Warnings", ("What was said",), _warnings(report), folded=True)


def _marker(name: str) -> str:
    # Two hyphens in a row may end a comment.
    safe = quote(name[:_MOST_MARKER_CHARACTERS], safe="/", errors="replace").replace("--", "-%2D")
    return f"<!-- {' '.join(filter(None, ('kubiya-pulumi preview-report', safe)))} -->"


def _head(report: PreviewReport) -> Iterable[str]:
    preview, changes = report.preview, report.changes
    yield f"### Preview of {code(preview.stack)}" if preview.stack else "### Preview"
    if preview.errors:
        yield "**The preview failed.** It ended with:"
        yield code_block("\n".join(preview.errors), _MOST_ERROR_CHARACTERS)
    if changes.unknown:
        yield (
            "**The manifest is not known yet, so its RBAC was not reviewed.** "
            f"Known only during the update: {_names(changes.unknown)}."
        )
    if changes.not_deleted:
        yield (
            f"Pulumi lists {len(changes.not_deleted):,} of their objects as deleted, for no other "
            "reason. They are left out here."
        )
    counts = {
        "replace": changes.replaced,
        "delete": changes.deleted,
        "update": changes.updated,
        "create": changes.created,
        "import": changes.imported,
    }
    words = [f"{len(steps):,} to {word}" for word, steps in counts.items() if steps]
    if words or not preview.errors:
        yield f"**{', '.join(words)}.**" if words else "Nothing to do."


def _names(unknown: Sequence[ResourceRef], most: int = 5) -> str:
    names = [f"{_kind(each.type)} {code(each.name)}" for each in unknown]
    return ", ".join(names[:most] + ["…"] * (len(names) > most))


def _kind(type_: str) -> str:
    """The last part of a type whose name alone says what it is, else all of it."""
    return code(type_.rpartition(":")[2] if type_.startswith(_OWN_TYPES) else type_)


def _resource(step: Step) -> tuple[str, str]:
    return _kind(step.urn.type), code(step.urn.name)


def _because(step: Step) -> str:
    """Why it is replaced, as far as the engine says; else what it waits to know."""
    if step.replaced_for:
        return _properties(step, step.replaced_for)
    inputs = step.new.inputs if step.new else {}
    unknown = [name for name, value in inputs.items() if value == UNKNOWN]
    return f"{codes(unknown)}, not known yet" if unknown else _properties(step, step.changed)


def _properties(step: Step, paths: Sequence[str]) -> str:
    """The paths; what may be shown of a runner with its values before and after."""
    shown = [path for path in paths if path in _SHOWN_VALUES and step.urn.type == _RUNNER]
    old = step.old.inputs if step.old else {}
    new = step.new.inputs if step.new else {}
    lines = [f"{code(path)}: {_value(old.get(path))} → {_value(new.get(path))}" for path in shown]
    others = codes(path for path in paths if path not in shown)
    return "<br>".join(filter(None, (*lines, others)))


def _value(value: object) -> str:
    return "none" if value is None else code(str(value))


def _access_rows(report: PreviewReport) -> list[tuple[str, ...]]:
    rows = [("gains", row) for row in report.access.gained]
    rows += [("loses", row) for row in report.access.lost]
    return [(word, *_access(row)) for word, row in rows]


def _access(row: Access) -> tuple[str, ...]:
    who, may, on, where, by = access_cells(row.grant, codes, "<br>")
    return (
        who,
        may,
        on,
        where if row.cluster == DEFAULT else f"{where} at {code(row.cluster.name)}",
        by,
    )


def _open_ends(report: PreviewReport) -> str:
    """Where the table does not tell everything, how to get one that does."""
    if report.preview.unchanged_listed:
        return ""
    return (
        "This preview leaves out what stays as it is, so it may not tell who is bound to a role. "
        "`pulumi preview --json --show-sames` does."
    )


def _image(change: ImageChange) -> tuple[str, ...]:
    return code(str(change.workload)), codes(change.removed), codes(change.added)


def _warnings(report: PreviewReport) -> list[tuple[str, ...]]:
    """Each line of each, but for what the head has said already."""
    texts = (text for text in report.preview.warnings if not is_incomplete(text))
    return [
        (code(line, _MOST_WARNING_CHARACTERS),)
        for text in texts
        for line in text.splitlines()
        if line.strip()
    ]
