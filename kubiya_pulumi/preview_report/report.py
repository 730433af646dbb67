"""All that a reader of a preview has to know."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from kubiya_pulumi.preview_report.changes import Changes, changes_in
from kubiya_pulumi.preview_report.objects import ImageChange, before_and_after, image_changes
from kubiya_pulumi.preview_report.parser import Preview, PreviewError
from kubiya_pulumi.preview_report.rbac_diff import AccessChange, access_change
from kubiya_pulumi.review import ManifestError


class Condition(StrEnum):
    """What a gate on previews can ask for."""

    REPLACE = "replace"
    """A resource would be replaced."""
    DELETE = "delete"
    """A resource would be deleted."""
    RBAC = "rbac"
    """The table of access would change."""
    UNREVIEWED = "unreviewed"
    """A manifest is not known yet, so nobody can tell what it asks for."""


@dataclass(frozen=True)
class PreviewReport:
    """What an update would do, found out from a preview of it."""

    preview: Preview
    changes: Changes
    access: AccessChange
    images: tuple[ImageChange, ...]

    @property
    def conditions(self) -> frozenset[Condition]:
        """What of all that a gate can ask for is so."""
        so = {
            Condition.REPLACE: self.changes.replaced,
            Condition.DELETE: self.changes.deleted,
            Condition.RBAC: self.access.gained or self.access.lost,
            Condition.UNREVIEWED: self.changes.unknown,
        }
        return frozenset(condition for condition, found in so.items() if found)


def report_on(preview: Preview) -> PreviewReport:
    """Find out what an update would do.

    Raises:
        PreviewError: the preview has steps of a kind that is not known, or more roles and
            bindings than can be compared.
    """
    changes = changes_in(preview)
    before, after = before_and_after(preview, changes)
    try:
        access = access_change(before, after, all_listed=preview.unchanged_listed)
    except ManifestError as error:
        raise PreviewError(f"{error}, so its RBAC cannot be compared.") from None
    return PreviewReport(preview, changes, access, image_changes(changes))
