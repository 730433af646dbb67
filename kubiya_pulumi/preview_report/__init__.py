"""Parse the output of `pulumi preview --json` and report what the update would change.

Pure functions of text: no engine, no Pulumi, no network.
"""

from __future__ import annotations

from kubiya_pulumi.preview_report.changes import Changes, ResourceRef, is_incomplete_warning
from kubiya_pulumi.preview_report.objects import DEFAULT_PROVIDER, ImageChange
from kubiya_pulumi.preview_report.parser import UNKNOWN, Preview, PreviewError, parse_preview
from kubiya_pulumi.preview_report.plan import PropertyMap, State, Step, Urn
from kubiya_pulumi.preview_report.rbac_diff import ANY_SUBJECT, ClusterGrant, RbacDiff
from kubiya_pulumi.preview_report.report import GateCondition, PreviewReport, build_report

__all__ = [
    "ANY_SUBJECT",
    "DEFAULT_PROVIDER",
    "UNKNOWN",
    "Changes",
    "ClusterGrant",
    "GateCondition",
    "ImageChange",
    "Preview",
    "PreviewError",
    "PreviewReport",
    "PropertyMap",
    "RbacDiff",
    "ResourceRef",
    "State",
    "Step",
    "Urn",
    "build_report",
    "is_incomplete_warning",
    "parse_preview",
]
