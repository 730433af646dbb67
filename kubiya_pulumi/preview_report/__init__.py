"""What `pulumi preview --json` says that an update would do.

Pure functions of its text: no engine, no Pulumi, no network.
"""

from kubiya_pulumi.preview_report.changes import Changes, ResourceRef, is_incomplete
from kubiya_pulumi.preview_report.objects import DEFAULT, ImageChange
from kubiya_pulumi.preview_report.parser import UNKNOWN, Preview, PreviewError, read_preview
from kubiya_pulumi.preview_report.plan import Properties, State, Step, Urn
from kubiya_pulumi.preview_report.rbac_diff import WHOEVER_IS_BOUND, Access, AccessChange
from kubiya_pulumi.preview_report.report import Condition, PreviewReport, report_on

__all__ = [
    "DEFAULT",
    "UNKNOWN",
    "WHOEVER_IS_BOUND",
    "Access",
    "AccessChange",
    "Changes",
    "Condition",
    "ImageChange",
    "Preview",
    "PreviewError",
    "PreviewReport",
    "Properties",
    "ResourceRef",
    "State",
    "Step",
    "Urn",
    "is_incomplete",
    "read_preview",
    "report_on",
]
