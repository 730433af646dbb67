"""The error of every text that cannot be reported on."""

from __future__ import annotations

from kubiya_pulumi.errors import KubiyaError
from kubiya_pulumi.text import sanitize

USAGE = "Pass the standard output of `pulumi preview --json`, and nothing else."


class PreviewError(KubiyaError):
    """The text is not the output of `pulumi preview`, or cannot be reported on.

    The message completes a sentence that begins with the source of the text ("the file x …").
    """


def unknown_part(description: str, name: str) -> PreviewError:
    """Return the error of a part that another version of the engine may write.

    Args:
        description: what the part is, such as `a step with the operation`.
        name: the unknown name in the text.
    """
    return PreviewError(
        f'has {description} "{sanitize(name)}", which this version of kubiya-pulumi does not know. '
        "Upgrade kubiya-pulumi."
    )
