"""The report on a preview: its changes, its RBAC and its images."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from kubiya_pulumi.preview_report.changes import Changes, find_changes
from kubiya_pulumi.preview_report.errors import PreviewError
from kubiya_pulumi.preview_report.objects import (
    ImageChange,
    image_changes,
    objects_before_and_after,
)
from kubiya_pulumi.preview_report.preview import Preview
from kubiya_pulumi.preview_report.rbac_diff import RbacDiff, diff_rbac
from kubiya_pulumi.preview_report.unreviewed import Unreviewed, find_unreviewed
from kubiya_pulumi.review import ManifestError


class GateCondition(StrEnum):
    """A property of a preview that can fail a check."""

    REPLACE = "replace"
    """A resource would be replaced."""
    DELETE = "delete"
    """A resource would be deleted."""
    RBAC = "rbac"
    """A subject would gain or lose a permission."""
    UNREVIEWED = "unreviewed"
    """A resource was not reviewed, or not wholly: its content is unknown, secret or missing."""


@dataclass(frozen=True)
class PreviewReport:
    """What an update would do, according to its preview."""

    preview: Preview
    changes: Changes
    rbac: RbacDiff
    images: tuple[ImageChange, ...]
    unreviewed: tuple[Unreviewed, ...]
    """The resources that were not reviewed, or not wholly."""

    @property
    def conditions(self) -> frozenset[GateCondition]:
        """The gate conditions that this preview meets."""
        matches = {
            GateCondition.REPLACE: self.changes.replaced,
            GateCondition.DELETE: self.changes.deleted,
            GateCondition.RBAC: self.rbac.gained or self.rbac.lost,
            GateCondition.UNREVIEWED: self.unreviewed,
        }
        return frozenset(condition for condition, evidence in matches.items() if evidence)


def build_report(preview: Preview) -> PreviewReport:
    """Report what an update would do.

    Raises:
        PreviewError: the preview has a step of an unknown kind, or more roles and bindings than
            can be compared.
    """
    changes = find_changes(preview)
    before, after = objects_before_and_after(preview, changes)
    try:
        rbac = diff_rbac(before, after, unchanged_listed=preview.unchanged_listed)
    except ManifestError as error:
        raise PreviewError(f"{error}, so its RBAC cannot be compared.") from None
    unreviewed = find_unreviewed(preview, changes)
    return PreviewReport(preview, changes, rbac, image_changes(changes), unreviewed)
