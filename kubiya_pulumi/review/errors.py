"""Why a text is not a manifest."""

from kubiya_pulumi.api.errors import KubiyaError


class ManifestError(KubiyaError):
    """The text is not what a Kubernetes cluster could be given.

    The message is the end of a sentence that begins with the name of the manifest ("the
    manifest of runner "x" …"). It never quotes the text, which holds secrets.
    """
