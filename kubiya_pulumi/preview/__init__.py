"""What `pulumi preview --json` says that an update would do.

Pure functions of its text: no engine, no Pulumi, no network.
"""

from kubiya_pulumi.preview.access import WHOEVER_IS_BOUND, Access, AccessChange
from kubiya_pulumi.preview.changes import Changes, Named, is_incomplete
from kubiya_pulumi.preview.document import UNKNOWN, Preview, PreviewError, read_preview
from kubiya_pulumi.preview.objects import DEFAULT, ImageChange
from kubiya_pulumi.preview.report import Condition, PreviewReport, report_on
from kubiya_pulumi.preview.steps import Properties, State, Step, Urn

__all__ = [
    "DEFAULT",
    "UNKNOWN",
    "WHOEVER_IS_BOUND",
    "Access",
    "AccessChange",
    "Changes",
    "Condition",
    "ImageChange",
    "Named",
    "Preview",
    "PreviewError",
    "PreviewReport",
    "Properties",
    "State",
    "Step",
    "Urn",
    "is_incomplete",
    "read_preview",
    "report_on",
]
