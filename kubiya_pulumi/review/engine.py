"""The review of a manifest: its objects and images, its table of access, and the findings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

from kubiya_pulumi.review.checks import allowlists
from kubiya_pulumi.review.checks.images import images_of
from kubiya_pulumi.review.errors import ReviewDeniedError
from kubiya_pulumi.review.findings import Finding, ObjectReference, Severity
from kubiya_pulumi.review.kubernetes.coerce import listed, mapping, text, texts
from kubiya_pulumi.review.kubernetes.grants import grants_in
from kubiya_pulumi.review.kubernetes.inventory import Inventory
from kubiya_pulumi.review.kubernetes.manifest import KubernetesObject
from kubiya_pulumi.review.kubernetes.rbac import Grant
from kubiya_pulumi.review.policy import ManifestPolicy, Waiver
from kubiya_pulumi.review.registry import CHECKS

_REPORT_ALL = ManifestPolicy()


@dataclass(frozen=True)
class WaivedFinding:
    """A finding that a waiver lets pass."""

    finding: Finding
    reason: str


@dataclass(frozen=True)
class Review:
    """What a manifest asks for, and what it lacks. It holds no secret of the manifest."""

    objects: tuple[ObjectReference, ...] = ()
    images: tuple[str, ...] = ()
    grants: tuple[Grant, ...] = ()
    """The table of access."""
    findings: tuple[Finding, ...] = ()
    """Errors first, then warnings, then notes; those that are waived are not among them."""
    waived: tuple[WaivedFinding, ...] = ()
    unused_waivers: tuple[Waiver, ...] = ()
    """Waivers that nothing was found for: somebody has to look whether they still belong."""

    @property
    def denied(self) -> tuple[Finding, ...]:
        """The findings for which the manifest must not be applied."""
        return tuple(each for each in self.findings if each.denied)

    def raise_for_denied(self, manifest: str) -> None:
        """Raise an error that lists every finding that is denied, if there is one.

        Args:
            manifest: which one, as the beginning of a sentence (`the manifest of runner "x"`).

        Raises:
            ReviewDeniedError: there is one.
        """
        if self.denied:
            count = f"{len(self.denied)} finding{'s' if len(self.denied) > 1 else ''}"
            raise ReviewDeniedError(
                "\n".join(
                    (
                        f"{manifest} is not applied: the policy denies {count}:",
                        *(f"  {f.rule}: {f.object}: {f.message}" for f in self.denied),
                        "Fix the manifest, or accept a finding with a Waiver(rule, object, reason) "
                        "in ManifestPolicy(waivers=[…]).",
                    )
                )
            )

    def to_dict(self) -> dict[str, Any]:
        """Plain data, with the keys of Kubernetes where they come from there."""
        return {
            "objects": [each.to_dict() for each in self.objects],
            "images": list(self.images),
            "grants": [each.to_dict() for each in self.grants],
            "findings": [each.to_dict() for each in self.findings],
            "waived": [
                {"finding": each.finding.to_dict(), "reason": each.reason} for each in self.waived
            ],
            "unusedWaivers": [each.to_dict() for each in self.unused_waivers],
        }

    @classmethod
    def from_dict(cls, data: object) -> Review:
        """Read what `to_dict` wrote, be it by another version; whatever is missing is empty.

        Raises:
            ManifestPolicyError: what stands for a waiver in it is none.
        """
        entry = mapping(data)

        def each(key: str) -> list[Any]:
            return listed(entry.get(key))

        return cls(
            objects=tuple(map(ObjectReference.from_dict, each("objects"))),
            images=texts(entry.get("images")),
            grants=tuple(map(Grant.from_dict, each("grants"))),
            findings=tuple(map(Finding.from_dict, each("findings"))),
            waived=tuple(
                WaivedFinding(
                    Finding.from_dict(mapping(waived).get("finding")),
                    text(mapping(waived).get("reason")),
                )
                for waived in each("waived")
            ),
            unused_waivers=tuple(map(Waiver.from_dict, each("unusedWaivers"))),
        )


def review(objects: Iterable[KubernetesObject], policy: ManifestPolicy = _REPORT_ALL) -> Review:
    """Review the objects of a manifest.

    Args:
        objects: as `parse_manifest` gives them.
        policy: what to deny and what to waive. The default denies nothing.

    Raises:
        ManifestError: the manifest gives out more rights than can be reviewed.
    """
    inventory = Inventory(objects)
    found = chain(*(check(inventory) for check in CHECKS), _outside(inventory, policy))
    findings: list[Finding] = []
    waived: list[WaivedFinding] = []
    unused = dict.fromkeys(policy.waivers)
    for finding in sorted(found, key=_order):
        covering = [waiver for waiver in policy.waivers if waiver.covers(finding)]
        if covering:
            waived.append(WaivedFinding(finding, covering[0].reason))
        else:
            findings.append(replace(finding, denied=policy.denies(finding)))
        for waiver in covering:
            unused.pop(waiver, None)
    return Review(
        objects=tuple(item.reference for item in inventory.items),
        images=images_of(inventory.workloads),
        grants=grants_in(inventory),
        findings=tuple(findings),
        waived=tuple(waived),
        unused_waivers=tuple(unused),
    )


def _outside(inventory: Inventory, policy: ManifestPolicy) -> Iterator[Finding]:
    if policy.allowed_images is not None:
        yield from allowlists.images_outside(inventory, policy.allowed_images)
    if policy.allowed_namespaces is not None:
        yield from allowlists.namespaces_outside(inventory, policy.allowed_namespaces)
    if policy.allowed_kinds is not None:
        yield from allowlists.kinds_outside(inventory, policy.allowed_kinds)


def _order(finding: Finding) -> tuple[int, str, str, str]:
    return (
        list(Severity).index(finding.severity),
        finding.rule,
        str(finding.object),
        finding.message,
    )
