"""The review of a manifest: its objects, images, grants and findings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

from kubiya_pulumi.review.checks import allowlists, object_validity
from kubiya_pulumi.review.checks.images import images_of
from kubiya_pulumi.review.errors import ReviewDeniedError
from kubiya_pulumi.review.findings import Finding
from kubiya_pulumi.review.kubernetes.coerce import as_list, as_mapping, as_str, as_strs
from kubiya_pulumi.review.kubernetes.inventory import Inventory, grants_in
from kubiya_pulumi.review.kubernetes.manifest import KubernetesObject
from kubiya_pulumi.review.kubernetes.rbac import Grant
from kubiya_pulumi.review.kubernetes.references import ObjectReference
from kubiya_pulumi.review.policy import ManifestPolicy, Waiver
from kubiya_pulumi.review.registry import CHECKS

_REPORT_ALL = ManifestPolicy()


@dataclass(frozen=True)
class WaivedFinding:
    """A finding that a waiver accepts."""

    finding: Finding
    reason: str
    """The reason that the waiver gives."""


@dataclass(frozen=True)
class Review:
    """The result of a review. It contains no secret of the manifest."""

    objects: tuple[ObjectReference, ...] = ()
    """The objects, in the order of the manifest."""
    images: tuple[str, ...] = ()
    """The images of containers and volumes, each once and sorted."""
    grants: tuple[Grant, ...] = ()
    """What the bindings of the manifest allow their subjects."""
    findings: tuple[Finding, ...] = ()
    """The findings that are not waived: errors first, then warnings, then notes."""
    waived: tuple[WaivedFinding, ...] = ()
    """The findings that a waiver accepts."""
    unused_waivers: tuple[Waiver, ...] = ()
    """The waivers that match no finding, and may be outdated."""
    unchecked: tuple[str, ...] = ()
    """What the review did not check, and why: one sentence for each reason."""

    @property
    def denied(self) -> tuple[Finding, ...]:
        """The findings that the policy denies: the manifest must not be applied."""
        return tuple(finding for finding in self.findings if finding.denied)

    def raise_for_denied(self, manifest: str) -> None:
        """Raise an error that lists every denied finding, if there are any.

        Args:
            manifest: names the manifest at the start of a sentence (`the manifest of runner "x"`).

        Raises:
            ReviewDeniedError: the policy denies at least one finding.
        """
        if self.denied:
            count = f"{len(self.denied)} finding{'s' if len(self.denied) > 1 else ''}"
            lines = (
                f"{manifest} is not applied: the policy denies {count}:",
                *(
                    f"  {finding.rule}: {finding.object}: {finding.message}"
                    for finding in self.denied
                ),
                "Fix the manifest, or accept a finding with a Waiver(rule, object, reason) in "
                "ManifestPolicy(waivers=[…]).",
            )
            raise ReviewDeniedError("\n".join(lines))

    def to_dict(self) -> dict[str, Any]:
        """Return plain data, with the keys of Kubernetes where they exist."""
        return {
            "objects": [reference.to_dict() for reference in self.objects],
            "images": list(self.images),
            "grants": [grant.to_dict() for grant in self.grants],
            "findings": [finding.to_dict() for finding in self.findings],
            "waived": [
                {"finding": waived.finding.to_dict(), "reason": waived.reason}
                for waived in self.waived
            ],
            "unusedWaivers": [waiver.to_dict() for waiver in self.unused_waivers],
            "unchecked": list(self.unchecked),
        }

    @classmethod
    def from_dict(cls, data: object) -> Review:
        """Return the review that `to_dict` wrote, also in another version of this package.

        Missing entries are empty.

        Raises:
            ManifestPolicyError: an entry of `unusedWaivers` is not a waiver.
        """
        entry = as_mapping(data)

        def entries(key: str) -> list[Any]:
            return as_list(entry.get(key))

        return cls(
            objects=tuple(map(ObjectReference.from_dict, entries("objects"))),
            images=as_strs(entry.get("images")),
            grants=tuple(map(Grant.from_dict, entries("grants"))),
            findings=tuple(map(Finding.from_dict, entries("findings"))),
            waived=tuple(
                WaivedFinding(
                    Finding.from_dict(as_mapping(waived).get("finding")),
                    as_str(as_mapping(waived).get("reason")),
                )
                for waived in entries("waived")
            ),
            unused_waivers=tuple(map(Waiver.from_dict, entries("unusedWaivers"))),
            unchecked=as_strs(entry.get("unchecked")),
        )


def review(objects: Iterable[KubernetesObject], policy: ManifestPolicy = _REPORT_ALL) -> Review:
    """Review the objects of a manifest.

    Args:
        objects: the result of `parse_manifest`.
        policy: what to deny and what to waive. The default reports everything and denies nothing.

    Raises:
        ManifestError: the manifest grants more permissions than a review can process, or takes
            too long to check against its schemas.
    """
    inventory = Inventory(objects)
    all_findings = chain(
        *(check(inventory) for check in CHECKS), _allowlist_findings(inventory, policy)
    )
    findings: list[Finding] = []
    waived: list[WaivedFinding] = []
    unused_waivers = dict.fromkeys(policy.waivers)
    for finding in sorted(all_findings, key=_sort_key):
        covering = [waiver for waiver in policy.waivers if waiver.covers(finding)]
        if covering:
            waived.append(WaivedFinding(finding, covering[0].reason))
        else:
            findings.append(replace(finding, denied=policy.denies(finding)))
        for waiver in covering:
            unused_waivers.pop(waiver, None)
    return Review(
        objects=tuple(item.reference for item in inventory.items),
        images=images_of(inventory.workloads),
        grants=grants_in(inventory),
        findings=tuple(findings),
        waived=tuple(waived),
        unused_waivers=tuple(unused_waivers),
        unchecked=tuple(object_validity.unchecked(inventory)),
    )


def _allowlist_findings(inventory: Inventory, policy: ManifestPolicy) -> Iterator[Finding]:
    if policy.allowed_images is not None:
        yield from allowlists.check_images(inventory, policy.allowed_images)
    if policy.allowed_namespaces is not None:
        yield from allowlists.check_namespaces(inventory, policy.allowed_namespaces)
    if policy.allowed_kinds is not None:
        yield from allowlists.check_kinds(inventory, policy.allowed_kinds)


def _sort_key(finding: Finding) -> tuple[int, str, str, str]:
    return (finding.severity.rank, finding.rule, str(finding.object), finding.message)
