"""Parse the output of `pulumi preview` and report what the update would change.

Pure functions of text: no engine, no Pulumi, no network.
"""

from __future__ import annotations

from kubiya_pulumi.preview_report.changes import Changes
from kubiya_pulumi.preview_report.errors import PreviewError
from kubiya_pulumi.preview_report.hidden import Hidden
from kubiya_pulumi.preview_report.objects import DEFAULT_PROVIDER, ImageChange
from kubiya_pulumi.preview_report.parser import parse_preview
from kubiya_pulumi.preview_report.preview import (
    PolicyRemediation,
    PolicyViolation,
    Preview,
    ResourceRef,
)
from kubiya_pulumi.preview_report.rbac_diff import ClusterGrant, RbacDiff
from kubiya_pulumi.preview_report.report import GateCondition, PreviewReport, build_report
from kubiya_pulumi.preview_report.steps import PropertyMap, State, Step, Urn
from kubiya_pulumi.preview_report.unreviewed import Reason, Unreviewed
from kubiya_pulumi.review.kubernetes.rbac import ANY_SUBJECT

__all__ = [
    "ANY_SUBJECT",
    "DEFAULT_PROVIDER",
    "Changes",
    "ClusterGrant",
    "GateCondition",
    "Hidden",
    "ImageChange",
    "PolicyRemediation",
    "PolicyViolation",
    "Preview",
    "PreviewError",
    "PreviewReport",
    "PropertyMap",
    "RbacDiff",
    "Reason",
    "ResourceRef",
    "State",
    "Step",
    "Unreviewed",
    "Urn",
    "build_report",
    "parse_preview",
]
