"""The errors of the review."""

from __future__ import annotations

from kubiya_pulumi.errors import KubiyaError


class ManifestError(KubiyaError):
    """The text is not a Kubernetes manifest, or it exceeds a limit of the review.

    The message is the end of a sentence that starts with the name of the manifest ("the manifest
    of runner "x" …"). It never quotes the text, which may contain secrets.
    """


class ManifestPolicyError(KubiyaError):
    """A `ManifestPolicy` or a `Waiver` is invalid, or names an unknown rule."""


class ReviewDeniedError(KubiyaError):
    """The policy denies findings of a review, so the manifest must not be applied.

    Unlike other errors it prints as several lines: one for each denied finding.
    """
