"""RunnerManifest: the downloaded manifest of a runner.

The policy and the expected hash are checked in the program, whenever it runs, previews included. A
violation ends the program before it declares an object of the manifest. A change of either does
not update the resource: a preview would not know the content then, and would list every object as
deleted. The hash is an input that changes nothing, so that a refresh keeps the pinned manifest.
"""

from __future__ import annotations

import re
import shlex
from collections import defaultdict
from collections.abc import Iterable
from typing import Any, ClassVar

import pulumi

from kubiya_pulumi.declarations import RUNNER_MANIFEST
from kubiya_pulumi.dynamic.dynamic_resource import DynamicResource
from kubiya_pulumi.errors import KubiyaError
from kubiya_pulumi.lifecycle.providers import RunnerManifestProvider
from kubiya_pulumi.lifecycle.runner_manifest import pinned_text
from kubiya_pulumi.plaintext_key_warning import warn_about_plaintext_key
from kubiya_pulumi.review import (
    Finding,
    ManifestError,
    ManifestPolicy,
    ManifestPolicyError,
    Review,
    ReviewDeniedError,
    Severity,
    parse_manifest,
    render_manifest,
    review,
    sha256_of,
)
from kubiya_pulumi.text import join_names

MAX_WARNING_LINES = 20
"""How many rules and waivers a warning lists. It counts the rest."""

_REPORT_ALL = ManifestPolicy()


class ManifestRefusedError(KubiyaError, pulumi.RunError):
    """The manifest is refused by its hash or by the policy, or because an option hides changes.

    It ends the program with its message and without a traceback.
    """


