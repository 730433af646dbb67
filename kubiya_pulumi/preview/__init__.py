"""What `pulumi preview --json` says that an update would do.

Pure functions of its text: no engine, no Pulumi, no network.
"""

from kubiya_pulumi.preview.access import WHOEVER_IS_BOUND, Access, AccessChange, access_change
from kubiya_pulumi.preview.changes import Changes, Named, changes_in
from kubiya_pulumi.preview.document import Preview, PreviewError, read_preview
from kubiya_pulumi.preview.objects import ImageChange, before_and_after, image_changes
from kubiya_pulumi.preview.steps import State, Step, Urn

__all__ = [
    "WHOEVER_IS_BOUND",
    "Access",
    "AccessChange",
    "Changes",
    "ImageChange",
    "Named",
    "Preview",
    "PreviewError",
    "State",
    "Step",
    "Urn",
    "access_change",
    "before_and_after",
    "changes_in",
    "image_changes",
    "read_preview",
]
