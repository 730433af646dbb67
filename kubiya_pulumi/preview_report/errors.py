"""The error of every text that cannot be reported on."""

from __future__ import annotations

from kubiya_pulumi.errors import KubiyaError

USAGE = "Pass the standard output of `pulumi preview --json`, and nothing else."
UPGRADE = "Upgrade kubiya-pulumi."


class PreviewError(KubiyaError):
    """The text is not the output of `pulumi preview`, or cannot be reported on.

    The message completes a sentence that begins with the source of the text ("the file x …").
    """