class RunnerManifest(DynamicResource, declaration=RUNNER_MANIFEST):
    """The Kubernetes manifest of an existing runner, downloaded once and kept in the state.

    The content in the state is what the program applies: an unchanged `pulumi up` makes no API
    calls, and every preview knows the content. `pulumi refresh` downloads the manifest and shows
    a change; the next `pulumi up` applies it.

    The manifest is reviewed whenever the program runs, before an object reaches the cluster. The
    preview or the update fails if `policy` denies a finding or the manifest does not match
    `expected_sha256`. Every other finding is a warning.

    Source: `GET /v1/runners/{runner}/manifest`, and the URL in its response if that contains no
    content.
    """

    import_advice: ClassVar[str] = "`pulumi up` downloads the manifest of an existing runner."
    hidden_outputs: ClassVar[frozenset[str]] = frozenset({"pinned_content"})

    runner: pulumi.Output[str]
    """The runner's name in Kubiya."""
    content: pulumi.Output[str]
    """The manifest. In the program: the reviewed objects, each as a YAML document with all strings
    quoted. In the state: the downloaded text. Secret: it contains credentials.

    In the program it is known only if the manifest satisfies the policy. No YAML parser reads it
    differently from the review."""
    sha256: pulumi.Output[str]
    """SHA-256 of the downloaded manifest, as 64 hexadecimal characters."""
    url: pulumi.Output[str | None]
    """The URL of the manifest. Secret: the URL gives access without an API key."""
    objects: pulumi.Output[list[dict[str, str]]]
    """The objects of the manifest, in order, each with `apiVersion`, `kind`, `namespace` and
    `name`. `namespace` is empty if the manifest does not set it."""
    images: pulumi.Output[list[str]]
    """The container images of the manifest, sorted, without duplicates."""
    review: pulumi.Output[dict[str, Any] | None]
    """The result of a review without a policy, as plain data: `Review.from_dict` reads it. It
    contains no secrets."""

    def __init__(
        self,
        resource_name: str,
        *,
        runner: pulumi.Input[str],
        policy: ManifestPolicy | None = None,
        expected_sha256: pulumi.Input[str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare the manifest of a runner.

        Args:
            resource_name: Pulumi's name for the resource.
            runner: the runner's name. Pass `runner.id`, which every preview knows.
            policy: the findings that the review denies or waives. Default: deny nothing.
            expected_sha256: SHA-256 of the only manifest that may be applied, as 64 hexadecimal
                characters. Default: any manifest.
            opts: options of the resource.

        Raises:
            ManifestPolicyError: `policy` is not a `ManifestPolicy`.
            ManifestRefusedError: `expected_sha256` is not a SHA-256, or the option `ignore_changes`
                would hide a new manifest.

        The preview and the update fail, with the cluster unchanged, if the manifest does not match
        `expected_sha256` or the policy denies a finding (`ManifestRefusedError`).

        `pulumi up` fails, with the state unchanged, if the runner does not exist
        (`RunnerGoneError`), the download is not a Kubernetes manifest (`ManifestError`), or the
        API refuses the request (`ApiError`) or does not respond (`TransportError`).
        """
        if policy is not None and not isinstance(policy, ManifestPolicy):
            raise ManifestPolicyError(
                f'policy of "{resource_name}" must be a ManifestPolicy, such as '
                f'ManifestPolicy(deny=["full-access"]), not {type(policy).__name__}'
            )
        if isinstance(expected_sha256, str):
            parse_sha256(expected_sha256, f'"{resource_name}"')
        _require_visible_changes(resource_name, opts)
        warn_about_plaintext_key()
        arguments = {"runner": runner, "expected_sha256": expected_sha256}
        super().__init__(RunnerManifestProvider(), resource_name, arguments, opts)
        # A preview does not know an output without a value. Its future is None then.
        kept = pulumi.Output.from_input(vars(self)["pinned_content"].future())
        # Of the manifest that is applied, so that a refresh alone triggers nothing.
        self.sha256 = pulumi.Output.all(self.sha256, kept, expected_sha256).apply(
            lambda values: _applied_sha256(*values)
        )
        # The program gets the content only if it satisfies the policy.
        self.content = pulumi.Output.all(
            text=self.content,
            kept_text=kept,
            runner=self.runner,
            expected_sha256=expected_sha256,
        ).apply(
            lambda values: enforce_policy(**values, policy=policy or _REPORT_ALL, resource=self)
        )


def _require_visible_changes(resource_name: str, opts: pulumi.ResourceOptions | None) -> None:
    """Refuse an option with which a refresh would replace the manifest without a difference."""
    for path in opts.ignore_changes or () if opts else ():
        # A path of Pulumi may have the name in brackets, too.
        if path.strip("[]\"'") in ("sha256", "*"):
            raise ManifestRefusedError(
                f'the path {path} in ignore_changes of "{resource_name}" is refused: a refresh '
                "would replace the manifest without showing it, and the next `pulumi up` would "
                "apply it. Remove the option; to allow only one manifest, set expected_sha256."
            )


def parse_sha256(value: object, resource: str) -> str:
    """Return a SHA-256 in lower case.

    Args:
        value: 64 hexadecimal characters. White space around them is ignored.
        resource: the resource or manifest whose expected hash it is, for the message.

    Raises:
        ManifestRefusedError: the value is not a SHA-256.
    """
    sha256 = str(value).strip().lower()
    if not re.fullmatch("[0-9a-f]{64}", sha256):
        raise ManifestRefusedError(
            f"expected_sha256 of {resource} is invalid: set it to the 64 hexadecimal characters "
            "of the SHA-256 that `kubiya-pulumi review` prints."
        )
    return sha256


def enforce_policy(
    text: str | None,
    *,
    kept_text: str | None = None,
    runner: str,
    expected_sha256: str | None,
    policy: ManifestPolicy,
    resource: pulumi.Resource,
) -> str:
    """Return the manifest to apply if the policy allows it, and log its findings as a warning.

    Args:
        text: the manifest as it was downloaded. Empty after an import, until the next refresh.
        kept_text: an older one that a refresh has kept, because `expected_sha256` pinned it.
        runner: the runner's name, for messages.
        expected_sha256: SHA-256 of the only manifest that may be applied; None for any.
        policy: the findings to deny and to waive.
        resource: the resource of the warning.

    Raises:
        ManifestRefusedError: the text is missing, the hash differs, or the policy denies a finding.
    """
    manifest = f'the manifest of runner "{runner}"'
    if not text:
        raise ManifestRefusedError(
            f"{manifest} is not in the stack: an import file omits it. Run `pulumi refresh`, which "
            "downloads it, then `pulumi preview`."
        )
    if expected_sha256 is not None:
        expected = parse_sha256(expected_sha256, manifest)
        text = pinned_text(expected, kept_text) or text
        _check_sha256(text, expected, manifest)
    try:
        objects = parse_manifest(text)
        result = review(objects, policy)
        result.raise_for_denied(manifest)
    except ReviewDeniedError as error:
        raise ManifestRefusedError(str(error)) from None
    except ManifestError as error:
        raise ManifestRefusedError(f"{manifest} {error}") from None
    # A policy that denies invalid objects must not rely on a check that did not happen.
    unchecked = result.unchecked if policy.denies_invalid_objects else ()
    if warning := _warning(result, runner, unchecked):
        pulumi.warn(warning, resource)
    return render_manifest(objects)


def _applied_sha256(sha256: str, kept_text: str | None, expected_sha256: str | None) -> str:
    """Return the hash of the manifest that is applied: of the pinned one, if a refresh kept it."""
    pinned = pinned_text(expected_sha256, kept_text)
    return sha256 if pinned is None else sha256_of(pinned)


def _check_sha256(text: str, expected: str, manifest: str) -> None:
    sha256 = sha256_of(text)
    if expected != sha256:
        raise ManifestRefusedError(
            f"{manifest} does not match expected_sha256: its SHA-256 is {sha256}, expected "
            f"{expected}. Review it with `kubiya-pulumi review --runner`, then set "
            "expected_sha256 to its SHA-256. If expected_sha256 is that of a newer manifest than "
            "the one in the stack, run `pulumi up --refresh`."
        )


def _warning(result: Review, runner: str, unchecked: Iterable[str]) -> str:
    """Describe the findings that deny nothing, and what was not checked; empty without both."""
    by_rule: dict[str, list[Finding]] = defaultdict(list)
    for finding in result.findings:
        if finding.severity is not Severity.NOTE:
            by_rule[finding.rule].append(finding)
    waivers = [
        f'  the waiver of "{waiver.rule}" for "{waiver.object}" matches no finding: remove it'
        for waiver in result.unused_waivers
    ]
    lines = [*(f"  {reason}" for reason in unchecked), *map(_line, by_rule.values()), *waivers]
    if not lines:
        return ""
    notes = sum(finding.severity is Severity.NOTE for finding in result.findings)
    more = [f"{len(lines) - MAX_WARNING_LINES} more"] if len(lines) > MAX_WARNING_LINES else []
    more += [f"{notes} note{'s' if notes > 1 else ''}"] if notes else []
    also = f"and {' and '.join(more)}: " if more else ""
    command = f"`kubiya-pulumi review --runner {shlex.quote(runner)}`"
    return "\n".join(
        (
            f'the review of the manifest of runner "{runner}" found:',
            *lines[:MAX_WARNING_LINES],
            f"  {also}{command} shows every finding; a Waiver accepts one",
        )
    )


def _line(findings: list[Finding]) -> str:
    """Describe the findings of one rule: the message of a single one, else the objects."""
    first, *more = findings
    objects = join_names([str(finding.object) for finding in findings])
    message = "" if more else f": {first.message}"
    return f"  {first.severity.value}: {first.rule}: {objects}{message}"
