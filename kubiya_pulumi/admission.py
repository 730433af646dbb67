"""Whether a downloaded manifest may reach the cluster: the program's pin and rules decide.

They are asked whenever the program runs, in previews too, and what is refused ends the program
before any of its objects is declared. So neither is in the state, and a change of the rules is no
change of a resource: a preview would not know the manifest while it is being updated, and would
list its objects as deleted.
"""

from __future__ import annotations

import re
import shlex
from collections import defaultdict

import pulumi

from kubiya_pulumi.errors import KubiyaError
from kubiya_pulumi.review import (
    Finding,
    ManifestError,
    ManifestPolicy,
    Review,
    ReviewDeniedError,
    Severity,
    parse_manifest,
    review,
    sha256_of,
)
from kubiya_pulumi.text import join_names

MOST_LINES = 20
"""How many rules and waivers a warning lists; it counts the rest."""


class ManifestRefusedError(KubiyaError, pulumi.RunError):
    """A manifest is not the one that was reviewed, or holds what the program's rules deny.

    It ends the program with its message, not with a traceback.
    """


def hash_of(pin: str, whose: str) -> str:
    """Give the hash that a pin is, in lower case.

    Args:
        pin: as a program gives it; spaces and line ends around it do not matter.
        whose: what it is the pin of, for the message.

    Raises:
        ManifestRefusedError: it is no SHA-256.
    """
    found = str(pin).strip().lower()
    if not re.fullmatch("[0-9a-f]{64}", found):
        raise ManifestRefusedError(
            f"the pin of {whose} is no SHA-256, which has 64 hexadecimal digits: take the one "
            "that `kubiya-pulumi review` shows."
        )
    return found


def admitted(
    text: str, *, runner: str, pin: str | None, rules: ManifestPolicy, resource: pulumi.Resource
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
    if pin is not None:
        _refuse_another(text, hash_of(pin, manifest), manifest)
    try:
        found = review(parse_manifest(text), rules)
        found.raise_for_denied(manifest)
    except ReviewDeniedError as error:
        raise ManifestRefusedError(str(error)) from None
    except ManifestError as error:
        raise ManifestRefusedError(f"{manifest} {error}") from None
    if warning := _warning(found, runner):
        pulumi.warn(warning, resource)
    return text


def _refuse_another(text: str, pin: str, manifest: str) -> None:
    sha256 = sha256_of(text)
    if pin != sha256:
        raise ManifestRefusedError(
            f"{manifest} is not the one that was reviewed: its SHA-256 is {sha256}, and the "
            f"program's pin is {pin}. Review it (`kubiya-pulumi review --runner`), then set the "
            "pin to it; or run `pulumi up --refresh` if the pin is of a newer one than the stack "
            "has."
        )


def _warning(found: Review, runner: str) -> str:
    """What a review has to say that stops nothing; empty if nothing."""
    by_rule: dict[str, list[Finding]] = defaultdict(list)
    for finding in found.findings:
        if finding.severity is not Severity.NOTE:
            by_rule[finding.rule].append(finding)
    waivers = [
        f'  the waiver of "{each.rule}" for "{each.object}" waives nothing: remove it'
        for each in found.unused_waivers
    ]
    lines = [*map(_line, by_rule.values()), *waivers]
    if not lines:
        return ""
    notes = sum(each.severity is Severity.NOTE for each in found.findings)
    more = [f"{len(lines) - MOST_LINES} more"] if len(lines) > MOST_LINES else []
    more += [f"{notes} note{'s' if notes > 1 else ''}"] if notes else []
    also = f"and {' and '.join(more)}: " if more else ""
    command = f"`kubiya-pulumi review --runner {shlex.quote(runner)}`"
    return "\n".join(
        (
            f'the review of the manifest of runner "{runner}" found:',
            *lines[:MOST_LINES],
            f"  {also}{command} shows all, and a Waiver lets pass what is all right",
        )
    )


def _line(findings: list[Finding]) -> str:
    """What one rule found: the sentence on the one object, or else the objects."""
    first, *more = findings
    objects = join_names([str(each.object) for each in findings])
    said = "" if more else f": {first.message}"
    return f"  {first.severity.value}: {first.rule}: {objects}{said}"
