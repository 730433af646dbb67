"""Why a text is not a manifest, or is one that must not be applied."""

from kubiya_pulumi.errors import KubiyaError


class ManifestError(KubiyaError):
    """The text is not what a Kubernetes cluster could be given.

    The message is the end of a sentence that begins with the name of the manifest ("the
    manifest of runner "x" …"). It never quotes the text, which holds secrets.
    """


class ManifestPolicyError(KubiyaError):
    """The rules for a review name what is not there, or are not of the form that they have."""


class ReviewDeniedError(KubiyaError):
    """The review found what its rules deny, so the manifest is not to be applied.

    Unlike other errors it prints as several lines: one for each finding.
    """
