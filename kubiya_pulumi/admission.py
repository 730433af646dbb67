"""Whether a downloaded manifest may reach the cluster: the program's pin and rules decide.

They are asked whenever the program runs, in previews too, and what is refused ends the program
before any of its objects is declared. So neither is in the state, and a change of the rules is no
change of a resource: a preview would not know the manifest while it is being updated, and would
list its objects as deleted.
"""

from __future__ import annotations

import hashlib

import pulumi

from kubiya_pulumi.api import KubiyaError
from kubiya_pulumi.review import (
    Finding,
    ManifestError,
    Review,
    ReviewDeniedError,
    ReviewRules,
    Severity,
    parse_manifest,
    review,
)

MOST_LINES = 20
"""How many findings a warning lists; it counts the rest."""


class ManifestRefusedError(KubiyaError, pulumi.RunError):
    """A manifest is not the one that was reviewed, or holds what the program's rules deny.

    It ends the program with its message, not with a traceback.
    """


def admitted(
    text: str, *, runner: str, pin: str | None, rules: ReviewRules, resource: pulumi.Resource
) -> str:
    """Give the manifest's text if it may reach the cluster, and warn of what was found in it.

    Args:
        text: the manifest.
        runner: the runner's name, for messages.
        pin: SHA-256 of the manifest that was reviewed, in hexadecimal; None for any.
        rules: what is denied, and what is waived.
        resource: the resource that the warnings are about.

    Raises:
        ManifestRefusedError: the pin is another's, or the rules deny something in it.
    """
    manifest = f'the manifest of runner "{runner}"'
    _refuse_another(text, pin, manifest)
    try:
        found = review(parse_manifest(text), rules)
        found.refuse_denied(manifest)
    except ReviewDeniedError as error:
        raise ManifestRefusedError(str(error)) from None
    except ManifestError as error:
        raise ManifestRefusedError(f"{manifest} {error}") from None
    if warning := _warning(found, manifest):
        pulumi.warn(warning, resource)
    return text


def _refuse_another(text: str, pin: str | None, manifest: str) -> None:
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    if pin is not None and pin.lower() != sha256:
        raise ManifestRefusedError(
            f"{manifest} is not the one that was reviewed: its SHA-256 is {sha256}, and the "
            f"program's pin is {pin}. Review it (`kubiya-pulumi review --runner`), then set the "
            "pin to it; or run `pulumi up --refresh` if the pin is of a newer one than the stack "
            "has."
        )


def _warning(found: Review, manifest: str) -> str:
    """What a review has to say that stops nothing; empty if nothing."""
    grave = [each for each in found.findings if each.severity is not Severity.NOTE]
    lines = [_line(each) for each in grave[:MOST_LINES]]
    notes = len(found.findings) - len(grave)
    more = [f"{len(grave) - MOST_LINES} more"] if len(grave) > MOST_LINES else []
    more += [f"{notes} note{'s' if notes > 1 else ''}"] if notes and grave else []
    if more:
        lines.append(f"  and {' and '.join(more)}: `kubiya-pulumi review` shows all")
    lines += [
        f'  the waiver of "{each.rule}" for "{each.object}" waives nothing: remove it'
        for each in found.unused_waivers
    ]
    return "\n".join((f"the review of {manifest} found:", *lines)) if lines else ""


def _line(finding: Finding) -> str:
    return f"  {finding.severity.value}: {finding.rule}: {finding.object}: {finding.message}"
