"""The error of a run that writes nothing."""

from __future__ import annotations

from kubiya_pulumi.errors import KubiyaError


class ImportRefusedError(KubiyaError):
    """The runners cannot be taken into a stack. The message is a sentence for the user."""
