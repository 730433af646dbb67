"""The review of a manifest: its objects, images, grants, and findings by rules.

All functions are pure: they take the text of a manifest, and use neither the network nor Pulumi.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from kubiya_pulumi.lazy_exports import lazy_exports

if TYPE_CHECKING:
    from kubiya_pulumi.review.checks.images import images
    from kubiya_pulumi.review.errors import ManifestError, ManifestPolicyError, ReviewDeniedError
    from kubiya_pulumi.review.findings import Category, Finding, Rule, Severity
    from kubiya_pulumi.review.kubernetes.inventory import Inventory, grants_in
    from kubiya_pulumi.review.kubernetes.manifest import (
        KubernetesObject,
        parse_manifest,
        render_manifest,
        sha256_of,
    )
    from kubiya_pulumi.review.kubernetes.rbac import Grant, PolicyRule, Subject, can
    from kubiya_pulumi.review.kubernetes.references import ObjectReference
    from kubiya_pulumi.review.policy import ManifestPolicy, Waiver
    from kubiya_pulumi.review.registry import RULES
    from kubiya_pulumi.review.reviewer import Review, WaivedFinding, review

__all__ = [
    "RULES",
    "Category",
    "Finding",
    "Grant",
    "Inventory",
    "KubernetesObject",
    "ManifestError",
    "ManifestPolicy",
    "ManifestPolicyError",
    "ObjectReference",
    "PolicyRule",
    "Review",
    "ReviewDeniedError",
    "Rule",
    "Severity",
    "Subject",
    "WaivedFinding",
    "Waiver",
    "can",
    "grants_in",
    "images",
    "parse_manifest",
    "render_manifest",
    "review",
    "sha256_of",
]

__getattr__: Callable[[str], Any]
__dir__: Callable[[], list[str]]
__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        "RULES": "kubiya_pulumi.review.registry",
        "Category": "kubiya_pulumi.review.findings",
        "Finding": "kubiya_pulumi.review.findings",
        "Grant": "kubiya_pulumi.review.kubernetes.rbac",
        "Inventory": "kubiya_pulumi.review.kubernetes.inventory",
        "KubernetesObject": "kubiya_pulumi.review.kubernetes.manifest",
        "ManifestError": "kubiya_pulumi.review.errors",
        "ManifestPolicy": "kubiya_pulumi.review.policy",
        "ManifestPolicyError": "kubiya_pulumi.review.errors",
        "ObjectReference": "kubiya_pulumi.review.kubernetes.references",
        "PolicyRule": "kubiya_pulumi.review.kubernetes.rbac",
        "Review": "kubiya_pulumi.review.reviewer",
        "ReviewDeniedError": "kubiya_pulumi.review.errors",
        "Rule": "kubiya_pulumi.review.findings",
        "Severity": "kubiya_pulumi.review.findings",
        "Subject": "kubiya_pulumi.review.kubernetes.rbac",
        "WaivedFinding": "kubiya_pulumi.review.reviewer",
        "Waiver": "kubiya_pulumi.review.policy",
        "can": "kubiya_pulumi.review.kubernetes.rbac",
        "grants_in": "kubiya_pulumi.review.kubernetes.inventory",
        "images": "kubiya_pulumi.review.checks.images",
        "parse_manifest": "kubiya_pulumi.review.kubernetes.manifest",
        "render_manifest": "kubiya_pulumi.review.kubernetes.manifest",
        "review": "kubiya_pulumi.review.reviewer",
        "sha256_of": "kubiya_pulumi.review.kubernetes.manifest",
    },
)
